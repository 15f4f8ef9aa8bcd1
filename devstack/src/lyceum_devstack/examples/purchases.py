"""The lines of examples/purchases.jsonl: each enrolment told as one of a few stories.

Most students buy and stay. Every twentieth or fortieth is a story that goes wrong in real life: a payment page that
sends twice, a refund that overtakes its purchase, a second purchase of the same course.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from lyceum_devstack.examples.enrolments import Enrolment, enrolments

_OPENING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_PACE = timedelta(seconds=97)

Line = dict[str, Any]


class Moment(NamedTuple):
    """A line and when it happens, counted in enrolments since the opening."""

    at: float
    line: Line


def purchase_lines() -> list[Line]:
    """Every line of examples/purchases.jsonl, in the order in which it is published."""
    moments = [moment for enrolment in enrolments() for moment in _story(enrolment.number)(enrolment)]
    return [moment.line for moment in sorted(moments, key=lambda moment: moment.at)]


def _stays(enrolment: Enrolment) -> Iterator[Moment]:
    yield _bought(enrolment)


def _is_delivered_twice(enrolment: Enrolment) -> Iterator[Moment]:
    bought = _bought(enrolment)
    yield bought
    yield bought._replace(at=bought.at + 9.5)


def _is_announced_twice(enrolment: Enrolment) -> Iterator[Moment]:
    """One purchase under two event ids, as a shop sends it that forgets what it has sent."""
    bought = _bought(enrolment)
    yield bought
    yield Moment(bought.at + 3.5, {**bought.line, "id": f"{bought.line['id']}-again"})


def _buys_twice_and_returns_one(enrolment: Enrolment) -> Iterator[Moment]:
    yield _bought(enrolment)
    yield _bought(enrolment, attempt="b", delay=1.5)
    yield _refunded(enrolment, delay=14.5, reason="bought twice")


def _is_refunded(enrolment: Enrolment) -> Iterator[Moment]:
    yield _bought(enrolment)
    yield _refunded(enrolment, delay=25.5, reason="changed my mind")


def _is_refunded_before(enrolment: Enrolment) -> Iterator[Moment]:
    yield _refunded(enrolment, delay=-0.5, reason="payment reversed by the bank")
    yield _bought(enrolment)


def _is_refunded_in_part(enrolment: Enrolment) -> Iterator[Moment]:
    yield _bought(enrolment)
    yield _refunded(enrolment, delay=11.5, reason="goodwill", full=False)


def _comes_back(enrolment: Enrolment) -> Iterator[Moment]:
    yield _bought(enrolment)
    yield _refunded(enrolment, delay=6.5, reason="wrong card")
    yield _bought(enrolment, attempt="b", delay=12.5)


Story = Callable[[Enrolment], Iterator[Moment]]
_EVERY_20TH: dict[int, Story] = {3: _is_delivered_twice, 7: _is_refunded}
_EVERY_40TH: dict[int, Story] = {
    11: _is_refunded_before,
    13: _is_announced_twice,
    17: _buys_twice_and_returns_one,
    19: _comes_back,
    31: _is_refunded_in_part,
}


def _story(number: int) -> Story:
    return _EVERY_20TH.get(number % 20) or _EVERY_40TH.get(number % 40) or _stays


def _bought(enrolment: Enrolment, *, attempt: str = "a", delay: float = 0.0) -> Moment:
    course, at = enrolment.course, enrolment.number + delay
    data = {
        "purchase_id": _purchase_id(enrolment, attempt),
        "student_id": enrolment.student_id,
        "course_id": course.course_id,
        "subject": course.subject,
        "language": course.language,
        "amount_minor": course.amount_minor,
        "currency": course.currency,
        "paid_at": _clock_time(at),
    }
    return Moment(at, {"type": "PURCHASE_CREATED", "id": f"paid-{enrolment.number:04}{attempt}", "data": data})


def _refunded(enrolment: Enrolment, *, delay: float, reason: str, full: bool = True) -> Moment:
    at = enrolment.number + delay
    data = {
        "purchase_id": _purchase_id(enrolment, "a"),
        "student_id": enrolment.student_id,
        "course_id": enrolment.course.course_id,
        "full": full,
        "reason": reason,
        "refunded_at": _clock_time(at),
    }
    return Moment(at, {"type": "PURCHASE_REFUNDED", "id": f"refund-{enrolment.number:04}", "data": data})


def _purchase_id(enrolment: Enrolment, attempt: str) -> str:
    return f"purchase-{enrolment.number:04}{attempt}"


def _clock_time(at: float) -> str:
    return (_OPENING + at * _PACE).isoformat(timespec="seconds").replace("+00:00", "Z")
