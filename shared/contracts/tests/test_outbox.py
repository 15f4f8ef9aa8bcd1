"""An outbox entry is the record that its event becomes, in text that a document can hold."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from lyceum_contracts import Envelope, SessionRevoked, UserRegistered, decode, encode, outbox_entry

MOMENT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@given(reason=st.text(st.characters(exclude_categories=["Cs"]), max_size=500))
def test_what_a_relay_publishes_is_read_back_as_the_event(reason: str) -> None:
    event = SessionRevoked(user_id="u-1", session_id="s-1", reason=reason, revoked_at=MOMENT)
    envelope = Envelope(id="e-1", source="/auth-service", time=MOMENT, org_id="acme", correlation_id="c-1")

    entry = outbox_entry(event, envelope)

    read = decode(entry["value"].encode(), [(name, text.encode()) for name, text in entry["headers"].items()])
    assert (read.event, read.envelope) == (event, envelope)


def test_an_entry_goes_where_the_record_goes() -> None:
    event = UserRegistered(user_id="u-1", roles=("student",), registered_at=MOMENT)
    envelope = Envelope(id="e-1", source="/auth-service", time=MOMENT)

    entry = outbox_entry(event, envelope)

    record = encode(event, envelope)
    assert (entry["topic"], entry["key"]) == (record.topic, record.key.decode()) == ("users", "u-1")
    assert (entry["id"], entry["type"]) == ("e-1", "USER_REGISTERED")
