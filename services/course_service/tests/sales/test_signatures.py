"""Signatures are what Stripe's own library makes and takes, but for time, which comes from one clock."""

from datetime import UTC, datetime, timedelta

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from course_service.payments.exceptions import BadSignature, StaleTimestamp
from course_service.payments.signatures import TOLERANCE, signature, verify

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SECRET = "whsec_one"  # noqa: S105 - of no account
BODY = b'{"id": "evt_1"}'


def takes(body: bytes, header: str | None, *secrets: str, now: datetime = NOW) -> bool:
    try:
        verify(body, header, secrets or (SECRET,), now=now)
    except BadSignature:
        return False
    return True


def library_takes(body: bytes, header: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, header, SECRET)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_the_library_takes_ours_and_we_take_the_librarys() -> None:
    ours = signature(BODY, SECRET, at=NOW)
    theirs = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, int(NOW.timestamp()))

    assert ours == theirs
    assert library_takes(BODY, ours)
    assert takes(BODY, theirs)


@given(st.data())
def test_a_header_that_was_tampered_with_is_judged_as_the_library_judges_it(data: st.DataObject) -> None:
    seconds, digest = signature(BODY, SECRET, at=NOW).split(",")
    parts = st.sampled_from([seconds, digest, digest.upper(), "v1=", "v0=" + digest[3:], "x", digest[:-1]])
    header = ",".join(data.draw(st.lists(parts, max_size=5)))
    body = data.draw(st.sampled_from([BODY, BODY + b" ", b"", BODY.replace(b"1", b"2")]))

    # Several times in one header: the library takes the first one. Nobody signs so, so it is refused here.
    if header.count("t=") <= 1:
        assert takes(body, header) == library_takes(body, header)


@given(st.text(max_size=60) | st.none())
def test_no_header_ends_in_anything_but_a_verdict(header: str | None) -> None:
    assert not takes(BODY, header)


def test_every_byte_counts() -> None:
    header = signature(BODY, SECRET, at=NOW)

    assert takes(BODY, header)
    for place in range(len(BODY)):
        changed = bytes([*BODY[:place], BODY[place] ^ 1, *BODY[place + 1 :]])
        assert not takes(changed, header)
    assert not takes(BODY + b"\n", header)
    assert not takes(b"\xff" + BODY, header)


def test_any_of_several_secrets_will_do_and_an_empty_one_never() -> None:
    header = signature(BODY, SECRET, at=NOW)

    assert takes(BODY, header, "whsec_new", SECRET)
    assert not takes(BODY, header, "whsec_new")
    assert not takes(BODY, signature(BODY, "", at=NOW), "")


def test_any_of_several_signatures_will_do() -> None:
    first, second = signature(BODY, "whsec_old", at=NOW), signature(BODY, SECRET, at=NOW)

    assert takes(BODY, first + "," + second.split(",")[1])


@pytest.mark.parametrize("away", [TOLERANCE + timedelta(seconds=1), -TOLERANCE - timedelta(seconds=1)])
def test_what_is_stale_or_from_the_future_is_told_apart_from_what_is_forged(away: timedelta) -> None:
    header = signature(BODY, SECRET, at=NOW)

    with pytest.raises(StaleTimestamp):
        verify(BODY, header, [SECRET], now=NOW + away)
    with pytest.raises(BadSignature):
        verify(BODY + b" ", header, [SECRET], now=NOW + away)


@pytest.mark.parametrize("away", [TOLERANCE, -TOLERANCE, timedelta(0)])
def test_the_tolerance_itself_is_tolerated(away: timedelta) -> None:
    assert verify(BODY, signature(BODY, SECRET, at=NOW), [SECRET], now=NOW + away) == NOW


@pytest.mark.parametrize("seconds", ["99999999999", "-1", "1e9", "\u0661", "9" * 5000])
def test_a_moment_that_is_none_is_refused(seconds: str) -> None:
    with pytest.raises((BadSignature, StaleTimestamp)):
        verify(BODY, f"t={seconds},v1=00", [SECRET], now=NOW)
