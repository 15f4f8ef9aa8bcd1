"""A school on an empty database."""

from collections.abc import Iterator

import pytest

from lyceum_database.testing import temporary_database
from lyceum_web.testing import Callers, application_client

from .school import STORED, School, application


@pytest.fixture
def school() -> Iterator[School]:
    """In memory: where engines differ is tested below the routes."""
    with temporary_database(STORED):
        callers = Callers()
        with application_client(application(callers)) as client:
            yield School(client, callers)
