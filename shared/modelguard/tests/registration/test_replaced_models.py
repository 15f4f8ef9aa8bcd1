"""A model that refers to a class which was replaced is never handed back as if nothing had happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from shared.modelguard.tests.registration.conftest import alias, alias_outside_sys_modules, delete_and_import, reload

from modelguard import ModelChangedError, check, isolated, models, problems, require, stats, unregister

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

PARTS = """
class Part(EmbeddedDocument):
    name = StringField()
class Role(Document):
    name = StringField()
    owner = ReferenceField("Owner")
"""
OWNER = "from parts import Part, Role\n"
# Every place where a definition holds a class object: what a later instance of the new class would be refused by.
HOLDING = {
    "reference": "class Owner(Document):\n    held = ReferenceField(Role)\n",
    "lazy reference": "class Owner(Document):\n    held = LazyReferenceField(Role)\n",
    "cached reference": "class Owner(Document):\n    held = CachedReferenceField(Role)\n",
    "embedded": "class Owner(Document):\n    held = EmbeddedDocumentField(Part)\n",
    "list": "class Owner(Document):\n    held = ListField(ReferenceField(Role))\n",
    "list of embedded": "class Owner(Document):\n    held = EmbeddedDocumentListField(Part)\n",
    "map of lists": "class Owner(Document):\n    held = MapField(ListField(EmbeddedDocumentField(Part)))\n",
    "declared id": "class Owner(Document):\n    held = StringField(references=Role)\n",
    "embedded choices": "class Owner(Document):\n    held = GenericEmbeddedDocumentField(choices=[Part])\n",
    "default": "class Owner(Document):\n    held = EmbeddedDocumentField('Part', default=Part)\n",
    "attribute": "class Owner(Document):\n    held = Role\n",
    "set": "class Owner(Document):\n    held = {Role, Part}\n",
    "annotation": "class Owner(Document):\n    held: Role\n",
    "argument": "class Owner(Document):\n    def held(self, kind=Role): return kind\n",
    "closure": ("def by(kind):\n    return lambda self: kind\nclass Owner(Document):\n    held = by(Role)\n"),
    "inner class": "class Owner(Document):\n    class Held:\n        kind = Role\n",
    "mixin": "class Held:\n    held = ReferenceField(Role)\nclass Owner(Held, Document):\n    pass\n",
    "embedded holder": "class Owner(EmbeddedDocument):\n    held = EmbeddedDocumentField(Part)\n",
    "dynamic holder": "class Owner(DynamicDocument):\n    held = ReferenceField(Role)\n",
}
BY_NAME = {
    "name": "class Owner(Document):\n    held = ReferenceField('Role')\n",
    "generic choices": "class Owner(Document):\n    held = GenericReferenceField(choices=[Role])\n",
    "read when it runs": "class Owner(Document):\n    def held(self): return Role\n",
}
RUNS = (reload, alias, alias_outside_sys_modules, delete_and_import)
MODULES = {name: f"{OWNER}{text}" for name, text in HOLDING.items()}


def replace(project: Project, parts: ModuleType) -> ModuleType:
    """Drop what `parts` defines, and define it once more: other class objects of the same names."""
    for name in ("Part", "Role"):
        unregister(name)
    return project.reload(parts)


@pytest.fixture(params=list(MODULES.values()), ids=list(MODULES))
def owner(request: pytest.FixtureRequest) -> str:
    """The text of a module whose `Owner` holds another model's class."""
    text: str = request.param
    return text


def test_a_definition_that_holds_a_dropped_class_is_not_the_same(guarded: Project, owner: str) -> None:
    parts = guarded.module("parts", PARTS)
    module = guarded.module("owners", owner)
    first: Any = module.Owner
    replace(guarded, parts)

    with pytest.raises(ModelChangedError, match=r"another class has taken its name") as caught:
        guarded.reload(module)

    assert "'Role'" in str(caught.value) or "'Part'" in str(caught.value)
    assert "modelguard.unregister('Owner')" in str(caught.value)
    assert require("Owner") is first
    assert stats().changed == 1


def test_dropped_too_it_is_defined_anew_and_holds_the_new_class(guarded: Project, owner: str) -> None:
    parts = guarded.module("parts", PARTS)
    module = guarded.module("owners", owner)
    first: Any = module.Owner
    replace(guarded, parts)
    unregister("Owner")

    assert guarded.reload(module).Owner is require("Owner") is not first
    assert [each for each in problems() if each.code == "stale-reference"] == []
    assert guarded.reload(module).Owner is require("Owner")


@pytest.mark.parametrize("run", RUNS, ids=[run.__name__ for run in RUNS])
def test_models_that_run_again_in_any_order_are_the_same(
    guarded: Project, owner: str, run: Callable[[Project, ModuleType], dict[str, Any]]
) -> None:
    modules = guarded.module("parts", PARTS), guarded.module("owners", owner)
    before = dict(models)

    for module in (*modules, *reversed(modules), *modules):
        run(guarded, module)

    assert dict(models) == before
    assert stats().changed == 0


@pytest.mark.parametrize("text", BY_NAME.values(), ids=BY_NAME)
def test_a_definition_that_only_names_a_model_takes_the_new_one(guarded: Project, text: str) -> None:
    parts = guarded.module("parts", PARTS)
    module = guarded.module("owners", f"{OWNER}{text}")
    first: Any = module.Owner
    replace(guarded, parts)

    assert guarded.reload(module).Owner is first
    check()


def test_models_that_name_each_other_are_replaced_one_by_one(guarded: Project) -> None:
    parts = guarded.module("parts", PARTS)
    owners = guarded.module("owners", MODULES["reference"])
    assert parts.Role.owner.document_type is owners.Owner
    replace(guarded, parts)
    with pytest.raises(ModelChangedError, match="held"):
        guarded.reload(owners)

    unregister("Owner")
    guarded.reload(owners)

    assert (parts.Role.owner.document_type, owners.Owner.held.document_type) == (owners.Owner, parts.Role)
    check()


def test_what_a_block_replaced_is_no_change_after_it(guarded: Project) -> None:
    """The module of the parts still has the names of the block; the class in use holds the registered ones."""
    parts = guarded.module("parts", PARTS)
    module = guarded.module("owners", MODULES["reference"])
    first: Any = module.Owner
    with isolated():
        replace(guarded, parts)
        with pytest.raises(ModelChangedError, match="held"):
            guarded.reload(module)
    assert parts.Role is not require("Role")

    assert guarded.reload(module).Owner is first
    assert guarded.reload(parts).Role is first.held.document_type
    check()


def test_a_fake_that_a_block_left_behind_is_a_change(guarded: Project) -> None:
    """It came from elsewhere: running that file again would not give the registered one."""
    parts: Any = guarded.module("parts", PARTS)
    module = guarded.module("owners", MODULES["reference"])
    with isolated():
        unregister("Role")
        parts.Role = guarded.module("fakes", "class Role(Document):\n    pass\n").Role

    with pytest.raises(ModelChangedError) as caught:
        guarded.reload(module)

    assert caught.value.changes == ("field held: document_type_obj Role -> another Role",)


def test_a_name_that_moved_to_another_file_is_a_change(guarded: Project) -> None:
    guarded.module("parts", PARTS)
    module = guarded.module("owners", MODULES["reference"])
    unregister("Role")
    guarded.module("roles", "class Role(Document):\n    pass\n")
    guarded.write("owners.py", MODULES["reference"].replace("from parts import Part, Role", "from roles import Role"))

    with pytest.raises(ModelChangedError, match="held: document_type_obj Role -> another Role"):
        guarded.reload(module)


def test_an_unguarded_model_that_ran_again_is_a_change_for_those_that_hold_it(guarded: Project) -> None:
    """It is another class then, whose instances the one in use would refuse."""
    text = "import mongoengine\nclass Role(mongoengine.Document):\n    pass\nPart = None\n"
    parts = guarded.module("parts", text)
    module = guarded.module("owners", MODULES["reference"])
    assert guarded.reload(module).Owner is require("Owner")
    guarded.reload(parts)

    with pytest.raises(ModelChangedError, match="holds a 'Role' that is not registered any more"):
        guarded.reload(module)


def test_the_same_dropped_class_on_both_sides_is_no_change(guarded: Project) -> None:
    """Running `Owner` anew would give just what is there: `check()` reports the class that both hold."""
    guarded.module("parts", PARTS)
    module = guarded.module("owners", MODULES["reference"])
    unregister("Role")
    guarded.module("roles", "class Role(Document):\n    pass\n")

    assert guarded.reload(module).Owner is require("Owner")


def test_another_library_base_is_a_change(guarded: Project) -> None:
    """They have no registry name."""
    text = "import mongoengine\nclass Model(Document):\n    held = KIND\n"
    module = guarded.module("models", text.replace("KIND", "Document"))
    guarded.write("models.py", text.replace("KIND", "mongoengine.Document"))

    with pytest.raises(ModelChangedError) as caught:
        guarded.reload(module)

    assert caught.value.changes == ("attribute held: Document -> another Document",)
