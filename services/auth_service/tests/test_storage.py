"""Any number of replicas may start at one moment, on an empty database or on one that has seen other releases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from auth_service import storage
from auth_service.roles.builtin import BUILTIN_ROLES, permissions_of, role_id
from auth_service.roles.repository import Roles
from lyceum_database import DEFAULT_ORG, Organization, OrganizationRepository, Role
from lyceum_database.testing import temporary_database

REPLICAS = 16


@pytest.fixture(autouse=True)
def _database() -> Iterator[None]:
    with temporary_database(storage.MODELS):
        yield


def start_at_once() -> None:
    together = Barrier(REPLICAS)

    def start(_: int) -> None:
        together.wait()
        storage.ensure_contents()

    with ThreadPoolExecutor(REPLICAS) as replicas:
        list(replicas.map(start, range(REPLICAS)))


def test_replicas_that_start_at_once_make_each_role_once() -> None:
    start_at_once()

    assert sorted(role.name for role in Roles().list_()) == sorted(BUILTIN_ROLES)
    assert [organization.id for organization in OrganizationRepository().list_()] == [DEFAULT_ORG]


def test_what_administrators_made_of_the_organization_stays() -> None:
    OrganizationRepository().insert(Organization(id=DEFAULT_ORG, slug="north", name="North school"))

    start_at_once()

    assert OrganizationRepository().get(DEFAULT_ORG).name == "North school"


def test_roles_of_an_earlier_release_get_this_releases_permissions_and_keep_their_ids() -> None:
    for name in BUILTIN_ROLES:
        Roles().insert(Role(id=role_id(DEFAULT_ORG, name), name=name, permissions=["old:one"], builtin=True))

    start_at_once()

    assert {role.name: tuple(role.permissions) for role in Roles().list_()} == {
        name: permissions_of(name, DEFAULT_ORG) for name in BUILTIN_ROLES
    }


def test_what_was_made_is_verified_and_making_it_again_is_fine() -> None:
    storage.create()

    storage.verify()


def test_every_collection_with_an_outbox_is_relayed() -> None:
    reporting = {model._get_collection_name() for model in storage.MODELS if "outbox" in model._fields}

    assert {collection.name for collection in storage.outbox_collections()} == reporting
