"""isolated() and unregister() leave no trace: not in models, not in fields, not in signals, not in modules."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mongoengine import signals
from mongoengine.base import common

from modelguard import ModelNotRegisteredError, check, isolated, models, problems, require, stats, unregister

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

USER = """
class Titled:
    title = StringField()
    parent = ReferenceField("self")
class User(Document):
    name = StringField()
    team = ReferenceField("Team")
    meta = {"allow_inheritance": True}
"""
TEAM = """
from users import Titled, User
class Team(Titled, Document):
    owner = ReferenceField(User, reverse_delete_rule=CASCADE)
    lead = CachedReferenceField(User, fields=["name"])
class Admin(User): pass
"""


def test_a_block_gives_back_every_counter(guarded: Project) -> None:
    guarded.module("users", USER)
    before = stats()
    with isolated():
        guarded.reload(guarded.module("teams", TEAM))
        assert (stats().defined, stats().reused) == (before.defined + 2, before.reused + 2)

    assert stats() == before


def test_a_reference_resolved_inside_a_block_is_a_name_again(guarded: Project) -> None:
    user = guarded.module("users", USER).User
    with isolated():
        team = guarded.module("teams", TEAM).Team
        assert user.team.document_type is team

    assert user.team.document_type_obj == "Team"
    assert [each.code for each in problems()] == ["missing-model"]


def test_a_mixins_fields_are_owned_by_nobody_again(guarded: Project) -> None:
    users = guarded.module("users", USER)
    with isolated():
        guarded.module("teams", TEAM)
        assert users.Titled.title.owner_document is not None

    assert users.Titled.title.owner_document is None
    with isolated():
        other = guarded.module("others", "from users import Titled\nclass Other(Titled, Document): pass\n").Other
        assert other.parent.document_type is other


def test_receivers_of_a_block_are_gone_and_those_it_dropped_are_back(guarded: Project) -> None:
    calls: list[str] = []

    def kept(sender: Any, document: Any, **_: Any) -> None:
        calls.append("kept")

    def new(sender: Any, document: Any, **_: Any) -> None:
        calls.append("new")

    user = guarded.module("users", USER).User
    signals.pre_init.connect(kept, sender=user)
    with isolated():
        signals.pre_init.disconnect(kept, sender=user)
        signals.pre_init.connect(new)
    user()

    assert calls == ["kept"]


LAZY = """
class Slug(StringField):
    connected = False
    def __get__(self, instance, owner):
        if instance is not None and not self.connected:
            self.connected = True
            signals.pre_save.connect(self.fill, sender=owner)
            signals.post_save.connect(self.fill)
        return super().__get__(instance, owner)
    def fill(self, sender, document, **_):
        document.filled = True
class Page(Document):
    slug = Slug()
    meta = {"allow_inheritance": True}
"""


def is_filled(page: Any) -> bool:
    signals.pre_save.send(type(page), document=page)
    return hasattr(page, "filled")


def test_what_a_field_connects_at_its_first_use_stays_with_its_model(guarded: Project) -> None:
    """It does so once: udata's slugs would be empty in each test after the first one that ran in a block."""
    page: Any = guarded.module("pages", LAZY).Page
    with isolated():
        assert page().slug is None
        assert is_filled(page())

    assert is_filled(page())
    with isolated():
        pass
    assert is_filled(page())
    signals.pre_save.disconnect(page.slug.fill)
    assert not signals.pre_save._by_sender[id(page)]


@pytest.mark.parametrize("library", ["modelguard", "mongoengine"])
def test_what_a_field_connects_goes_with_its_model_or_its_sender(guarded: Project, library: str) -> None:
    pages = guarded.module("pages", LAZY)
    known = (signals.pre_save, signals.post_save)
    before = [connections(signal) for signal in known]
    with isolated():
        bases = f"from {library} import Document\nfrom pages import Page, Slug\n"
        other = guarded.module("others", f"{bases}class Other(Document):\n    slug = Slug()\n").Other
        kid = guarded.module("kids", f"{bases}class Kid(Page):\n    pass\n").Kid
        assert (other().slug, kid().slug) == (None, None)
        assert is_filled(other())
        assert is_filled(kid())
    signals.post_save.disconnect(pages.Page.slug.fill)  # without a sender, it stays with its field

    assert [connections(signal) for signal in known] == before


def connections(signal: Any) -> list[Any]:
    maps = (signal._by_receiver, signal._by_sender)
    return [set(signal.receivers), *({key: set(each) for key, each in one.items() if each} for one in maps)]


def test_a_module_first_imported_inside_a_block_is_imported_anew(guarded: Project) -> None:
    users = guarded.module("users", USER)
    guarded.write("company/__init__.py", "from company.teams import Team\n")
    guarded.write("company/teams.py", TEAM)
    guarded.write("company/prices.py", "VALUE = object()\n")
    guarded.write("lists.py", "from company import teams\ndef first(): return teams.Team\n")
    guarded.write("reports.py", "from lists import first\n")
    guarded.write("unrelated.py", "VALUE = object()\n")
    with isolated():
        old = guarded.load("reports").first()
        guarded.load("company.prices")
        unrelated = guarded.load("unrelated")

    gone = {"company", "company.teams", "company.prices", "lists", "reports"}
    assert not gone & set(sys.modules)
    assert (sys.modules["users"], sys.modules["unrelated"]) == (users, unrelated)
    assert guarded.load("reports").first() is require("Team") is not old
    assert guarded.load("company.prices") is guarded.load("company").prices


def test_a_module_first_imported_inside_a_block_leaves_its_package(guarded: Project) -> None:
    """Or `from company import teams` would still give the old one."""
    guarded.write("company/__init__.py", "")
    package: Any = guarded.load("company")
    guarded.write("company/teams.py", "class Team(Document):\n    pass\n")
    guarded.write("company/prices.py", "class Price(Document):\n    pass\n")
    with isolated():
        guarded.load("company.teams")
        guarded.load("company.prices")
        package.prices = "something else of this name"

    assert not hasattr(package, "teams")
    assert package.prices == "something else of this name"


def test_a_name_dropped_inside_a_block_may_be_used_and_comes_back(guarded: Project) -> None:
    user = guarded.module("users", USER).User
    guarded.module("teams", TEAM)
    with isolated():
        assert sorted(unregister("User")) == ["User", "User.Admin"]
        assert guarded.module("fakes", "class User(Document):\n    meta = {'collection': 'fakes'}\n").User is require(
            "User"
        )

    assert require("User") is user
    assert require("Team").owner.document_type is user
    assert [key[1] for key in user._meta["delete_rules"]] == ["owner"]
    check()


def test_a_dropped_owner_takes_its_rule_and_its_listener_along(guarded: Project) -> None:
    user = guarded.module("users", USER).User
    receivers = len(signals.post_save.receivers)
    guarded.module("teams", TEAM)
    assert len(signals.post_save.receivers) == receivers + 1

    assert unregister("Team") == ("Team",)

    assert not user._meta["delete_rules"]
    assert user._cached_reference_fields == []
    assert len(signals.post_save.receivers) == receivers


def test_a_dropped_target_is_a_name_again_and_its_rules_wait(guarded: Project) -> None:
    owner = guarded.module(
        "owners", "class Owner(Document):\n    of = ListField(ReferenceField('Thing', reverse_delete_rule=PULL))\n"
    ).Owner
    things = guarded.module("things", "class Thing(Document): pass\n")
    assert owner.of.field.document_type is things.Thing

    unregister("Thing")
    assert owner.of.field.document_type_obj == "Thing"
    again = guarded.reload(things).Thing

    assert again is require("Thing")
    assert again._meta["delete_rules"] == {(owner, "of"): 4}
    check()


TREES = """
class Tree:
    parent = FIELD
class Topic(Tree, Document):
    pass
class Folder(Tree, Document):
    pass
class Note(Tree, Document):
    pass
"""


@pytest.mark.parametrize(
    "field",
    [
        "ReferenceField('self', reverse_delete_rule=CASCADE)",
        "ListField(ReferenceField('self', reverse_delete_rule=PULL))",
    ],
    ids=["reference", "list"],
)
def test_a_shared_self_means_the_next_class_that_has_it(guarded: Project, field: str) -> None:
    """Its first class took it along before: the next definition failed, and the rules of the others were lost."""
    trees: Any = guarded.module("trees", TREES.replace("FIELD", field))
    unregister("Topic")

    parent = getattr(trees.Tree.parent, "field", None) or trees.Tree.parent
    assert parent.document_type is trees.Folder
    assert {key: key[0] for key in trees.Folder._meta["delete_rules"]} == {
        (model, "parent"): model for model in (trees.Folder, trees.Note)
    }
    assert {(each.code, each.model) for each in problems()} == {("shared-self", "Note")}
    later = guarded.module("later", "from trees import Tree\nclass Later(Tree, Document):\n    pass\n").Later
    assert (later, "parent") in trees.Folder._meta["delete_rules"]
    assert guarded.reload(trees).Folder is require("Folder")


def test_a_self_reference_goes_with_its_class_and_its_subclasses(guarded: Project) -> None:
    text = TREES.replace("class Tree:", "class Tree(Document):\n    meta = {'allow_inheritance': True}")
    trees: Any = guarded.module(
        "trees",
        text.replace("FIELD", "ReferenceField('self', reverse_delete_rule=CASCADE)").replace(
            "(Tree, Document)", "(Tree)"
        ),
    )
    assert len(trees.Tree._meta["delete_rules"]) == 4

    assert len(unregister("Tree")) == 4
    assert trees.Tree.parent.owner_document is None
    assert len(guarded.reload(trees).Tree._meta["delete_rules"]) == 4
    check()


def test_a_shared_self_that_all_have_left_means_the_first_that_comes(guarded: Project) -> None:
    trees: Any = guarded.module("trees", TREES.replace("FIELD", "ReferenceField('self', reverse_delete_rule=CASCADE)"))
    unregister(re.compile("Topic|Folder|Note"))
    later = guarded.module("later", "from trees import Tree\nclass Later(Tree, Document):\n    pass\n").Later

    assert trees.Tree.parent.document_type is later
    assert later._meta["delete_rules"] == {(later, "parent"): 2}
    check()


def test_a_shared_self_means_what_it_did_after_a_block_that_dropped_its_class(guarded: Project) -> None:
    trees: Any = guarded.module("trees", TREES.replace("FIELD", "ReferenceField('self', reverse_delete_rule=CASCADE)"))
    before = (problems(), dict(trees.Topic._meta["delete_rules"]))
    with isolated():
        unregister("Topic")
        assert trees.Tree.parent.document_type is trees.Folder

    assert trees.Tree.parent.owner_document is trees.Tree.parent.document_type is trees.Topic
    assert (problems(), dict(trees.Topic._meta["delete_rules"])) == before
    assert trees.Folder._meta["delete_rules"] == {}


def test_names_are_dropped_by_whole_match_of_a_regex(guarded: Project) -> None:
    guarded.module("users", USER)
    guarded.module("teams", TEAM)

    assert unregister(re.compile("Use")) == ()
    assert unregister(re.compile("Team|Nobody")) == ("Team",)
    assert sorted(models) == ["User", "User.Admin"]


def test_dropping_what_is_not_there_offers_near_names(guarded: Project) -> None:
    guarded.module("users", USER)
    with pytest.raises(ModelNotRegisteredError, match="Did you mean 'User'"):
        unregister("Usr")


def test_models_show_which_are_not_guarded(guarded: Project) -> None:
    guarded.module("users", USER)
    guarded.module("old", "import mongoengine\nclass Old(mongoengine.Document): pass\n")

    assert repr(models) == "<models: Old (not guarded), User>"
    assert models.unguarded == ("Old",)
    assert [models.is_guarded(name) for name in ("User", "Old")] == [True, False]
    with pytest.raises(KeyError):
        models.is_guarded("Nobody")


def test_a_name_taken_out_by_hand_is_dropped_whole_when_it_is_defined_again(guarded: Project) -> None:
    owner = guarded.module(
        "owners", "class Owner(Document):\n    of = ReferenceField('Thing', reverse_delete_rule=DENY)\n"
    ).Owner
    things = guarded.module("things", "class Thing(Document): pass\n")
    assert owner.of.document_type is things.Thing
    del common._document_registry["Thing"]

    again = guarded.reload(things).Thing

    assert again._meta["delete_rules"] == {(owner, "of"): 3}
    assert owner.of.document_type is again
    check()
