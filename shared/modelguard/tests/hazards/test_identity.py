"""One definition, two classes: what breaks when the same row has two types."""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING

import pytest

from modelguard import ModelConflictError, models

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

KINDS = {
    "document": "class User(Document):\n    name = StringField()\n",
    "dynamic": "class User(DynamicDocument):\n    name = StringField()\n",
    "embedded": "class User(EmbeddedDocument):\n    name = StringField()\n",
    "dynamic-embedded": "class User(DynamicEmbeddedDocument):\n    name = StringField()\n",
    "abstract": "class User(Document):\n    name = StringField()\n    meta = {'abstract': True}\n",
    "inherited": (
        "class Person(Document):\n    meta = {'allow_inheritance': True}\n"
        "class User(Person):\n    name = StringField()\n"
    ),
}
USER = KINDS["document"]
every_kind = pytest.mark.parametrize("source", KINDS.values(), ids=KINDS)


@every_kind
@pytest.mark.hazard(1, "plain")
def test_plain_the_last_of_two_definitions_wins_silently(plain: Project, source: str) -> None:
    users = plain.module("users", source)

    with warnings.catch_warnings(record=True) as caught:
        again = plain.again(users)

    assert not caught
    assert again.User is not users.User


@every_kind
@pytest.mark.hazard(1, "gone")
def test_guarded_a_definition_that_runs_again_is_the_same_class(guarded: Project, source: str) -> None:
    users = guarded.module("users", source)

    assert guarded.again(users).User is users.User


@every_kind
@pytest.mark.hazard(1, "error")
def test_guarded_the_same_text_at_another_place_is_a_conflict(guarded: Project, source: str) -> None:
    users = guarded.module("users", source)

    with pytest.raises(ModelConflictError) as caught:
        guarded.module("accounts", source)

    assert "users.py" in str(caught.value)
    assert "accounts.py" in str(caught.value)
    assert models[users.User._class_name if "_class_name" in vars(users.User) else "User"] is users.User


@pytest.mark.usefixtures("database")
@pytest.mark.hazard(2, "plain")
def test_plain_one_row_is_two_objects(plain: Project) -> None:
    users = plain.module("users", USER)
    again = plain.again(users)
    saved = users.User(name="ada").save()
    found = again.User.objects.get(pk=saved.pk)

    assert not isinstance(saved, again.User)
    assert saved != found
    assert len({saved, found}) == 2


@pytest.mark.usefixtures("database")
@pytest.mark.hazard(2, "gone")
def test_guarded_one_row_is_one_object(guarded: Project) -> None:
    users = guarded.module("users", USER)
    again = guarded.again(users)
    saved = users.User(name="ada").save()
    found = again.User.objects.get(pk=saved.pk)

    assert isinstance(saved, again.User)
    assert saved == found
    assert len({saved, found}) == 1


@pytest.mark.usefixtures("database")
@pytest.mark.hazard(3, "plain")
def test_plain_a_missing_row_raises_an_exception_nobody_catches(plain: Project) -> None:
    users = plain.module("users", USER)
    again = plain.again(users)

    with pytest.raises(users.User.DoesNotExist) as caught:
        users.User.objects.get(name="zz")

    assert not isinstance(caught.value, again.User.DoesNotExist)


@pytest.mark.usefixtures("database")
@pytest.mark.hazard(3, "gone")
def test_guarded_a_missing_row_is_caught_through_either_module(guarded: Project) -> None:
    users = guarded.module("users", USER)
    again = guarded.again(users)

    with pytest.raises(again.User.DoesNotExist):
        users.User.objects.get(name="zz")

    with pytest.raises(users.User.MultipleObjectsReturned):
        raise again.User.MultipleObjectsReturned


@every_kind
@pytest.mark.hazard(11, "plain")
def test_plain_one_file_under_two_names_is_two_classes(plain: Project, source: str) -> None:
    plain.write("pkg/svc/users.py", source)
    under_package = plain.load("pkg.svc.users")
    plain.root_also(plain.root / "pkg")

    assert plain.load("svc.users").User is not under_package.User


@every_kind
@pytest.mark.hazard(11, "gone")
def test_guarded_one_file_under_two_names_is_one_class(guarded: Project, source: str) -> None:
    guarded.write("pkg/svc/users.py", source)
    under_package = guarded.load("pkg.svc.users")
    guarded.root_also(guarded.root / "pkg")

    assert guarded.load("svc.users").User is under_package.User


@pytest.mark.hazard(35, "plain")
def test_plain_an_instance_from_before_a_reload_does_not_pickle(plain: Project) -> None:
    users = plain.module("users", USER)
    before = users.User(name="ada")
    plain.reload(users)

    with pytest.raises(pickle.PicklingError, match="not the same object"):
        pickle.dumps(before)


@pytest.mark.hazard(35, "gone")
def test_guarded_an_instance_from_before_a_reload_pickles(guarded: Project) -> None:
    users = guarded.module("users", USER)
    before = users.User(name="ada")
    guarded.reload(users)

    after = pickle.loads(pickle.dumps(before))  # noqa: S301  # our own bytes

    assert type(after) is type(before)
    assert after.name == "ada"
