"""A shop whose processes can be stopped at any call to the store."""

from collections.abc import Iterator
from contextlib import contextmanager

from course_service import models
from lyceum_database import Record
from lyceum_database.testing.stepping import stepped_database

from .shop import Shop

STORED = [
    model
    for model in (getattr(models, name) for name in models.__all__)
    if issubclass(model, Record) and not model._meta.get("abstract")
]


@contextmanager
def open_shop() -> Iterator[Shop]:
    """A shop of its own."""
    with stepped_database(STORED):
        shop = Shop()
        shop.stock()
        yield shop
