"""What is published: every line as a CloudEvent, every broken record behind its event, each with its fate."""

import json
from dataclasses import replace

from lyceum_contracts import PurchaseCreated, decode, key_of
from lyceum_devstack.check import Enrolment, Purchase, Refund, Skill
from lyceum_devstack.demo.faults import ALWAYS, NO_FAULTS, BrokenRecord, Faults
from lyceum_devstack.demo.plan import PurchaseLine, acted_on, plan

BOUGHT = PurchaseLine(
    "e1",
    "acme",
    "PURCHASE_CREATED",
    {
        "purchase_id": "p1",
        "student_id": "ada",
        "course_id": "c1",
        "subject": "math",
        "language": "en",
        "amount_minor": 100,
        "currency": "EUR",
        "paid_at": "2026-03-02T08:00:00Z",
    },
)
REFUNDED = PurchaseLine(
    "e2",
    "acme",
    "PURCHASE_REFUNDED",
    {
        "purchase_id": "p1",
        "student_id": "ada",
        "course_id": "c1",
        "full": True,
        "reason": "",
        "refunded_at": "2026-03-02T09:00:00Z",
    },
)
ADA = Enrolment("acme", "ada", "c1")
BROKEN = BrokenRecord(b"k", None, (), after="e1", because="there is no value")


def test_a_line_becomes_an_event_that_the_contract_reads() -> None:
    (record,) = plan([BOUGHT], NO_FAULTS)
    decoded = decode(record.value or b"", record.headers)
    assert isinstance(decoded.event, PurchaseCreated)
    assert (decoded.envelope.id, decoded.envelope.org_id) == ("e1", "acme")
    assert record.key.decode() == key_of(decoded.event)
    assert json.loads(record.value or b"") == BOUGHT.data


def test_each_line_is_a_fact_to_the_judge() -> None:
    bought, refunded = plan([BOUGHT, REFUNDED], NO_FAULTS)
    assert bought.fact == Purchase("p1", ADA, Skill("acme", "math", "en"))
    assert refunded.fact == Refund("p1", ADA, full=True)


def test_a_broken_record_follows_the_first_delivery_of_its_event() -> None:
    records = plan([BOUGHT, REFUNDED, BOUGHT], Faults({}, (BROKEN,), {}))
    assert [record.doomed for record in records] == ["", "there is no value", "", ""]
    assert [record.event_id for record in records] == ["e1", None, "e2", "e1"]


def test_failures_decide_the_fate() -> None:
    def fate(times: int) -> tuple[str, int]:
        (record,) = plan([BOUGHT], Faults({"e1": times} if times else {}, (), {}))
        return record.doomed, record.failures

    assert fate(0) == ("", 0)
    assert fate(1) == ("", 1)
    assert fate(4) == ("", 4)
    assert fate(5) == ("its handler always fails", 5)
    assert fate(ALWAYS) == ("its handler always fails", 5)


def test_the_first_delivery_of_an_event_is_acted_on_and_nothing_that_is_doomed() -> None:
    other = replace(BOUGHT, data={**BOUGHT.data, "student_id": "ben"})
    bought, refunded = Purchase("p1", ADA, Skill("acme", "math", "en")), Refund("p1", ADA, full=True)
    assert acted_on(plan([BOUGHT, other, REFUNDED], Faults({}, (BROKEN,), {}))) == [bought, refunded]
    assert acted_on(plan([BOUGHT, REFUNDED], Faults({"e1": ALWAYS}, (), {}))) == [refunded]
