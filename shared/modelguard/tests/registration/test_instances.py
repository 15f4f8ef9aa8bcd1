"""Documents made before and after a file runs again: copied, stored elsewhere, reconnected."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import mongoengine
import mongomock
import pytest
from mongoengine.context_managers import switch_collection, switch_db

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project
    from shared.modelguard.tests.registration.conftest import Route

STORED = {
    "document": "class Model(Document):\n    name = StringField()\n",
    "dynamic": "class Model(DynamicDocument):\n    name = StringField()\n",
    "inherited": (
        "class Parent(Document):\n    meta = {'allow_inheritance': True}\nclass Model(Parent):\n    name = StringField()\n"
    ),
    "of abstract": (
        "class Parent(Document):\n    name = StringField()\n    meta = {'abstract': True}\nclass Model(Parent):\n    pass\n"
    ),
    "embedded": (
        "class Part(EmbeddedDocument):\n    size = IntField()\n"
        "class Model(Document):\n    name = StringField()\n    part = EmbeddedDocumentField(Part, default=lambda: Part(size=1))\n"
    ),
}

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(params=list(STORED.values()), ids=list(STORED))
def model(request: pytest.FixtureRequest, guarded: Project) -> Any:
    """A model with a collection, defined twice."""
    module = guarded.module("models", request.param)
    guarded.again(module)
    return module.Model


def test_a_deep_copy_is_equal_and_of_the_class(model: Any) -> None:
    original = model(name="ada").save()

    twin = copy.deepcopy(original)
    twin.name = "grace"

    assert type(twin) is model
    assert twin == original, "documents are equal by key"
    assert original.name == "ada"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_saved_document_pickles(model: Any, protocol: int) -> None:
    original = model(name="ada").save()

    after = pickle.loads(pickle.dumps(original, protocol))  # noqa: S301  # our own bytes

    assert type(after) is model
    assert after == original
    assert after.to_mongo() == original.to_mongo()


def test_switch_db_writes_there_and_comes_back(model: Any) -> None:
    with switch_db(model, "archive") as archived:
        assert archived is model
        archived(name="old").save()
    model(name="new").save()

    assert [found.name for found in model.objects] == ["new"]
    with switch_db(model, "archive"):
        assert [found.name for found in model.objects] == ["old"]


def test_an_instance_switches_alone(model: Any) -> None:
    document = model(name="ada").save()

    document.switch_db("archive")
    document.save(force_insert=True)

    assert model.objects.count() == 1
    with switch_collection(model, "elsewhere"):
        assert model.objects.count() == 0


def test_every_definition_follows_a_new_connection(guarded: Project, route: Route) -> None:
    """Hazard 22 along every route: no class is left with the old client."""
    module = guarded.module("pkg.models", STORED["document"])
    module.Model.objects.count()
    again = route(module)["Model"]
    mongoengine.disconnect()
    client = mongoengine.connect("moved", mongo_client_class=mongomock.MongoClient, uuidRepresentation="standard")

    module.Model(name="one").save()
    again(name="two").save()

    assert {row["name"] for row in client["moved"]["model"].find()} == {"one", "two"}
