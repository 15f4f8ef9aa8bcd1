"""A guarded model is mongoengine's model: same names, same stored form, same refusals."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import mongoengine
import pytest
from mongoengine.base.common import _document_registry

import modelguard

if TYPE_CHECKING:
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

MODELS = """
class Address(EmbeddedDocument):
    city = StringField()
    meta = {"allow_inheritance": True}
class Office(Address):
    floor = IntField()
class Loose(DynamicEmbeddedDocument):
    pass
class Stamped(Document):
    at = DateTimeField()
    meta = {"abstract": True, "indexes": ["at"], "ordering": ["-at"]}
class Person(Stamped):
    name = StringField(unique=True)
    home = EmbeddedDocumentField(Address)
    meta = {"allow_inheritance": True, "indexes": ["home.city"], "collection": "people"}
class Teacher(Person):
    office = EmbeddedDocumentField(Office)
    pupils = ListField(ReferenceField(Person, reverse_delete_rule=PULL))
class Note(DynamicDocument):
    key = StringField(primary_key=True)
    mixed = GenericReferenceField()
class Managed(Document):
    meta = {"abstract": True}
    @queryset_manager
    def objects(doc_cls, queryset): return queryset.order_by("name")
class Sorted(Managed):
    name = StringField()
class Auto(Document):
    id = IntField()
class Named(Document):
    meta = {"collection": lambda cls: cls.__name__ + "_rows"}
"""
NAMES = ("Address", "Office", "Loose", "Stamped", "Person", "Teacher", "Note", "Managed", "Sorted", "Auto", "Named")
REFUSED = {
    "own collection below a concrete base": (
        "class A(Document):\n    meta = {'allow_inheritance': True}\nclass B(A):\n    meta = {'collection': 'b'}\n"
    ),
    "abstract below a concrete base": (
        "class A(Document):\n    meta = {'allow_inheritance': True}\nclass B(A):\n    meta = {'abstract': True}\n"
    ),
    "subclass not allowed": "class A(Document):\n    pass\nclass B(A):\n    pass\n",
    "inheritance taken back": (
        "class A(Document):\n    meta = {'allow_inheritance': True}\nclass B(A):\n    meta = {'allow_inheritance': False}\n"
    ),
    "two primary keys": "class A(Document):\n    a = IntField(primary_key=True)\n    b = IntField(primary_key=True)\n",
    "one stored name twice": "class A(Document):\n    a = IntField(db_field='x')\n    b = IntField(db_field='x')\n",
    "a method's name": "class A(Document):\n    save = IntField()\n",
    "rule of an embedded document": (
        "class T(Document):\n    pass\nclass A(EmbeddedDocument):\n    t = ReferenceField(T, reverse_delete_rule=CASCADE)\n"
    ),
    "rule in a dict": (
        "class T(Document):\n    pass\n"
        "class A(Document):\n    t = MapField(ReferenceField(T, reverse_delete_rule=CASCADE))\n"
    ),
    "rule in a dict before its target": (
        "class A(Document):\n    t = MapField(ReferenceField('T', reverse_delete_rule=CASCADE))\n"
    ),
    "rule of an embedded document before its target": (
        "class A(EmbeddedDocument):\n    t = ReferenceField('T', reverse_delete_rule=CASCADE)\n"
    ),
    "cached in an embedded document": (
        "class T(Document):\n    pass\nclass A(EmbeddedDocument):\n    t = CachedReferenceField(T)\n"
    ),
    "metaclass of another family": "import abc\nclass A(abc.ABC, Document):\n    pass\n",
}


def shape(model: Any) -> dict[str, Any]:
    meta = {key: value for key, value in model._meta.items() if key not in {"delete_rules", "collection"}}
    return {
        "names": (model._class_name, model._superclasses, model._subclasses, model._types),
        "fields": [(name, type(field), field.db_field, field.required) for name, field in model._fields.items()],
        "order": model._fields_ordered,
        "db": (model._db_field_map, model._reverse_db_field_map),
        "meta": {key: value for key, value in meta.items() if not callable(value)},
        "rules": [(owner.__name__, *rest) for (owner, *rest) in (model._meta.get("delete_rules") or {})],
        "collection": model._get_collection_name() if hasattr(model, "_get_collection_name") else None,
        "dir": dir(model),
        "manager": [base.__name__ for base in model.__mro__ if "objects" in vars(base)],
        "mro": [base.__name__ for base in model.__mro__ if base.__module__ in {"models", "twin"}],
        "raises": model.DoesNotExist.__mro__[1].__name__ if hasattr(model, "DoesNotExist") else None,
    }


def outcome(project: Project, source: str) -> tuple[list[str], str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            module: ModuleType | None = project.module("models", source)
        except Exception as error:  # noqa: BLE001  # what is raised is the subject
            return [str(warning.message) for warning in caught], f"{type(error).__name__}: {error}"
    collections = {name: getattr(module, name)._get_collection_name() for name in ("A", "B") if hasattr(module, name)}
    return [str(warning.message) for warning in caught], f"{collections}"


@pytest.mark.parametrize("name", NAMES)
def test_a_guarded_class_has_the_shape_of_the_plain_one(plain: Project, guarded: Project, name: str) -> None:
    on_plain = plain.module("models", MODELS)
    mongoengine.base.common._document_registry.clear()
    guarded.write("twin.py", MODELS)
    on_guarded = guarded.load("twin")

    assert shape(getattr(on_guarded, name)) == shape(getattr(on_plain, name))


def test_a_warning_points_to_the_class_statement(guarded: Project) -> None:
    source = (
        "class A(Document):\n    meta = {'allow_inheritance': True}\nclass B(A):\n    meta = {'collection': 'other'}\n"
    )
    with pytest.warns(SyntaxWarning, match="collection on a subclass") as caught:
        module = guarded.module("models", source)

    assert [(each.filename, each.lineno) for each in caught] == [(module.__file__, 4)]


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_what_mongoengine_refuses_or_warns_of_it_still_does(
    tmp_path_factory: pytest.TempPathFactory, source: str, request: pytest.FixtureRequest
) -> None:
    guarded: Project = request.getfixturevalue("guarded")
    on_guarded = outcome(guarded, source)
    _document_registry.clear()
    import sys

    sys.modules.pop("models", None)
    plain: Project = request.getfixturevalue("plain")
    on_plain = outcome(plain, source)

    if "before its target" in request.node.callspec.id:
        assert on_guarded[1].partition(":")[0] == "InvalidDocumentError", "mongoengine stumbles over the name first"
    else:
        assert on_guarded == on_plain


def test_guarded_classes_are_mongoengine_classes() -> None:
    pairs = [
        (modelguard.Document, mongoengine.Document),
        (modelguard.DynamicDocument, mongoengine.DynamicDocument),
        (modelguard.EmbeddedDocument, mongoengine.EmbeddedDocument),
        (modelguard.DynamicEmbeddedDocument, mongoengine.DynamicEmbeddedDocument),
    ]

    assert all(issubclass(guarded, plain) for guarded, plain in pairs)


def test_the_bases_themselves_are_no_models() -> None:
    names = ("Document", "DynamicDocument", "EmbeddedDocument", "DynamicEmbeddedDocument")

    assert not [name for name in names if name in _document_registry or name in modelguard.models]


@pytest.mark.usefixtures("database")
def test_rows_written_by_one_are_read_by_the_other(plain: Project, guarded: Project) -> None:
    on_plain = plain.module("models", MODELS)
    teacher = on_plain.Teacher(name="ada", home=on_plain.Office(city="Pune", floor=2)).save()
    _document_registry.clear()
    guarded.write("twin.py", MODELS)
    on_guarded = guarded.load("twin")

    found = on_guarded.Person.objects.get(pk=teacher.pk)

    assert type(found) is on_guarded.Teacher
    assert type(found.home) is on_guarded.Office
    assert found.to_mongo() == teacher.to_mongo()
