"""A definition that fails, for whatever reason and however late, leaves every other class as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mongoengine import signals
from mongoengine.errors import InvalidDocumentError, LookUpError

from modelguard import ModelChangedError, ModelNotRegisteredError, check, models, stats

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

COMPANY = """
class User(Document):
    name = StringField()
class Team(Document):
    lead = CachedReferenceField(User, fields=["name"])
    parent = ReferenceField("self")
    owner = ReferenceField("User")
    meta = {"allow_inheritance": True}
class Base(Document):
    meta = {"abstract": True}
    by = ReferenceField("User", reverse_delete_rule=DENY)
    of = ReferenceField("self")
"""


def test_an_inherited_listener_stays_the_bases_and_is_entered_once(guarded: Project) -> None:
    company = guarded.module("company", COMPANY)
    receivers = len(signals.post_save.receivers)
    with pytest.raises(InvalidDocumentError):
        guarded.module("bad", "from company import Team\nclass Bad(Team):\n    save = StringField()\n")

    assert company.User._cached_reference_fields == [company.Team.lead]
    assert len(signals.post_save.receivers) == receivers
    assert company.Team._subclasses == company.Team._types == ("Team",)


def test_names_in_inherited_fields_are_names_again(guarded: Project) -> None:
    company = guarded.module("company", COMPANY)
    company.Base.by.document_type_obj = "User"
    with pytest.raises(InvalidDocumentError):
        guarded.module("bad", "from company import Base\nclass Bad(Base):\n    save = StringField()\n")

    assert company.Base.by.document_type_obj == "User"
    assert company.Base.of.document_type_obj == "self"
    assert {owner for owner, _ in company.User._meta["delete_rules"]} == {company.Base}
    good = guarded.module("good", "from company import Base\nclass Good(Base): pass\n").Good
    assert {owner for owner, _ in company.User._meta["delete_rules"]} == {company.Base, good}


FAILURES: dict[str, tuple[str, type[Exception]]] = {
    "two fields of one name in the database": (
        "a = StringField(db_field='x')\n    b = StringField(db_field='x')",
        InvalidDocumentError,
    ),
    "a method's name": ("validate = StringField()", InvalidDocumentError),
    "a rule on a map": ("of = MapField(ReferenceField('User', reverse_delete_rule=CASCADE))", InvalidDocumentError),
    "an index on nothing": ("meta = {'indexes': ['nothing']}", LookUpError),
    "two keys": ("a = StringField(primary_key=True)\n    b = StringField(primary_key=True)", InvalidDocumentError),
    "a collection that cannot be computed": ("meta = {'collection': lambda cls: 1 / 0}", ZeroDivisionError),
}


@pytest.mark.parametrize(("body", "error"), FAILURES.values(), ids=FAILURES)
def test_whatever_mongoengine_refuses_is_refused_whole(guarded: Project, body: str, error: type[Exception]) -> None:
    company = guarded.module("company", COMPANY)
    before = dict(models), company.User._meta["delete_rules"].copy(), stats()
    module = f"class Bad(Document):\n    owner = ReferenceField('User', reverse_delete_rule=CASCADE)\n    {body}\n"
    with pytest.raises(error) as caught:
        guarded.module("bad", module)

    assert type(caught.value) is error
    assert (dict(models), company.User._meta["delete_rules"]) == before[:2]
    assert stats().rolled_back == before[2].rolled_back + 1
    guarded.module("good", module.replace(f"    {body}\n", ""))
    check(ignore={"shared-self"})


def test_a_rule_that_mongoengine_never_takes_is_refused_though_its_target_is_missing(guarded: Project) -> None:
    for number, owner in enumerate(
        (
            "class Bad(EmbeddedDocument):\n    of = ReferenceField('Later', reverse_delete_rule=CASCADE)\n",
            "class Bad(Document):\n    of = MapField(ReferenceField('Later', reverse_delete_rule=CASCADE))\n",
        )
    ):
        with pytest.raises(InvalidDocumentError, match="delete rules are not supported"):
            guarded.module(f"bad_{number}", owner)


def test_a_class_needed_at_once_is_named_with_the_field_that_needs_it(guarded: Project) -> None:
    guarded.module("company", COMPANY)
    with pytest.raises(ModelNotRegisteredError) as caught:
        guarded.module(
            "bad", "class Bad(Document):\n    ok = ReferenceField('User')\n    lead = CachedReferenceField('Usr')\n"
        )

    assert (caught.value.model, caught.value.near) == ("Usr", ("User",))
    assert str(caught.value).startswith("Bad.lead needs the model 'Usr' at once")
    assert caught.value.__cause__ is not None


def test_a_meta_dict_changed_after_the_definition_does_not_reach_it(guarded: Project) -> None:
    text = "META = {'indexes': [{'fields': ['a'], 'name': 'one'}], 'ordering': ['a']}\nclass Model(Document):\n    a = IntField()\n    meta = META\n"
    module = guarded.module("models", text)
    module.META["ordering"].append("-a")
    module.META["indexes"][0]["name"] = "two"

    assert guarded.reload(module).Model is models["Model"]  # its file still says the same
    with pytest.raises(ModelChangedError, match=r"meta ordering: \['a'\] -> \['b'\]"):
        exec(  # noqa: S102  # the statement runs again, over another value of the dict it shares
            compile(text.partition("\n")[2], module.__file__ or "", "exec"),
            {**vars(module), "META": {**module.META, "ordering": ["b"]}},
        )


def test_settings_that_hold_functions_are_copied_too(guarded: Project) -> None:
    text = "class Model(Document):\n    a = IntField()\n    meta = {'indexes': [['a']], 'collection': lambda cls: 'models'}\n"
    module = guarded.module("models", text)

    assert module.Model._get_collection_name() == "models"
    assert guarded.reload(module).Model is models["Model"]
    guarded.write("models.py", text.replace("'models'", "'others'"))
    with pytest.raises(ModelChangedError, match="meta collection"):
        guarded.reload(module)


def test_a_rule_attached_by_guess_moves_to_the_exact_name(guarded: Project) -> None:
    owner = guarded.module(
        "owner", "class Owner(Document):\n    of = ReferenceField('Invoice', reverse_delete_rule=CASCADE)\n"
    ).Owner
    guess = guarded.module(
        "svc", "class Svc(Document):\n    meta = {'allow_inheritance': True}\nclass Invoice(Svc): pass\n"
    ).Invoice
    assert guess._meta["delete_rules"] == {(owner, "of"): 2}

    exact = guarded.module("exact", "class Invoice(Document): pass\n").Invoice

    assert exact._meta["delete_rules"] == {(owner, "of"): 2}
    assert not guess._meta["delete_rules"]
    check()
