"""Reading, inserting and compare-and-set, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from lyceum_database import (
    Course,
    CourseRepository,
    Duplicate,
    InvalidRecord,
    NotFound,
    Organization,
    OrganizationRepository,
    Role,
    RoleRepository,
    StaleVersion,
    User,
    UserRepository,
)
from lyceum_database.states import UserStatus
from lyceum_database.testing import ManualClock

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def users(clock: ManualClock) -> UserRepository:
    return UserRepository(clock=clock)


def ada(**changes: Any) -> User:
    return User(**{"name": "Ada", "email": "ada@example.org", **changes})


class TestInsert:
    def test_what_is_read_equals_what_was_written(self, users: UserRepository, clock: ManualClock) -> None:
        written = users.insert(ada(roles=["trainer"], status=UserStatus.ACTIVE, last_login_at=clock.now))

        read = users.get(written.id)

        assert read.to_mongo() == written.to_mongo()
        assert (read.version, read.created_at, read.updated_at) == (1, clock.now, clock.now)
        assert str(read.created_at).endswith("+00:00")
        assert type(read.status) is str

    def test_a_second_one_under_a_unique_key_names_the_field_and_its_holder(self, users: UserRepository) -> None:
        first = users.insert(ada())

        with pytest.raises(Duplicate) as raised:
            users.insert(ada(email="ADA@Example.org"))

        assert (raised.value.model, raised.value.field, raised.value.record_id) == ("User", "email", first.id)

    def test_a_second_one_under_an_id_names_the_id_and_leaves_the_first(self, users: UserRepository) -> None:
        users.insert(ada(id="one"))

        with pytest.raises(Duplicate) as raised:
            users.insert(User(id="one", name="Grace"))

        assert raised.value.field == "id"
        assert users.get("one").name == "Ada"

    def test_a_key_of_several_fields_collides_only_when_all_are_equal(self) -> None:
        roles = RoleRepository()
        roles.insert(Role(name="a:b", org_id="acme"))
        roles.insert(Role(name="a:b", org_id="other"))
        roles.insert(Role(name="b", org_id="acme"))

        with pytest.raises(Duplicate) as raised:
            roles.insert(Role(name="a:b", org_id="acme"))

        assert raised.value.field == "name"

    def test_documents_without_the_key_do_not_collide(self, users: UserRepository) -> None:
        users.insert(User(name="no address"))
        users.insert(User(name="no address either"))

        assert len(users.list_()) == 2

    def test_a_document_that_breaks_its_rules_is_not_written_and_says_which_fields(self, users: UserRepository) -> None:
        with pytest.raises(InvalidRecord) as raised:
            users.insert(ada(status="married", id="has space"))

        assert set(raised.value.fields) == {"status", "id"}
        assert users.list_() == []

    @pytest.mark.parametrize("settings", [{"n": 2**70}, {"text": "\ud800"}, {"nul\0": 1}, {"$x": 1}])
    def test_what_cannot_be_stored_at_all_is_invalid_too(self, settings: dict[str, Any]) -> None:
        with pytest.raises(InvalidRecord):
            OrganizationRepository().insert(Organization(slug="acme", name="Acme", settings=settings))

        assert OrganizationRepository().list_() == []

    def test_a_refused_document_can_be_corrected_and_inserted(self, users: UserRepository) -> None:
        users.insert(ada())
        second = ada()
        with pytest.raises(Duplicate):
            users.insert(second)
        assert second.version == 0

        second.email = "grace@example.org"
        users.insert(second)

        assert users.get(second.id).version == 1

    def test_of_sixteen_threads_with_one_key_one_wins(self, users: UserRepository) -> None:
        start = Barrier(16)

        def insert(number: int) -> str | None:
            start.wait()
            try:
                return users.insert(ada(id=f"u{number}")).id
            except Duplicate:
                return None

        with ThreadPoolExecutor(16) as pool:
            winners = [winner for winner in pool.map(insert, range(16)) if winner]

        assert winners == [user.id for user in users.list_()]
        assert len(winners) == 1


class TestGet:
    def test_an_unknown_id_is_not_found(self, users: UserRepository) -> None:
        with pytest.raises(NotFound) as raised:
            users.get("nobody")

        assert (raised.value.model, raised.value.record_id) == ("User", "nobody")
        assert users.find("nobody") is None

    @pytest.mark.parametrize("value", [{"$gt": ""}, {"$ne": None}, {}])
    def test_an_object_out_of_a_request_matches_nothing(self, users: UserRepository, value: Any) -> None:
        users.insert(ada())

        for ask in (lambda: users.find(value), lambda: users.list_(name=value), lambda: users.get("x", org_id=value)):
            with pytest.raises(InvalidRecord, match="plain value"):
                ask()

    def test_another_organizations_document_is_not_found(self) -> None:
        courses = CourseRepository()
        course = courses.insert(Course(slug="algebra", title="Algebra", subject="math", org_id="acme"))

        assert courses.get(course.id, org_id="acme").title == "Algebra"
        with pytest.raises(NotFound):
            courses.get(course.id, org_id="other")


class TestSave:
    def test_raises_the_version_and_the_moment_of_change(self, users: UserRepository, clock: ManualClock) -> None:
        user = users.insert(ada())
        born = clock.now
        clock.advance(timedelta(hours=1))
        user.name = "Countess"

        users.save(user)

        read = users.get(user.id)
        assert (read.name, read.version, read.created_at, read.updated_at) == ("Countess", 2, born, clock.now)

    def test_never_overwrites_what_its_writer_has_not_read(self, users: UserRepository) -> None:
        users.insert(ada(id="one"))
        first, second = users.get("one"), users.get("one")
        first.name = "First"
        users.save(first)
        second.name = "Second"

        with pytest.raises(StaleVersion) as raised:
            users.save(second)

        assert (raised.value.model, raised.value.record_id, raised.value.version) == ("User", "one", 1)
        assert users.get("one").name == "First"
        assert second.version == 1

    def test_a_save_without_a_change_still_counts(self, users: UserRepository) -> None:
        user = users.insert(ada())

        users.save(user)

        assert users.get(user.id).version == 2

    def test_the_second_save_in_a_row_succeeds(self, users: UserRepository) -> None:
        user = users.insert(ada())
        for name in ("B", "C"):
            user.name = name
            users.save(user)

        assert (users.get(user.id).name, user.version) == ("C", 3)

    def test_a_document_never_stored_is_not_created_by_saving_it(self, users: UserRepository) -> None:
        users.insert(ada(id="one"))

        for stranger in (ada(id="two"), User(id="one", name="Impostor", version=1)):
            with pytest.raises(NotFound):
                users.save(stranger)

        assert [user.name for user in users.list_()] == ["Ada"]

    def test_a_removed_document_does_not_come_back(self, users: UserRepository) -> None:
        users.insert(ada(id="one"))
        first, second = users.get("one"), users.get("one")
        users.delete(first)

        with pytest.raises(StaleVersion):
            users.save(second)

        assert users.find("one") is None

    def test_changing_into_a_taken_key_is_a_duplicate_and_changes_nothing(self, users: UserRepository) -> None:
        users.insert(ada())
        other = users.insert(User(name="Grace", email="grace@example.org"))
        other.email = "ada@EXAMPLE.org"

        with pytest.raises(Duplicate) as raised:
            users.save(other)

        assert raised.value.field == "email"
        assert (other.version, users.get(other.id).email_norm) == (1, "grace@example.org")

    def test_the_key_that_changed_is_blamed_not_one_that_it_held_before(self, users: UserRepository) -> None:
        first = users.insert(User(name="Grace", phone="+49 30 1"))
        second = users.insert(ada())
        second.phone = "+49301"

        with pytest.raises(Duplicate) as raised:
            users.save(second)

        assert (raised.value.field, raised.value.record_id) == ("phone", first.id)

    def test_clearing_the_field_frees_the_key(self, users: UserRepository) -> None:
        first = users.insert(ada())
        first.email = None
        users.save(first)

        assert users.insert(ada()).version == 1

    def test_fields_of_another_release_survive(self, users: UserRepository) -> None:
        user = users.insert(ada())
        User._get_collection().update_one({"_id": user.id}, {"$set": {"newer": {"deep": 1}}})
        read = users.get(user.id)
        read.name = "Changed"

        users.save(read)

        assert User._get_collection().find_one({"_id": user.id})["newer"] == {"deep": 1}

    def test_counting_under_sixteen_threads_loses_nothing(self, users: UserRepository) -> None:
        users.insert(ada(id="one", org_ids=[]))

        def join(number: int) -> None:
            while True:
                user = users.get("one")
                user.org_ids.append(f"org{number}")
                try:
                    users.save(user)
                except StaleVersion:
                    continue
                return

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(join, range(32)))

        read = users.get("one")
        assert sorted(read.org_ids) == sorted(f"org{number}" for number in range(32))
        assert read.version == 33


class TestDelete:
    def test_never_removes_what_its_caller_has_not_read(self, users: UserRepository) -> None:
        users.insert(ada(id="one"))
        first, second = users.get("one"), users.get("one")
        users.save(first)

        with pytest.raises(StaleVersion):
            users.delete(second)

        users.delete(first)
        assert users.find("one") is None


class TestList:
    def test_pages_hold_every_document_once(self, users: UserRepository) -> None:
        ids = [users.insert(User(name=f"U{number}")).id for number in range(5)]

        first = users.list_(limit=2)
        second = users.list_(limit=2, after_id=first[-1].id)
        third = users.list_(limit=2, after_id=second[-1].id)

        assert [user.id for user in [*first, *second, *third]] == ids

    def test_values_narrow_it_also_inside_lists(self, users: UserRepository) -> None:
        users.insert(User(name="Ada", roles=["trainer"], status=UserStatus.ACTIVE))
        users.insert(User(name="Grace", roles=["student", "trainer"]))

        assert [user.name for user in users.with_role("trainer")] == ["Ada", "Grace"]
        assert [user.name for user in users.list_(status=UserStatus.ACTIVE)] == ["Ada"]
