"""Delete rules that name a model which is not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modelguard import ModelCheckError, check, problems

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

OWNER = "class Owner(Document):\n    thing = ReferenceField('{}', reverse_delete_rule={})\n"
TARGET = "class Target(Document):\n    pass\n"
DOTTED = "class Base(Document):\n    meta = {'allow_inheritance': True}\nclass Target(Base):\n    pass\n"


@pytest.mark.parametrize(("rule", "value"), [("NULLIFY", 1), ("CASCADE", 2), ("DENY", 3)])
def test_a_rule_is_attached_when_its_target_appears(guarded: Project, rule: str, value: int) -> None:
    owners = guarded.module("owners", OWNER.format("Target", rule))
    with pytest.raises(ModelCheckError, match="Target"):
        check()

    targets = guarded.module("targets", TARGET)

    assert targets.Target._meta["delete_rules"] == {(owners.Owner, "thing"): value}
    check()


def test_a_list_rule_is_attached_when_its_target_appears(guarded: Project) -> None:
    owners = guarded.module(
        "owners", "class Owner(Document):\n    all = ListField(ReferenceField('Target', reverse_delete_rule=PULL))\n"
    )

    targets = guarded.module("targets", TARGET)

    assert targets.Target._meta["delete_rules"] == {(owners.Owner, "all"): 4}


def test_a_target_of_that_suffix_alone_gets_the_rule_and_a_report(guarded: Project) -> None:
    """Plain mongoengine would resolve the name to it, so the data needs the rule; the name is still to be mended."""
    owners = guarded.module("owners", OWNER.format("Target", "CASCADE"))

    targets = guarded.module("targets", DOTTED)
    reported = [problem for problem in problems() if (problem.model, problem.field) == ("Owner", "thing")]

    assert targets.Target._meta["delete_rules"] == {(owners.Owner, "thing"): 2}
    assert "Base.Target" in f"{reported[0].message}{reported[0].hint}"


def test_an_embedded_target_never_gets_the_rule(guarded: Project) -> None:
    guarded.module("owners", OWNER.format("Target", "CASCADE"))

    guarded.module("targets", "class Target(EmbeddedDocument):\n    pass\n")

    assert ("Owner", "thing") in {(problem.model, problem.field) for problem in problems()}


def test_a_rule_held_back_once_is_attached_once(guarded: Project) -> None:
    owners = guarded.module("owners", OWNER.format("Target", "DENY"))
    guarded.again(owners)
    targets = guarded.module("targets", TARGET)
    guarded.again(owners)
    guarded.again(targets)

    assert targets.Target._meta["delete_rules"] == {(owners.Owner, "thing"): 3}


def test_subclasses_inherit_a_rule_that_waited(guarded: Project) -> None:
    guarded.module(
        "owners",
        "class Owner(Document):\n    meta = {'allow_inheritance': True}\n"
        "    thing = ReferenceField('Target', reverse_delete_rule=DENY)\nclass Child(Owner):\n    pass\n",
    )

    targets = guarded.module("targets", TARGET)

    owners = [owner.__name__ for owner, _ in targets.Target._meta["delete_rules"]]
    assert sorted(owners) == ["Child", "Owner"], "as mongoengine registers them when the target is there first"
