"""Each kind of problem is found by check(), at its place, and its near miss is not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from mongoengine.base import common

from modelguard import ModelCheckError, Problem, check, problems, unregister
from modelguard._explanations import EXPLANATIONS

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

ROLE = "class Role(Document):\n    meta = {'allow_inheritance': True}\n"
TAG = "class Tag(EmbeddedDocument): pass\n"

# name: (module text after the import line, code, model, field, line, part of the message, part of the hint)
PLANTED = {
    "by string": (
        ROLE + "class User(Document):\n    role = ReferenceField('Rolle')\n",
        "missing-model", "User", "role", 5, "the model 'Rolle'", "'Role'",
    ),
    "by string, far": (
        "class User(Document):\n    role = LazyReferenceField('Zzz')\n",
        "missing-model", "User", "role", 3, "the model 'Zzz'", "import the module",
    ),
    "by references=": (
        ROLE + "class User(Document):\n    name = StringField()\n    role_id = StringField(\n        references='Rolle',\n    )\n",
        "missing-model", "User", "role_id", 6, "the model 'Rolle'", "'Role'",
    ),
    "by references= of several": (
        ROLE + "class User(Document):\n    subject = StringField(references=['Role', 'Course'])\n",
        "missing-model", "User", "subject", 5, "the model 'Course'", "import",
    ),
    "in a list": (
        "class User(Document):\n    friends = ListField(StringField(references='Friend'))\n",
        "missing-model", "User", "friends", 3, "the model 'Friend'", "import",
    ),
    "in a map of lists": (
        "class User(Document):\n    friends = MapField(ListField(ReferenceField('Friend')))\n",
        "missing-model", "User", "friends", 3, "the model 'Friend'", "import",
    ),
    "in an embedded document": (
        ("class Tag(EmbeddedDocument):\n    by = StringField(references='Author')\n"
        "class User(Document):\n    tags = EmbeddedDocumentListField(Tag)\n"),
        "missing-model", "Tag", "by", 3, "the model 'Author'", "import",
    ),
    "an embedded one by name": (
        "class Tag(EmbeddedDocument):\n    inner = EmbeddedDocumentField('Label')\n",
        "missing-model", "Tag", "inner", 3, "the model 'Label'", "import",
    ),
    "in generic choices": (
        ROLE + "class User(Document):\n    any = GenericReferenceField(choices=[Role, 'Course'])\n",
        "missing-model", "User", "any", 5, "the model 'Course'", "import",
    ),
    "in an abstract base": (
        ("class Base(Document):\n    meta = {'abstract': True}\n    owner = StringField(references='Owner')\n"
        "class User(Base): pass\n"),
        "missing-model", "Base", "owner", 4, "the model 'Owner'", "import",
    ),
    "by suffix": (
        ROLE + "class Admin(Role): pass\nclass User(Document):\n    role = ReferenceField('Admin')\n",
        "inexact-name", "User", "role", 6, "the last part of 'Role.Admin'", "'Role.Admin'",
    ),
    "no name": (
        "class User(Document):\n    role_id = StringField(references=5)\n",
        "invalid-references", "User", "role_id", 3, "references=5", 'references="Name"',
    ),
    "a reference to an embedded document": (
        TAG + "class User(Document):\n    tag = ReferenceField('Tag')\n",
        "wrong-kind", "User", "tag", 4, "'Tag' is an embedded one", "other kind",
    ),
    "an embedded field of a document": (
        ROLE + "class Tag(EmbeddedDocument):\n    role = EmbeddedDocumentField('Role')\n",
        "wrong-kind", "Tag", "role", 5, "'Role' is no embedded one", "other kind",
    ),
    "self in a mixin": (
        ("class Tree:\n    up = ReferenceField('self')\n"
        "class Folder(Tree, Document): pass\nclass Topic(Tree, Document): pass\n"),
        "shared-self", "Topic", "up", None, "means 'Folder' here", "on 'Topic' itself",
    ),
    "self in an abstract base": (
        "class Tree(Document):\n    meta = {'abstract': True}\n    up = ReferenceField('self')\nclass Folder(Tree): pass\n",
        "shared-self", "Folder", "up", 4, "means 'Tree' here", "on 'Folder' itself",
    ),
    "one collection": (
        ROLE + "class Part(Document):\n    meta = {'collection': 'role'}\n",
        "shared-collection", "Part", "", 4, "'role'", "another",
    ),
    "an index name twice": (
        ROLE.replace("}", ", 'indexes': [{'fields': ['a'], 'name': 'one'}]}") + "    a = IntField()\n    b = IntField()\n"
        "class Admin(Role):\n    meta = {'indexes': [{'fields': ['b'], 'name': 'one'}]}\n",
        "index-clash", "Role.Admin", "", 6, "index 'one'", "different",
    ),
    "an index twice with other options": (
        ROLE.replace("}", ", 'indexes': ['a']}") + "    a = IntField()\n"
        "class Admin(Role):\n    meta = {'indexes': [{'fields': ['a'], 'sparse': True, 'cls': True}]}\n"
        "class Boss(Role):\n    meta = {'indexes': [{'fields': ['_cls', 'a'], 'unique': True}]}\n",
        "index-clash", "Role.Boss", "", 7, "contradicts one of", "different",
    ),
    "a rule that waits for ever": (
        "class User(Document):\n    role = ReferenceField('Rolle', reverse_delete_rule=CASCADE)\n",
        "unattached-delete-rule", "User", "role", 3, "'Rolle' was never defined", "import",
    ),
    "a rule on an embedded document": (
        TAG + "class User(Document):\n    tag = ReferenceField('Tag', reverse_delete_rule=CASCADE)\n",
        "unattached-delete-rule", "User", "tag", 4, "'Tag' is an embedded document", "collection",
    ),
    "a model on the plain base": (
        "import mongoengine\nclass Role(mongoengine.Document): pass\n",
        "unguarded-model", "Role", "", None, "not guarded", "derive",
    ),
    "a guarded model overwritten": (
        ROLE + "import mongoengine\nclass Role(mongoengine.Document): pass\n",
        "replaced-model", "Role", "", None, "models.py:2", "rename",
    ),
}  # fmt: skip

SOUND = {
    "every reference answered": ROLE
    + TAG
    + """
class User(Document):
    role = ReferenceField('Role', reverse_delete_rule=NULLIFY)
    roles = ListField(StringField(references='Role'))
    kind = StringField(references=['Role', 'User'])
    model = StringField(references=Role)
    boss = ReferenceField('self')
    boss_id = StringField(references='self')
    tag = EmbeddedDocumentField('Tag')
    tags = MapField(EmbeddedDocumentField(Tag))
    any = GenericReferenceField(choices=['Role', 'User'])
    other = GenericEmbeddedDocumentField(choices=[Tag])
    colour = StringField(choices=['Red', 'Green'])
""",
    "one tree, one collection": ROLE + "class Admin(Role): pass\nclass Boss(Admin): pass\n",
    "one collection in two databases": ROLE
    + "class Part(Document):\n    meta = {'collection': 'role', 'db_alias': 'archive'}\n",
    "abstract bases have none": "class A(Document):\n    meta = {'abstract': True}\nclass B(A):\n    meta = {'abstract': True}\n",
    "an inherited index": ROLE.replace("}", ", 'indexes': ['a']}") + "    a = IntField()\nclass Admin(Role): pass\n",
    "the same name in two collections": "".join(
        f"class {name}(Document):\n    a = IntField()\n    meta = {{'indexes': [{{'fields': ['a'], 'name': 'one'}}]}}\n"
        for name in "AB"
    ),
    "self in a concrete base": "class Tree(Document):\n    up = ReferenceField('self')\n    meta = {'allow_inheritance': True}\nclass Leaf(Tree): pass\n",
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_problem_is_found_at_its_place(
    guarded: Project, planted: tuple[str, str, str, str, int | None, str, str]
) -> None:
    text, code, model, field, line, message, hint = planted
    guarded.module("models", text)
    file = f"{guarded.root}/models.py"

    found = [each for each in problems() if each.code == code]

    assert [(each.model, each.field) for each in found] == [(model, field)]
    assert found[0].site == (file if line is None else f"{file}:{line}")
    assert message in found[0].message
    assert hint in found[0].hint


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_a_near_miss_is_sound(guarded: Project, text: str) -> None:
    guarded.module("models", text)

    assert problems() == []
    check()


def test_every_planted_code_is_explained() -> None:
    assert {planted[1] for planted in PLANTED.values()} <= set(EXPLANATIONS)


def test_check_reports_everything_at_once(guarded: Project) -> None:
    guarded.module(
        "models", "class User(Document):\n    a = ReferenceField('A')\n    b = StringField(references='B')\n"
    )
    with pytest.raises(ModelCheckError) as caught:
        check()

    assert isinstance(caught.value.problems, tuple)
    assert [(each.code, each.field) for each in caught.value.problems] == [
        ("missing-model", "a"),
        ("missing-model", "b"),
    ]
    assert {type(each) for each in caught.value.problems} == {Problem}
    assert all(str(each) in str(caught.value) for each in caught.value.problems)


def test_check_accepts_what_a_project_says_it_accepts(guarded: Project) -> None:
    guarded.module("models", "import mongoengine\nclass Old(mongoengine.Document): pass\n")

    check(ignore={"unguarded-model"})
    with pytest.raises(ModelCheckError):
        check(ignore={"missing-model"})


def test_a_base_defined_anew_no_longer_reaches_its_subclass(guarded: Project) -> None:
    guarded.module(
        "models", "import mongoengine\nclass Base(mongoengine.Document):\n    meta = {'allow_inheritance': True}\n"
    )
    guarded.module("children", "from models import Base\nclass Child(Base): pass\n")
    guarded.module(
        "again", "import mongoengine\nclass Base(mongoengine.Document):\n    meta = {'allow_inheritance': True}\n"
    )

    found = [each for each in problems() if each.code == "unreachable-subclass"]
    assert [each.model for each in found] == ["Base.Child"]
    assert "'Base', which is no longer the registered one" in found[0].message


def test_a_name_taken_out_by_hand_stays_in_queries_and_is_reported(guarded: Project) -> None:
    guarded.module("models", ROLE + "class Admin(Role): pass\n")
    del common._document_registry["Role.Admin"]

    assert [(each.code, each.model) for each in problems()] == [("stale-subclass", "Role")]
    assert "'Role.Admin'" in problems()[0].message


def test_a_class_held_by_a_field_and_dropped_is_reported(guarded: Project) -> None:
    guarded.module(
        "models",
        ROLE + "class User(Document):\n    role = ReferenceField(Role)\n    by_name = ReferenceField('Role')\n",
    )
    unregister("Role")
    guarded.module("roles", ROLE)

    assert [(each.code, each.field) for each in problems()] == [("stale-reference", "role")]


def test_a_reference_resolved_before_stays_known_by_its_name(guarded: Project) -> None:
    module = guarded.module(
        "models", ROLE + "class Admin(Role): pass\nclass User(Document):\n    role = ReferenceField('Admin')\n"
    )
    assert module.User.role.document_type is module.Admin

    assert [each.code for each in problems()] == ["inexact-name"]


def test_checking_a_large_platform_is_a_matter_of_milliseconds(guarded: Project) -> None:
    guarded.module(
        "models",
        "".join(
            f"class M{n}(Document):\n    a = ReferenceField('M{(n + 1) % 300}')\n    b = ListField(StringField(references='M{n}'))\n"
            for n in range(300)
        ),
    )
    taken = []
    for _ in range(5):
        started = time.process_time()
        check()
        taken.append(time.process_time() - started)

    assert min(taken) < 0.05  # seconds; the benchmark holds it to 5 ms on a quiet machine


def test_a_name_that_is_only_a_little_alike_is_no_hint(guarded: Project) -> None:
    guarded.module("shop", "class Module(Document):\n    role = ReferenceField('Role')\n")

    assert [each.hint for each in problems()] == ["import the module that defines it"]


def test_a_hint_leaves_room_for_a_model_that_nobody_imported(guarded: Project) -> None:
    guarded.module("shop", "class Rule(Document):\n    role = ReferenceField('Role')\n")

    assert [each.hint for each in problems()] == ["did you mean 'Rule'? If not, import the module that defines it"]
