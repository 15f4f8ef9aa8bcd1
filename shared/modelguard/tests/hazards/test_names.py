"""One flat space of names: strangers picked by suffix, kinds and bases that overwrite each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mongoengine import NotRegistered
from mongoengine.base import get_document

from modelguard import ModelConflictError, ModelNotRegisteredError, problems, require

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

SVC_INVOICE = """
class Svc(Document):
    meta = {"allow_inheritance": True}
class Invoice(Svc):
    pass
"""
ORDER = """
class Order(Document):
    invoice = ReferenceField("Invoice")
"""
WRONG_DOG = """
class Walk(Document):
    dog = ReferenceField("Wrong.Dog")
"""
DOG_OF = """
class {base}(Document):
    meta = {{"allow_inheritance": True}}
class Dog({base}):
    pass
"""
WALK = """
class Walk(Document):
    dog = ReferenceField("Dog")
"""
BASE = """
class Base(Document):
    {field} = StringField()
    meta = {{"abstract": True}}
"""


@pytest.mark.hazard(28, "plain")
def test_plain_a_reference_by_suffix_picks_a_stranger(plain: Project) -> None:
    invoices = plain.module("invoices", SVC_INVOICE)
    orders = plain.module("orders", ORDER)
    dogs = plain.module("dogs", DOG_OF.format(base="Animal"))
    walks = plain.module("walks", WRONG_DOG)

    assert orders.Order.invoice.document_type is invoices.Invoice
    assert walks.Walk.dog.document_type is dogs.Dog


@pytest.mark.hazard(28, "check")
def test_guarded_references_by_suffix_are_reported_with_the_full_name(guarded: Project) -> None:
    guarded.module("invoices", SVC_INVOICE)
    guarded.module("orders", ORDER)
    guarded.module("dogs", DOG_OF.format(base="Animal"))
    guarded.module("walks", WRONG_DOG)

    found = {(problem.model, problem.field): f"{problem.message} {problem.hint}" for problem in problems()}
    assert "Svc.Invoice" in found["Order", "invoice"]
    assert "Animal.Dog" in found["Walk", "dog"]


@pytest.mark.hazard(28, "error")
def test_guarded_require_wants_the_exact_name(guarded: Project) -> None:
    invoices = guarded.module("invoices", SVC_INVOICE)

    assert require("Svc.Invoice") is invoices.Invoice
    with pytest.raises(ModelNotRegisteredError, match=r"Svc\.Invoice"):
        require("Invoice")


@pytest.mark.hazard(29, "plain")
def test_plain_a_name_means_three_things_as_models_arrive(plain: Project) -> None:
    animals = plain.module("animals", DOG_OF.format(base="Animal"))
    assert get_document("Dog") is animals.Dog

    plain.module("pets", DOG_OF.format(base="Pet"))
    with pytest.raises(NotRegistered, match="has it"):
        get_document("Dog")

    exact = plain.module("dogs", "class Dog(Document):\n    pass\n")
    assert get_document("Dog") is exact.Dog


@pytest.mark.hazard(29, "check")
def test_guarded_a_name_is_reported_until_it_is_exact(guarded: Project) -> None:
    def reported() -> bool:
        return any((problem.model, problem.field) == ("Walk", "dog") for problem in problems())

    guarded.module("walks", WALK)
    guarded.module("animals", DOG_OF.format(base="Animal"))
    assert reported()

    guarded.module("pets", DOG_OF.format(base="Pet"))
    assert reported()

    guarded.module("dogs", "class Dog(Document):\n    pass\n")
    assert not reported()


@pytest.mark.hazard(30, "plain")
def test_plain_a_document_and_an_embedded_document_overwrite_each_other(plain: Project) -> None:
    plain.module("stored", "class Thing(Document):\n    pass\n")
    parts = plain.module("parts", "class Thing(EmbeddedDocument):\n    pass\n")
    owners = plain.module("owners", 'class Owner(Document):\n    thing = ReferenceField("Thing")\n')

    assert owners.Owner.thing.document_type is parts.Thing


@pytest.mark.parametrize("kinds", [("Document", "EmbeddedDocument"), ("EmbeddedDocument", "Document")])
@pytest.mark.hazard(30, "error")
def test_guarded_the_second_kind_under_a_name_is_a_conflict(guarded: Project, kinds: tuple[str, str]) -> None:
    first = guarded.module("stored", f"class Thing({kinds[0]}):\n    pass\n")

    with pytest.raises(ModelConflictError):
        guarded.module("parts", f"class Thing({kinds[1]}):\n    pass\n")

    assert require("Thing") is first.Thing


@pytest.mark.hazard(31, "plain")
def test_plain_abstract_bases_of_two_services_overwrite_each_other(plain: Project) -> None:
    plain.module("svc_a.base", BASE.format(field="name"))
    second = plain.module("svc_b.base", BASE.format(field="email"))

    assert get_document("Base") is second.Base


@pytest.mark.hazard(31, "error")
def test_guarded_the_second_abstract_base_is_a_conflict(guarded: Project) -> None:
    first = guarded.module("svc_a.base", BASE.format(field="name"))

    with pytest.raises(ModelConflictError):
        guarded.module("svc_b.base", BASE.format(field="email"))

    assert require("Base") is first.Base
