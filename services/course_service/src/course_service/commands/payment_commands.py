"""`payment-events`: what payment providers told that nothing came of, and trying it again."""

from collections.abc import Iterable, Sequence
from typing import get_args

import click

from course_service.models import WebhookEvent
from course_service.payments.settings import ProviderName
from course_service.states import WebhookStatus
from course_service.webhooks.repository import WebhookEventRepository
from lyceum_database import utc_now
from lyceum_program.commands.printing import counted, echo_json, moment, print_whole, table
from lyceum_program.commands.refusal import Refusal, plain_refusals
from lyceum_program.commands.servers import database

PROVIDERS: Sequence[str] = get_args(ProviderName)
_SHOWN = (
    "provider",
    "event_id",
    "event_type",
    "reference",
    "purchase_id",
    "amount_minor",
    "refunded_minor",
    "currency",
    "occurred_at",
    "received_at",
    "tries",
    "due",
    "status",
    "outcome",
)


@click.group("payment-events")
def payment_events() -> None:
    """Payment events: look at them, try them again."""


@payment_events.command(
    "list",
    epilog="\b\nExamples:\n  lyceum payment-events list\n"
    "  lyceum payment-events list --status received --json | jq -r .event_id",
)
@click.option(
    "--status",
    type=click.Choice([status.value for status in WebhookStatus]),
    default=WebhookStatus.DEAD.value,
    show_default=True,
    help="Dead ones wait for a person, received ones for the next try.",
)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Rows printed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(status: str, limit: int, *, as_json: bool) -> None:
    """List events of one status, the oldest first, each with what came of it."""
    with plain_refusals(), database():
        events = WebhookEventRepository()
        found, count = events.of_status(WebhookStatus(status), limit=limit), events.count(WebhookStatus(status))
    if as_json:
        for event in found:
            echo_json({"id": event.id, **{name: getattr(event, name) for name in _SHOWN}})
        return
    if found:
        _print(found)
    more = f", {len(found)} shown" if len(found) < count else ""
    click.echo(f"{counted(count, 'event')}{more}.")


@payment_events.command("retry", epilog="\b\nExample:\n  lyceum payment-events retry evt_1NG8Du2eZvKYlo2CUI79vXWy")
@click.argument("event_ids", nargs=-1, required=True, metavar="EVENT...")
@click.option("--provider", type=click.Choice(PROVIDERS), help="Whose events they are, where two have one of that id.")
def retry(event_ids: tuple[str, ...], provider: str | None) -> None:
    """Try each EVENT again, by the provider's id, whatever became of it.

    The next sweep of a running service acts upon it. It is safe: an event that was acted upon before changes nothing.
    One whose three days are over is given up again if it still cannot be acted upon.
    """
    with plain_refusals(), database():
        events = WebhookEventRepository()
        providers = PROVIDERS if provider is None else (provider,)
        known = {event_id: events.named(event_id, providers) for event_id in dict.fromkeys(event_ids)}
        if unfit := [line for event_id, found in known.items() if (line := _unfit(event_id, found, providers))]:
            raise Refusal("\n".join(unfit))
        for (event,) in known.values():
            events.rearm(event, utc_now())
    click.echo(f"{counted(len(known), 'event')} to be tried again: see `lyceum payment-events list` in a minute.")


def _unfit(event_id: str, found: Sequence[WebhookEvent], providers: Iterable[str]) -> str | None:
    """Why it is not clear which event is meant."""
    if not found:
        return f"no event {event_id} of {' or '.join(providers)}"
    named = " or ".join(event.provider for event in found)
    return f"{event_id} is an event of {named}: say which with --provider" if len(found) > 1 else None


def _print(found: Iterable[WebhookEvent]) -> None:
    shown = table("event", "provider", "received", "tries", "type", "what came of it")
    for event in found:
        row = (
            event.event_id,
            event.provider,
            moment(event.received_at),
            str(event.tries),
            event.event_type,
            event.outcome or "",
        )
        shown.add_row(*row)
    print_whole(shown)
