"""A project that does everything right, in as many ways as there are, has no finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.modelguard.tests.lint.conftest import Sources

CLEAN = '''
# shared/store/src/store/__init__.py
"""The shared models."""
from store.documents import DEFAULT, Record
from store.fields import IdField
from store.models import Address, Company, Person, User
__all__ = ["DEFAULT", "Address", "Company", "IdField", "Person", "Record", "User"]
# shared/store/src/store/states.py
from enum import StrEnum
class Status(StrEnum):
    OPEN = "open"
# shared/store/src/store/fields.py
from mongoengine.fields import StringField
class IdField(StringField):
    def __init__(self, **options):
        super().__init__(max_length=32, **options)
# shared/store/src/store/documents.py
from modelguard import Document
from store.fields import IdField
DEFAULT = "default"
class Timed:
    """A mixin."""
    seen_by = IdField(references="Person.User")
class Record(Timed, Document):
    id = IdField(primary_key=True)
    owner_id = IdField(references="Person")
    meta = {"abstract": True, "strict": False}
# shared/store/src/store/models/__init__.py
from .address import Address
from .company import Company
from .people import Person, User
__all__ = ["Address", "Company", "Person", "User"]
# shared/store/src/store/models/address.py
import mongoengine as me
import modelguard as guard
class Address(guard.EmbeddedDocument):
    city = me.StringField()
    inside = me.EmbeddedDocumentField("self")
# shared/store/src/store/models/people.py
from __future__ import annotations
from typing import TYPE_CHECKING, Any, ClassVar, final
from mongoengine import *
from store.documents import Record
from store.models.address import Address
from store.states import Status
if TYPE_CHECKING:
    from store.models.company import Company
class Person(Record):
    name = StringField(choices=[each.value for each in Status])
    home = EmbeddedDocumentField(Address)
    homes = MapField(EmbeddedDocumentField("Address"))
    works_for = ListField(LazyReferenceField("Company", reverse_delete_rule=PULL))
    boss = ReferenceField("self")
    anything = GenericReferenceField(choices=["Company", "Person.User"])
    meta: ClassVar[dict[str, Any]] = {"allow_inheritance": True, "collection": "people"}
    def employer(self) -> Company:
        import json
        return json.loads(self.name)
@final
class User(Person):
    admin_of = ReferenceField("Person.User")
# shared/store/src/store/models/company.py
from modelguard import Document
from mongoengine import CASCADE, ReferenceField
class Company(Document):
    head = ReferenceField("Person", reverse_delete_rule=CASCADE)
    meta = {"collection": "companies", "db_alias": "archive"}
# services/shop/src/shop/__init__.py
# services/shop/src/shop/models/__init__.py
from shop.models.order import Line, Order
__all__ = ["Line", "Order"]
# services/shop/src/shop/models/order.py
from modelguard import EmbeddedDocument
from mongoengine import EmbeddedDocumentListField, IntField
from store import IdField, Record
class Line(EmbeddedDocument):
    count = IntField()
class Order(Record):
    lines = EmbeddedDocumentListField(Line)
    customer_id = IdField(references=["Company", "Person.User"])
# services/shop/src/shop/start.py
import importlib
import shop.models
import store
from mongoengine import connect
def start(name):
    connect("shop")
    importlib.import_module("shop.tasks")
    return importlib.import_module(f"json.{name}")
# services/shop/src/shop/tasks.py
import re
from shop.models import Order
def orders(person):
    from shop.start import start
    pattern = re.compile("x")
    return start, pattern, Order.objects(customer_id=person.id)
# services/shop/tests/test_orders.py
from shop.models import order
from store.models import User as Customer
def test_an_order():
    assert order.Order(customer_id=Customer(id="a").id)
'''


def test_a_clean_project_is_clean(sources: Sources) -> None:
    sources.write_all(CLEAN)
    report = sources.lint()

    assert report.findings == []
    assert (report.files, report.models) == (14, 7)


def test_it_is_clean_without_settings_and_as_parts(sources: Sources) -> None:
    sources.write_all(CLEAN)
    (sources.root / "pyproject.toml").unlink()

    assert sources.found() == []
    assert sources.found("services", "shared") == []
    assert sources.found("shared/store/src") == []
    assert sources.found("shared/store/src/store") == []


def test_one_slip_in_it_is_one_finding(sources: Sources) -> None:
    sources.write_all(CLEAN.replace("        import json\n", "        from store import User\n"))

    assert [(each.path, each.code) for each in sources.found()] == [("shared/store/src/store/models/people.py", "MG02")]
