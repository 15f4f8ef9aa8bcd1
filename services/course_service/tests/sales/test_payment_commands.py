"""An operator sees what nothing came of, and has it tried again."""

import json
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from click.testing import CliRunner, Result

from course_service.commands import payment_events
from course_service.models import WebhookEvent
from course_service.webhooks.repository import WebhookEventRepository

from .shop import Shop, events


@pytest.fixture
def shop(embedded_shop: Shop) -> Shop:
    return embedded_shop


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("course_service.commands.payment_commands.database", nullcontext)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(payment_events, list(arguments), env={"MONGODB_URI": None, "COLUMNS": "80"})

    return run


def test_dead_events_are_listed_with_what_came_of_them(shop: Shop, run: Run) -> None:
    shop.receives(shop.paid(shop.order(), currency="USD"), shop.paid("nobody-ordered"))

    answer = run("list")

    assert answer.exit_code == 0
    assert "in EUR, the event in USD" in answer.stdout
    assert "nobody-ordered" not in answer.stdout
    assert answer.stdout.endswith("1 event.\n")
    waiting = [json.loads(line) for line in run("list", "--status", "received", "--json").stdout.splitlines()]
    assert [event["purchase_id"] for event in waiting] == ["nobody-ordered"]
    assert "2 events" not in run("list", "--status", "done").stdout


def test_a_long_list_says_that_it_is_cut(shop: Shop, run: Run) -> None:
    shop.receives(*[shop.paid(f"nobody-{number}") for number in range(3)])

    assert run("list", "--status", "received", "--limit", "2").stdout.endswith("3 events, 2 shown.\n")


def test_an_event_is_tried_again_once_what_was_wrong_is_mended(
    shop: Shop, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = shop.order()
    with monkeypatch.context() as broken:
        broken.setattr("course_service.webhooks.rules.is_given_up", lambda *_: True)
        broken.setattr(shop.webhooks, "_order_of", _unknown)
        shop.receives(shop.paid(order_id))
    assert [event.status for event in events()] == ["dead"]

    answer = run("retry", events()[0].event_id)

    assert (answer.exit_code, answer.stdout[:28]) == (0, "1 event to be tried again: s")
    shop.clock.now = events()[0].due or shop.clock.now
    shop.sweeps()
    assert [event.status for event in events()] == ["done"]
    assert shop.may_attend()


def test_an_event_that_was_acted_upon_may_be_tried_again_and_changes_nothing(shop: Shop, run: Run) -> None:
    order_id = shop.order()
    shop.receives(shop.paid(order_id))

    run("retry", events()[0].event_id, "--provider", "fake")
    shop.clock.now = events()[0].due or shop.clock.now
    shop.sweeps()

    assert [event.status for event in events()] == ["done"]
    assert shop.told_types(order_id) == ["PURCHASE_CREATED"]


def test_an_unknown_event_is_refused_by_name_and_none_is_touched(shop: Shop, run: Run) -> None:
    shop.receives(shop.paid(shop.order(), currency="USD"))

    answer = run("retry", events()[0].event_id, "evt_none", "--provider", "fake")

    assert (answer.exit_code, answer.stderr) == (2, "error: no event evt_none of fake\n")
    assert [event.status for event in events()] == ["dead"]


def test_an_id_that_no_provider_knows_is_refused_and_one_that_two_know_asks_which(shop: Shop, run: Run) -> None:
    shop.receives(shop.paid(shop.order(), currency="USD"))
    own = events()[0]
    told = ("event_id", "event_type", "status", "kind", "occurred_at", "body_sha256", "received_at")
    WebhookEventRepository().insert(WebhookEvent(provider="stripe", **{name: getattr(own, name) for name in told}))

    assert run("retry", "evt_none").stderr == "error: no event evt_none of stripe or fake\n"
    both = run("retry", own.event_id)
    assert (both.exit_code, "say which with --provider" in both.stderr) == (2, True)
    assert {event.status for event in events()} == {"dead"}
    assert run("retry", own.event_id, "--provider", "fake").exit_code == 0
    assert {(event.provider, event.status) for event in events()} == {("stripe", "dead"), ("fake", "received")}


@pytest.mark.parametrize("command", ["list", "retry"])
def test_help_has_an_example(run: Run, command: str) -> None:
    assert "lyceum payment-events" in run(command, "--help").stdout


def _unknown(*_: object) -> object:
    from course_service.purchases.exceptions import OrderUnknown

    raise OrderUnknown("not there yet")
