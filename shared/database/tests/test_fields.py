"""What is read equals what was written, and what has no clear meaning is refused."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from lyceum_database import Course, CourseRepository, InvalidRecord, User, UserRepository, utc_now
from lyceum_database.states import UserStatus

BERLIN_SUMMER = timezone(timedelta(hours=2))


@pytest.mark.usefixtures("database")
class TestMoment:
    def test_is_utc_in_whole_milliseconds_at_once_and_after_reading(self) -> None:
        users = UserRepository()
        given = datetime(2030, 7, 1, 12, 0, 0, 123_999, tzinfo=BERLIN_SUMMER)
        expected = datetime(2030, 7, 1, 10, 0, 0, 123_000, tzinfo=UTC)

        written = users.insert(User(name="Ada", last_login_at=given))
        read = users.get(written.id)

        assert written.last_login_at == read.last_login_at == expected
        assert (str(written.last_login_at), str(read.last_login_at)) == (str(expected), str(expected))

    @pytest.mark.parametrize("moment", [datetime(2030, 1, 1), "2030-01-01", 1_900_000_000])  # noqa: DTZ001 - what is refused
    def test_without_a_time_zone_is_refused(self, moment: Any) -> None:
        with pytest.raises(InvalidRecord) as raised:
            UserRepository().insert(User(name="Ada", last_login_at=moment))

        assert raised.value.fields == {"last_login_at": "must be a datetime with a time zone"}


@pytest.mark.usefixtures("database")
class TestState:
    def test_is_plain_text_in_the_database_whoever_set_it(self) -> None:
        users = UserRepository()
        one = users.insert(User(name="Ada", status=UserStatus.ACTIVE))
        other = users.insert(User(name="Grace", status="active"))

        stored = User._get_collection().distinct("status")

        assert (stored, type(stored[0])) == (["active"], str)
        assert users.get(one.id).status == users.get(other.id).status == UserStatus.ACTIVE

    def test_can_be_asked_for_by_member_or_by_text(self) -> None:
        users = UserRepository()
        users.insert(User(name="Ada", status=UserStatus.LOCKED))

        assert len(users.list_(status=UserStatus.LOCKED)) == len(users.list_(status="locked")) == 1

    def test_changed_by_member_is_saved_as_text(self) -> None:
        users = UserRepository()
        user = users.insert(User(name="Ada"))
        user.status = UserStatus.SUSPENDED
        users.save(user)

        assert type(User._get_collection().find_one({"_id": user.id})["status"]) is str


def test_now_is_aware_and_storable() -> None:
    now = utc_now()

    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


@pytest.mark.usefixtures("database")
class TestWhole:
    @pytest.mark.parametrize("value", [9.5, 9.0, "9", True, -1, 2**63])
    def test_is_a_whole_number_and_never_a_cut_off_one(self, value: Any) -> None:
        with pytest.raises(InvalidRecord) as raised:
            CourseRepository().insert(Course(slug="a", title="A", subject="math", price_minor=value))

        assert list(raised.value.fields) == ["price_minor"]

    def test_keeps_large_amounts_exactly(self) -> None:
        amount = 2**53 + 1
        course = CourseRepository().insert(Course(slug="a", title="A", subject="math", price_minor=amount))

        assert CourseRepository().get(course.id).price_minor == amount


@pytest.mark.usefixtures("database")
class TestFlag:
    @pytest.mark.parametrize("value", ["no", "false", 0, 1])
    def test_is_true_or_false_and_never_a_guess(self, value: Any) -> None:
        with pytest.raises(InvalidRecord) as raised:
            UserRepository().insert(User(name="Ada", mfa=value))

        assert list(raised.value.fields) == ["mfa"]
