"""Catalogue, purchases and messages per second through the services, beside bare pymongo on the same server in the same run.

The commands that a service sends to the database for one request are recorded, then sent again by as many bare threads
as there are clients, to a copy of the same database. Both take turns, so that whatever else the machine does meets both.
Clients, services and servers share the machine.
"""

from __future__ import annotations

import secrets
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pymongo import monitoring
from tests.wire.story.site import Site, running

from real_servers import kafka_server, mongo_server

from .judging import Row, at_least
from .options import parsed
from .report import Report
from .story_commands import Script, Tap, prepared, repeated
from .story_latency import latencies
from .story_latency import rows as latency_rows
from .story_site import CLIENTS, PRODUCTION, STUDENTS, Place, copied, in_parallel, in_process, opened, settled, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.wire.story.caller import Caller

BAR_PERCENT = 15.0
SCREEN = (
    "Orders are paid at a steady rate, whatever became of those before. Each student asks GET /v1/enrolments/{course} "
    "every 20 ms until the trainer is there: relays and listeners look every 200 ms at most."
)
BESIDE = (
    "Medians of {} turns. A purchase is an order and its payment's webhook, until its event has left; a message likewise. "
    "Through a service stand HTTP, the token, the rules and Kafka; eight clients and all servers share the machine."
)
FIRST_TURN = 500
SAMPLES = (1_500, 1_501, 1_502)
"""Numbers of purchases: those for the latency begin at 0, then come the turns, then those that are recorded."""
MESSAGES_DUE = (("conversations", "outbox_due"),)
PURCHASES_DUE = (("webhook_events", "due"), ("purchases", "settle_due"), ("purchases", "outbox_due"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request.

    Attributes:
        work: does it once.
        settles: what has to be empty before all of it is done.
        count: in one turn.
        list_path: a list of the program, for whom it looks up who calls.
        recorded: requests that differ, one after the other.
        changes: collections of what is there before, and is changed.
    """

    what: str
    program: str
    work: Callable[[Caller, int], None]
    settles: tuple[tuple[str, str], ...]
    count: int
    list_path: str
    recorded: int = 1
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """Requests per second, and updates that found no document: then it was no fair comparison."""

    service: float
    bare: float
    missed: int


def catalogue(place: Place) -> Callable[[Caller, int], None]:
    """A page of a subject, or a course, in turn."""

    def read(caller: Caller, number: int) -> None:
        token, course_id = place.pair(number)
        subject = place.school.courses[course_id].subject
        path = f"/v1/courses/{course_id}" if number % 2 else f"/v1/courses?subject={subject}"
        caller.ask("GET", path, token=token)

    return read


def purchases(place: Place) -> Callable[[Caller, int], None]:
    """An order and its payment."""

    def buy(caller: Caller, number: int) -> None:
        place.paid(caller, place.ordered(caller, number))

    return buy


def messages(place: Place) -> Callable[[Caller, int], None]:
    """A message of one student after the other, each in their first conversation."""
    conversations = conversations_of(place)

    def send(caller: Caller, number: int) -> None:
        conversation_id, token = conversations[number % len(conversations)]
        body = {"client_id": f"mark-{number}", "body": "Is Friday at five all right?"}
        caller.ask("POST", f"/v1/conversations/{conversation_id}/messages", body, token=token, expect=(200, 201))

    return send


def conversations_of(place: Place) -> list[tuple[str, str]]:
    with place.caller("chat_service") as chat:
        shown = [
            (token, chat.ask("GET", "/v1/conversations", token=token).body["items"]) for token in place.tokens.values()
        ]
    return [(items[0]["id"], token) for token, items in shown if items]


def recorded(place: Place, tap: Tap, kind: Kind) -> Script:
    """Let the program do it in this process, once to warm up; what it does then is kept.

    What a message changes is there before, so each repetition gets a conversation of its own.
    """
    with in_process(place, kind.program) as caller:
        first, *others = SAMPLES[: kind.recorded + 1]
        kind.work(caller, first)
        until(lambda: settled(place.site, *kind.settles), "the first request to be settled")
        with place.site.documents() as database:
            before = {name: list(database[name].find()) for name in kind.changes}
        for number in others:  # who calls was looked up before, as for all but one request in five seconds
            caller.ask("GET", kind.list_path, token=place.pair(number)[0])
        with tap:
            for number in others:
                kind.work(caller, number)
            until(lambda: settled(place.site, *kind.settles), "the recorded request to be settled")
    used = str(tap.commands)
    documents = {name: [one for one in found if one["_id"] in used] for name, found in before.items()}
    return Script(tap.commands, frozenset() if kind.changes else frozenset(place.courses), documents)


def in_turns(place: Place, kind: Kind, script: Script, rounds: int) -> Iterator[Turn]:
    """The service, then bare threads on a copy of its database, again and again; the first turns warm up."""
    copy = copied(place.site, f"{place.site.name}-{kind.program}-{kind.what.split()[0]}")
    for turn in range(rounds + 1):
        span = range(FIRST_TURN + turn * kind.count, FIRST_TURN + (turn + 1) * kind.count)
        began = time.monotonic()
        in_parallel(place, kind.program, span, kind.work)
        until(lambda: settled(place.site, *kind.settles), f"{kind.what} to be settled")
        service = kind.count / (time.monotonic() - began)
        with copy.documents() as database:
            scripts = prepared(database, script, span)
        bare, missed = repeated(copy.uri, copy.name, scripts, CLIENTS)
        if turn:
            yield Turn(service, bare * kind.recorded, missed)


def compared(place: Place, tap: Tap, kind: Kind, rounds: int) -> list[Row]:
    script = recorded(place, tap, kind)
    turns = list(in_turns(place, kind, script, rounds))
    service, bare = (statistics.median(getattr(turn, name) for turn in turns) for name in ("service", "bare"))
    percent = statistics.median(turn.service / turn.bare for turn in turns) * 100
    missed = sum(turn.missed for turn in turns)
    each = f", {kind.recorded} of them" if kind.recorded > 1 else ""
    return [
        at_least(kind.what, f"{service:.0f}/s of {bare:.0f}/s: {percent:.0f} %", percent, BAR_PERCENT, " %"),
        Row(f"  ... commands to the database{each}", script.summary),
        Row("  ... updates that found nothing when repeated", str(missed) if missed else "none", "none", not missed),
    ]


def latency(place: Place, *, full: bool) -> list[Row]:
    """One purchase at a time, then a crowd."""
    slow, crowd = (60, 300) if full else (20, 60)
    rows, first = [], 0
    for count, per_second, judged in ((slow, 2.0, False), (crowd, 10.0, True)):
        found = latencies(place, range(first, first + count), per_second=per_second)
        rows += latency_rows(found, per_second=per_second, judged=judged)
        first += count
    return rows


def beside(place: Place, tap: Tap, rounds: int, count: int) -> list[Row]:
    """All kinds. Messages need conversations, so the other programs end only after those."""
    if not conversations_of(place):
        latencies(place, range(FIRST_TURN - STUDENTS, FIRST_TURN), per_second=5.0)
        until(lambda: bool(conversations_of(place)), "the first conversation")
    talk, shop = "/v1/conversations", "/v1/enrolments"
    sending = Kind("messages", "chat_service", messages(place), MESSAGES_DUE, count, talk, changes=("conversations",))
    found = compared(place, tap, sending, rounds)
    for program in ("chat_service", "allocation_worker"):
        place.fleet.programs[program][0].kill()
    reading = Kind("catalogue reads", "course_service", catalogue(place), (), 4 * count, shop, recorded=2)
    buying = Kind("purchases", "course_service", purchases(place), PURCHASES_DUE, count, shop)
    return found + compared(place, tap, reading, rounds) + compared(place, tap, buying, rounds)


def main(arguments: list[str]) -> int:
    options = parsed(arguments, "story", __doc__ or "", cases=("screen", "beside"))
    report = Report("story", options)
    rounds, count = (5, 150) if options.full else (2, 80)
    tap = Tap()
    monitoring.register(tap)
    with tempfile.TemporaryDirectory() as folder, kafka_server() as kafka, mongo_server() as mongo:
        site = Site(kafka.address, mongo.address, f"bench-{secrets.token_hex(4)}", Path(folder), PRODUCTION)
        site.deploy()
        with running(site, replicas=1) as fleet:
            place = opened(site, fleet)
            if options.case != "beside":
                report.add("From a paid purchase to the student's screen", latency(place, full=options.full), SCREEN)
            if options.case != "screen":
                rows = beside(place, tap, rounds, count)
                report.add("Through the services, beside bare threads", rows, BESIDE.format(rounds))
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
