"""The lines of examples/faults.jsonl: handlers that fail, and records that no purchase line could hold."""

import base64
import json
from typing import Any

from lyceum_devstack.examples.purchases import purchase_lines

Line = dict[str, Any]

_FAILS_ONCE = (2, 24, 45, 66, 88, 109, 130, 152, 173, 194)
_FAILS_FOUR_TIMES = (6, 49, 92, 135, 178)
_FAILS_ALWAYS = ("paid-0030a", "paid-0101a", "refund-0047")
_CREATED = {"ce_specversion": "1.0", "ce_type": "PURCHASE_CREATED", "ce_source": "/shop"}
_STRANGE = {"ce_type": "PURCHASE_TELEPORTED"}


def fault_lines() -> list[Line]:
    """Every line of examples/faults.jsonl: first the failing handlers, then the broken records."""
    return [*_failing_handlers(), *_broken_records()]


def _failing_handlers() -> list[Line]:
    once = [{"fail": f"paid-{number:04}a", "times": 1} for number in _FAILS_ONCE]
    four = [{"fail": f"paid-{number:04}a", "times": 4} for number in _FAILS_FOUR_TIMES]
    always = [{"fail": event_id, "times": "always"} for event_id in _FAILS_ALWAYS]
    return [*once, *four, *always]


def _broken_records() -> list[Line]:
    return [
        _broken("the value is cut off", 10, text='{"purchase_id": "purchase-9001", "student_id": '),
        _broken("the value is no JSON", 35, text="purchase 9002 for student 9002, please"),
        _broken("the value is not UTF-8", 60, base64=base64.b64encode(b"\xff\xfe\x00\xd8\xa7").decode()),
        _broken("there is no value", 85, text=None),
        _broken("the value is a list", 110, text='["purchase-9005"]'),
        _broken("the amount is negative", 120, text=_sold(amount_minor=-49_00)),
        _broken("the student is missing", 145, text=_sold(student_id=None)),
        _broken("the type is missing", 160, text=_sold(), headers=_untyped("broken-0160")),
        _broken("the id is missing", 170, text=_sold(), headers=_CREATED),
        _broken("nobody knows the type", 200, text=_sold(), headers=_untyped("broken-0200") | _STRANGE),
    ]


def _broken(because: str, after: int, *, headers: dict[str, str] | None = None, **value: str | None) -> Line:
    headers = _CREATED | {"ce_id": f"broken-{after:04}"} if headers is None else headers
    record = {"key": f"student-9{after:03}:algebra-1", "headers": headers, **value}
    return {"record": record, "after": f"paid-{after:04}a", "because": because}


def _untyped(event_id: str) -> dict[str, str]:
    return {"ce_specversion": "1.0", "ce_id": event_id, "ce_source": "/shop"}


def _sold(**changed: Any) -> str:
    sold = purchase_lines()[0]["data"] | {"purchase_id": "purchase-9000", "student_id": "student-9000"} | changed
    return json.dumps({name: value for name, value in sold.items() if value is not None})
