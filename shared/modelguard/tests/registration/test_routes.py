"""Whatever way a file runs again, its models are the classes of the first time."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from mongoengine import OperationError, signals

from modelguard import check, models, require, stats

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project
    from shared.modelguard.tests.registration.conftest import Route

RULES = """
class User(Document):
    name = StringField()

class Post(Document):
    author = ReferenceField(User, reverse_delete_rule=CASCADE)

class Invoice(Document):
    payer = ReferenceField(User, reverse_delete_rule=DENY)

class Badge(Document):
    holder = ReferenceField("User", reverse_delete_rule=NULLIFY)
    friends = ListField(ReferenceField("User", reverse_delete_rule=PULL))

class Profile(Document):
    user = CachedReferenceField(User, fields=["name"])
"""


@pytest.mark.parametrize("times", [1, 5])
def test_the_class_is_the_first_one(guarded: Project, route: Route, source: str, times: int) -> None:
    module = guarded.module("pkg.models", source)
    model, before = module.Model, stats()

    again = [route(module) for _ in range(times)]

    assert all(namespace["Model"] is model for namespace in again)
    assert require(models_name(model)) is model
    after = stats()
    assert (after.defined, after.conflicts, after.changed, after.rolled_back) == ((before.defined, 0, 0, 0)), (
        "nothing new, nothing refused"
    )


def models_name(model: type) -> str:
    return next(name for name, registered in models.items() if registered is model)


def test_a_run_that_reuses_is_counted(guarded: Project) -> None:
    module = guarded.module("pkg.models", "class Model(Document):\n    pass\n")
    before = stats()

    guarded.again(module)
    guarded.reload(module)

    assert stats().reused - before.reused == 2
    assert before.reused == stats().reused - 2, "an earlier snapshot stays as it was"


@pytest.mark.usefixtures("database")
def test_rules_and_listeners_are_those_declared(guarded: Project, route: Route) -> None:
    module = guarded.module("pkg.models", RULES)
    declared = dict(module.User._meta["delete_rules"])

    for _ in range(3):
        route(module)

    assert dict(module.User._meta["delete_rules"]) == declared
    assert len(declared) == 4
    assert len(signals.post_save.receivers) == 1
    assert module.User._cached_reference_fields == [module.Profile.user]
    check()


@pytest.mark.usefixtures("database")
def test_cascade_deny_nullify_and_pull_still_hold(guarded: Project, route: Route) -> None:
    module = guarded.module("pkg.models", RULES)
    again = route(module)
    writer, payer = again["User"]().save(), again["User"]().save()
    module.Post(author=writer).save()
    again["Invoice"](payer=payer).save()
    badge = again["Badge"](holder=writer, friends=[writer, payer]).save()

    again["User"].objects.get(pk=writer.pk).delete()
    with pytest.raises(OperationError, match=r"Invoice\.payer"):
        module.User.objects.get(pk=payer.pk).delete()

    assert module.Post.objects.count() == 0
    kept = module.Badge.objects.get(pk=badge.pk)
    assert kept.holder is None
    assert kept.friends == [payer]


def test_instances_pickle_whichever_way_the_file_ran_last(guarded: Project, route: Route) -> None:
    module = guarded.module("pkg.models", "class Model(Document):\n    name = StringField()\n")
    model = module.Model
    route(module)

    after = pickle.loads(pickle.dumps(model(name="ada")))  # noqa: S301  # our own bytes

    assert type(after) is model
    assert after.name == "ada"
