"""Named questions: each answers with what it says, in the order it says, and with nothing else."""

from datetime import timedelta

import pytest

from lyceum_database import (
    Course,
    CourseRepository,
    Duplicate,
    InvalidRecord,
    Message,
    MessageRepository,
    Organization,
    OrganizationRepository,
    Role,
    RoleRepository,
    Service,
    ServiceRepository,
    Session,
    SessionRepository,
    User,
    UserRepository,
)
from lyceum_database.states import MessageKind, MessageStatus, SessionStatus
from lyceum_database.testing import ManualClock

pytestmark = pytest.mark.usefixtures("database")


def test_a_person_is_found_by_any_spelling_of_the_address() -> None:
    users = UserRepository()
    ada = users.insert(User(name="Ada", email="Ada@Example.org"))

    found = users.by_email(" ada@EXAMPLE.org ")

    assert found == ada
    assert users.by_email("eve@example.org") is None


def test_two_people_do_not_share_a_phone() -> None:
    users = UserRepository()
    users.insert(User(name="Ada", phone="+49 30 123"))

    with pytest.raises(Duplicate) as raised:
        users.insert(User(name="Eve", phone="+4930123"))

    assert raised.value.field == "phone"


def test_roles_are_found_by_name_within_their_organization_and_many_at_once() -> None:
    roles = RoleRepository()
    trainer = roles.insert(Role(name="trainer", permissions=["courses:read"]))
    other = roles.insert(Role(name="trainer", org_id="acme"))
    roles.insert(Role(name="student"))

    assert roles.by_name("trainer") == trainer
    assert roles.by_name("trainer", org_id="acme") == other
    assert roles.by_name("lead") is None
    assert {role.id for role in roles.many([trainer.id, other.id, "unknown"])} == {trainer.id, other.id}


def test_organizations_are_found_by_slug_which_is_unique_and_fit_for_an_address() -> None:
    organizations = OrganizationRepository()
    acme = organizations.insert(Organization(slug="acme-1", name="Acme"))

    assert organizations.by_slug("acme-1") == acme
    with pytest.raises(Duplicate) as raised:
        organizations.insert(Organization(slug="acme-1", name="Other"))
    assert raised.value.field == "slug"
    for slug in ("Acme", "-a", "a-", "a b", "a\n", "x" * 64):
        with pytest.raises(InvalidRecord):
            organizations.insert(Organization(slug=slug, name="Bad"))


def test_services_are_found_by_their_unique_name() -> None:
    services = ServiceRepository()
    importer = services.insert(Service(name="importer", scopes=["courses:write"], base_url="https://importer.example"))

    assert services.by_name("importer") == importer
    with pytest.raises(Duplicate) as raised:
        services.insert(Service(name="importer"))
    assert raised.value.field == "name"


def test_a_service_holds_few_keys_at_a_time() -> None:
    with pytest.raises(InvalidRecord) as raised:
        ServiceRepository().insert(Service(name="importer", key_hashes=[f"h{number}" for number in range(6)]))

    assert list(raised.value.fields) == ["key_hashes"]


@pytest.mark.parametrize("email", ["a%b@example.org", "a%25b@example.org", "jos\u00e9@example.org"])
def test_a_person_is_found_by_whatever_an_address_may_hold(email: str) -> None:
    users = UserRepository()
    ada = users.insert(User(name="Ada", email=email))
    users.insert(User(name="Eve", email=f"x{email}"))

    assert users.by_email(email.upper()) == ada


class TestSessions:
    @pytest.fixture
    def sessions(self, clock: ManualClock) -> SessionRepository:
        return SessionRepository(clock=clock)

    def opened(self, clock: ManualClock, **changes: object) -> Session:
        given = {"user_id": "ada", "issued_at": clock(), "expires_at": clock() + timedelta(hours=1)}
        return Session(refresh_hash="h", **{**given, **changes})

    def test_live_ones_are_neither_expired_nor_revoked_nor_anothers(
        self, sessions: SessionRepository, clock: ManualClock
    ) -> None:
        live = sessions.insert(self.opened(clock))
        sessions.insert(self.opened(clock, status=SessionStatus.REVOKED))
        sessions.insert(self.opened(clock, user_id="eve"))
        sessions.insert(self.opened(clock, expires_at=clock() + timedelta(minutes=1)))
        clock.advance(timedelta(minutes=1))

        assert sessions.live_of("ada") == [live]

    def test_live_ones_are_listed_however_many(self, sessions: SessionRepository, clock: ManualClock) -> None:
        for _ in range(103):
            sessions.insert(self.opened(clock))

        assert len(sessions.live_of("ada")) == 103


class TestCourses:
    def test_a_slug_is_unique_in_its_organization(self) -> None:
        courses = CourseRepository()
        one = courses.insert(Course(slug="algebra", title="Algebra", subject="math"))
        courses.insert(Course(slug="algebra", title="Algebra", subject="math", org_id="acme"))

        assert courses.by_slug("algebra") == one
        with pytest.raises(Duplicate) as raised:
            courses.insert(Course(slug="algebra", title="Again", subject="math"))
        assert raised.value.field == "slug"

    @pytest.mark.parametrize("changes", [{"price_minor": -1}, {"currency": "eur"}, {"price_minor": 9.5}])
    def test_a_price_is_whole_minor_units_of_a_currency(self, changes: dict[str, object]) -> None:
        with pytest.raises(InvalidRecord) as raised:
            CourseRepository().insert(Course(slug="a", title="A", subject="math", **changes))

        assert list(raised.value.fields) == list(changes)


class TestMessages:
    def said(self, title: str, **changes: object) -> Message:
        given = {"sender_id": "tom", "body": "Text", "status": MessageStatus.PUBLISHED}
        return Message(title=title, **{**given, **changes})

    def test_announcements_are_the_current_ones_of_one_course_newest_first(self, clock: ManualClock) -> None:
        messages = MessageRepository(clock=clock)
        hour = timedelta(hours=1)
        messages.insert(self.said("old", course_id="c", published_at=clock() - hour))
        messages.insert(self.said("new", course_id="c", published_at=clock(), expires_at=clock() + hour))
        messages.insert(self.said("over", course_id="c", published_at=clock(), expires_at=clock()))
        messages.insert(self.said("draft", course_id="c", status=MessageStatus.DRAFT))
        messages.insert(self.said("all", published_at=clock()))
        messages.insert(self.said("other", course_id="c", org_id="acme"))

        assert [message.title for message in messages.announcements(course_id="c")] == ["new", "old"]
        assert [message.title for message in messages.announcements(course_id=None)] == ["all"]

    def test_an_inbox_holds_what_was_written_to_its_owner(self) -> None:
        messages = MessageRepository()
        messages.insert(self.said("for ada", kind=MessageKind.INBOX, recipient_id="ada"))
        messages.insert(self.said("for eve", kind=MessageKind.INBOX, recipient_id="eve"))
        messages.insert(self.said("for all"))

        assert [message.title for message in messages.inbox("ada")] == ["for ada"]
        assert [message.title for message in messages.announcements(course_id=None)] == ["for all"]

    @pytest.mark.parametrize("changes", [{"kind": MessageKind.INBOX}, {"recipient_id": "ada"}])
    def test_an_inbox_message_has_a_recipient_and_an_announcement_has_none(self, changes: dict[str, object]) -> None:
        with pytest.raises(InvalidRecord) as raised:
            MessageRepository().insert(self.said("?", **changes))

        assert raised.value.fields == {"recipient_id": "an inbox message needs one, an announcement has none"}

    def test_sending_again_is_no_second_message(self) -> None:
        messages = MessageRepository()
        messages.insert(self.said("one", client_id="c1"))

        with pytest.raises(Duplicate) as raised:
            messages.insert(self.said("again", client_id="c1"))

        assert raised.value.field == "sender_id+client_id"
