"""Fields that hold on to a class: direct, by name, lazy, generic and embedded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mongoengine import ValidationError

if TYPE_CHECKING:
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

AUTHOR = "class Author(Document):\n    name = StringField()\n"
DIRECT = """
from authors import Author
class Book(Document):
    author = ReferenceField(Author)
"""
BY_NAME = """
class Book(Document):
    author = ReferenceField("Author")
"""
LAZY = """
from authors import Author
class Book(Document):
    author = LazyReferenceField(Author)
"""
GENERIC = """
class Book(Document):
    author = GenericReferenceField()
"""
EMBEDDED = """
class Address(EmbeddedDocument):
    city = StringField()
"""
HOLDER = """
from addresses import Address
class Customer(Document):
    home = EmbeddedDocumentField(Address)
    others = ListField(GenericEmbeddedDocumentField(choices=[Address]))
"""

pytestmark = pytest.mark.usefixtures("database")


def authors_twice(project: Project, books: str) -> tuple[ModuleType, ModuleType, ModuleType]:
    """Define Author, then Book, and Author again behind Book's back."""
    authors = project.module("authors", AUTHOR)
    library = project.module("library", books)
    return authors, library, project.again(authors)


@pytest.mark.hazard(4, "plain")
def test_plain_a_class_reference_refuses_the_new_class(plain: Project) -> None:
    _, library, again = authors_twice(plain, DIRECT)

    with pytest.raises(ValidationError, match="only accepts DBRef"):
        library.Book(author=again.Author().save()).validate()


@pytest.mark.hazard(4, "gone")
def test_guarded_a_class_reference_accepts_the_class_from_either_module(guarded: Project) -> None:
    authors, library, again = authors_twice(guarded, DIRECT)

    library.Book(author=authors.Author().save()).validate()
    library.Book(author=again.Author().save()).validate()


@pytest.mark.hazard(5, "plain")
def test_plain_a_name_once_resolved_keeps_the_old_class(plain: Project) -> None:
    authors = plain.module("authors", AUTHOR)
    library = plain.module("library", BY_NAME)
    library.Book(author=authors.Author().save()).validate()
    again = plain.again(authors)

    with pytest.raises(ValidationError, match="only accepts DBRef"):
        library.Book(author=again.Author().save()).validate()


@pytest.mark.hazard(5, "gone")
def test_guarded_a_name_once_resolved_is_still_the_class(guarded: Project) -> None:
    authors = guarded.module("authors", AUTHOR)
    library = guarded.module("library", BY_NAME)
    library.Book(author=authors.Author().save()).validate()
    again = guarded.again(authors)

    library.Book(author=again.Author().save()).validate()
    assert library.Book.author.document_type is again.Author


@pytest.mark.hazard(6, "plain")
def test_plain_a_name_resolved_late_refuses_an_older_instance(plain: Project) -> None:
    authors, library, _ = authors_twice(plain, BY_NAME)

    with pytest.raises(ValidationError, match="only accepts DBRef"):
        library.Book(author=authors.Author().save()).validate()


@pytest.mark.hazard(6, "gone")
def test_guarded_a_name_resolved_late_accepts_an_older_instance(guarded: Project) -> None:
    authors, library, _ = authors_twice(guarded, BY_NAME)

    library.Book(author=authors.Author().save()).validate()


@pytest.mark.hazard(7, "plain")
def test_plain_a_lazy_reference_refuses_its_own_name(plain: Project) -> None:
    _, library, again = authors_twice(plain, LAZY)

    with pytest.raises(ValidationError, match="Author"):
        library.Book(author=again.Author().save()).validate()


@pytest.mark.hazard(7, "gone")
def test_guarded_a_lazy_reference_accepts_the_class_from_either_module(guarded: Project) -> None:
    _, library, again = authors_twice(guarded, LAZY)

    library.Book(author=again.Author().save()).validate()


@pytest.mark.hazard(8, "plain")
def test_plain_a_generic_reference_changes_type_in_the_round_trip(plain: Project) -> None:
    authors, library, again = authors_twice(plain, GENERIC)
    library.Book(author=authors.Author(name="ada").save()).save()

    found = library.Book.objects.first().author

    assert type(found) is again.Author
    assert not isinstance(found, authors.Author)


@pytest.mark.hazard(8, "gone")
def test_guarded_a_generic_reference_keeps_its_type_in_the_round_trip(guarded: Project) -> None:
    authors, library, _ = authors_twice(guarded, GENERIC)
    library.Book(author=authors.Author(name="ada").save()).save()

    assert type(library.Book.objects.first().author) is authors.Author


@pytest.mark.hazard(9, "plain")
def test_plain_an_embedded_document_of_the_new_class_is_refused(plain: Project) -> None:
    addresses = plain.module("addresses", EMBEDDED)
    customers = plain.module("customers", HOLDER)
    again = plain.again(addresses)

    with pytest.raises(ValueError, match="source SON object needs to be"):
        customers.Customer(home=again.Address())

    with pytest.raises(ValidationError):
        customers.Customer(others=[again.Address()]).validate()


@pytest.mark.hazard(9, "gone")
def test_guarded_an_embedded_document_from_either_module_is_accepted(guarded: Project) -> None:
    addresses = guarded.module("addresses", EMBEDDED)
    customers = guarded.module("customers", HOLDER)
    again = guarded.again(addresses)

    customers.Customer(home=again.Address(city="Pune"), others=[addresses.Address()]).save()

    assert type(customers.Customer.objects.first().home) is addresses.Address
