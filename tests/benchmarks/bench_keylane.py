"""keylane beside other Python runtimes on one real broker: throughput, order, retries, latency, inbox, takeover.

Every run is a fresh process that warms up first; runtimes take turns, figures are medians of three, and every run is
judged by what it completed: each record once, each key in log order. Ratios are the result, rates are the machine's.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import takeover
from .contest import Outcome, Result, in_turns, publish_warm_up, run
from .judging import Row, at_least, at_most
from .load import Load, create, publish
from .options import parsed
from .pacing import fed
from .places import kafka, mongodb, say
from .report import Report
from .task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from .options import Options

Contestants = dict[str, tuple[str, dict[str, Any]]]
"""By the name that the reader sees: the runtime, and what is asked of it."""

ROUNDS = 3
BAR_BARE = 0.5
BAR_FASTSTREAM_ACK = 100.0
BAR_WAITING_S = 0.4
BAR_RETRY_PERCENT = 5.0
LATENCY_RATE = 200.0
LATENCY_RECORDS = 100_000
"""More than any run of that case lasts."""
INBOX_THREADS = 16

NOTHING_TO_DO = Load("no-op", partitions=4, records=200_000, keys=4_000)
WAITING = Load("waiting", partitions=1, records=10_000, keys=1_000)
RETRYING = Load("retrying", partitions=1, records=100_000, keys=1_000)
PACED = Load("paced", partitions=4, records=4 * LATENCY_RECORDS, keys=4)
STORED = Load("stored", partitions=4, records=100_000, keys=4_000)

FASTSTREAM_DEFAULT, FASTSTREAM_ACK = "FastStream default (at most once)", "FastStream AckPolicy.ACK"
FASTSTREAM: dict[str, dict[str, Any]] = {FASTSTREAM_DEFAULT: {}, FASTSTREAM_ACK: {"ack_policy": "ack"}}
BATCHED: dict[str, dict[str, Any]] = {
    "FastStream AckPolicy.ACK, batch=True, max_records=500": {"ack_policy": "ack", "batch": True, "max_records": 500},
}
CONCURRENT: dict[str, dict[str, Any]] = {
    "FastStream default, max_workers=1000 (at most once)": {"max_workers": 1_000},
}
KEYLANE_64, KEYLANE_1000 = "keylane, 64 in flight", "keylane, 1,000 in flight"
BARE, DECODING = "bare aiokafka loop", "aiokafka loop that decodes"
CONFLUENT = "confluent-kafka loop"


def main(arguments: list[str]) -> int:
    """Print the tables; 1 if a bar is broken."""
    options = parsed(arguments, "keylane", __doc__ or "", cases=CASES)
    report = Report("keylane", options)
    with kafka() as bootstrap:
        publish_warm_up(bootstrap)
        for name, case in CASES.items():
            if options.case in (None, name):
                say(f"keylane: {name}")
                case(bootstrap, report)
    return report.close()


def bench_throughput(bootstrap: str, report: Report) -> None:
    """A handler that does nothing: what the runtime itself costs."""
    publish(bootstrap, NOTHING_TO_DO)
    tasks: Contestants = {
        KEYLANE_64: ("keylane_worker", {"concurrency": 64}),
        KEYLANE_1000: ("keylane_worker", {"concurrency": 1_000}),
        BARE: ("aiokafka_loop", {}),
        DECODING: ("aiokafka_loop", {"decode": True}),
        CONFLUENT: ("confluent_loop", {}),
        **{name: ("faststream_app", chosen) for name, chosen in {**FASTSTREAM, **BATCHED}.items()},
    }
    tasks = chosen(report.options, tasks, {KEYLANE_64, BARE, DECODING, *FASTSTREAM})
    limit_s = 12.0 if report.options.full else 1.5
    results = contest(bootstrap, NOTHING_TO_DO, tasks, limit_s=limit_s)
    rows = [rate_row(name, result) for name, result in results.items()]
    rows += ratio_rows(results, BARE, at_least_bar=BAR_BARE)
    rows += ratio_rows(results, FASTSTREAM_ACK, at_least_bar=BAR_FASTSTREAM_ACK)
    for rival in (DECODING, CONFLUENT, FASTSTREAM_DEFAULT, *BATCHED):
        rows += ratio_rows(results, rival)
    report.figures["throughput"] = {name: result.rate for name, result in results.items()}
    report.add(
        "no-op handler, 200,000 records, 4 partitions, records/s",
        rows,
        "The loops and confluent-kafka neither decode nor retry; the batched FastStream handler gets lists, and one "
        "failure fails its whole list.",
    )


def bench_waiting(bootstrap: str, report: Report) -> None:
    """A handler that waits 0 to 5 ms: what key order lets run side by side."""
    publish(bootstrap, WAITING)
    tasks: Contestants = {
        KEYLANE_64: ("keylane_worker", {"concurrency": 64}),
        KEYLANE_1000: ("keylane_worker", {"concurrency": 1_000}),
        BARE: ("aiokafka_loop", {}),
        CONFLUENT: ("confluent_loop", {}),
        **{name: ("faststream_app", chosen) for name, chosen in {**FASTSTREAM, **CONCURRENT}.items()},
    }
    tasks = chosen(report.options, tasks, {KEYLANE_1000, BARE})
    limit_s = 15.0 if report.options.full else 1.5
    results = contest(bootstrap, WAITING, tasks, limit_s=limit_s, waits=True)
    rows = [rate_row(name, result) for name, result in results.items()]
    fast = results[KEYLANE_1000]
    seconds = WAITING.records / fast.rate if fast.at_all else float("nan")
    figure = f"{seconds:.2f} s" if fast.at_all else fast.error
    rows.append(at_most("10,000 records with 1,000 in flight", figure, seconds, BAR_WAITING_S, " s"))
    for rival in (BARE, CONFLUENT, *FASTSTREAM, *CONCURRENT):
        rows += ratio_rows(results, rival, best=KEYLANE_1000)
    report.figures["waiting"] = {name: result.rate for name, result in results.items()}
    report.add(
        "0-5 ms handler, 10,000 records, 1,000 keys, 1 partition, records/s",
        rows,
        "With max_workers nothing keeps records of one key apart: order there, if any, is chance.",
    )


def bench_retry(bootstrap: str, report: Report) -> None:
    """One key that fails all the time beside a thousand that do not."""
    publish(bootstrap, RETRYING)
    tasks: Contestants = {
        "every key well": ("keylane_worker", {"concurrency": 64, "stuck": False}),
        "one key in retry": ("keylane_worker", {"concurrency": 64, "stuck": True}),
    }
    stuck = RETRYING.keys_of(0).count(0)
    limit_s = 20.0 if report.options.full else 2.0
    results = contest(bootstrap, RETRYING, tasks, limit_s=limit_s, records=RETRYING.records - stuck)
    well, retrying = results["every key well"], results["one key in retry"]
    rows = [rate_row(name, result) for name, result in results.items()]
    if well.at_all and retrying.at_all:
        percent = (1 - retrying.rate / well.rate) * 100
        figure = f"{percent:+.1f} % (of processor time {(1 - retrying.cpu_rate / well.cpu_rate) * 100:+.1f} %)"
        rows.append(Row("cost to the other keys", figure, f"< {BAR_RETRY_PERCENT:g} %", percent < BAR_RETRY_PERCENT))
    else:
        rows.append(
            Row("cost to the other keys", well.error or retrying.error, f"< {BAR_RETRY_PERCENT:g} %", within=False)
        )
    report.figures["retry"] = {name: result.rate for name, result in results.items()}
    report.add("one key in retry, no-op handler, 100,000 records, 1,000 keys, 1 partition, records/s", rows)


def bench_latency(bootstrap: str, report: Report) -> None:
    """From publishing to the end of the handler, at a rate that keeps nobody busy."""
    tasks: Contestants = {
        KEYLANE_64: ("keylane_worker", {"concurrency": 64}),
        BARE: ("aiokafka_loop", {}),
        FASTSTREAM_ACK: ("faststream_app", {"ack_policy": "ack"}),
    }
    tasks = chosen(report.options, tasks, {KEYLANE_64, BARE})
    limit_s = 8.0 if report.options.full else 2.5
    results = contest(bootstrap, PACED, tasks, limit_s=limit_s, run_one=run_paced, stamped=True)
    rows = [
        Row(name, f"p50 {result.p50_ms:.1f} ms, p99 {result.p99_ms:.1f} ms" if result.p50_ms else unsettled(result))
        for name, result in results.items()
    ]
    report.figures["latency"] = {name: [result.p50_ms, result.p99_ms] for name, result in results.items()}
    report.add(f"latency from published to done at {LATENCY_RATE:.0f} records/s", rows)


def run_paced(task: Task, load: Load) -> Outcome:
    """A run on a topic of its own, which is written meanwhile: nobody begins with a backlog."""
    topic = f"{load.topic}-{task.group}"
    create(task.bootstrap, topic, load.partitions)
    with fed(task.bootstrap, topic, partitions=load.partitions, rate=LATENCY_RATE):
        return run(replace(task, topic=topic), load)


def bench_inbox(bootstrap: str, report: Report) -> None:
    """With the idempotency store in MongoDB: its two writes are the limit."""
    publish(bootstrap, STORED)
    tasks: Contestants = {
        "keylane with MongoInbox": ("keylane_worker", {"concurrency": 64}),
        "the two writes alone": ("two_writes", {"threads": INBOX_THREADS, "ordered": False}),
    }
    limit_s = 15.0 if report.options.full else 2.0
    with mongodb() as uri:
        results = contest(bootstrap, STORED, tasks, limit_s=limit_s, mongodb=uri)
    rows = [rate_row(name, result) for name, result in results.items()]
    rows += ratio_rows(results, "the two writes alone", best="keylane with MongoInbox")
    report.figures["inbox"] = {name: result.rate for name, result in results.items()}
    report.add(f"inbox in MongoDB, no-op handler, {INBOX_THREADS} threads to the store, records/s", rows)


def bench_takeover(bootstrap: str, report: Report) -> None:
    """kill -9 of one of two workers."""
    times, faults = [], []
    for number in range(ROUNDS if report.options.full else 1):
        try:
            found = takeover.rehearse(bootstrap, f"takeover-{number}")
        except TimeoutError as exc:
            faults.append(str(exc))
            continue
        times.append(found.seconds)
        faults += found.faults
        say(f"  round {number + 1}: {found.seconds:.1f} s, {', '.join(found.faults) or 'nothing lost'}")
    worst, bar = max(times, default=float("nan")), takeover.SESSION.total_seconds() + takeover.ALLOWANCE_S
    figure = f"{worst:.1f} s, {', '.join(faults) or 'nothing lost, in key order'}"
    row = at_most("kill -9 to the first record of its partitions, worst", figure, worst, bar, " s")
    report.figures["takeover"] = times
    report.add(
        f"takeover of one of two workers, session {takeover.SESSION.total_seconds():.0f} s",
        [replace(row, within=bool(row.within) and not faults)],
    )


def chosen(options: Options, tasks: Contestants, always: Collection[str]) -> Contestants:
    """All of them, or in a short run those that a bar or the reader cannot do without."""
    return {name: task for name, task in tasks.items() if options.full or name in always}


def contest(
    bootstrap: str,
    load: Load,
    tasks: Contestants,
    *,
    limit_s: float,
    records: int | None = None,
    run_one: Callable[[Task, Load], Outcome] = run,
    **more: Any,
) -> dict[str, Result]:
    """Three runs of each, in turns."""
    made = {
        name: Task(
            runtime=runtime,
            bootstrap=bootstrap,
            topic=load.topic,
            group=f"{load.topic}-{number}",
            records=records or load.records,
            limit_s=limit_s,
            options=options,
            **{"waits": False, **more},
        )
        for number, (name, (runtime, options)) in enumerate(tasks.items())
    }
    return in_turns(made, load, rounds=ROUNDS, run=run_one, say=say)


def rate_row(name: str, result: Result) -> Row:
    """A rate; for keylane its order and counts are a bar, for others a fact."""
    if not result.at_all:
        return Row(name, failed(result), "", False if name.startswith("keylane_worker") else None)
    faultless = None if not name.startswith("keylane_worker") else result.faults.faultless
    return Row(name, f"{result.rate:,.0f}/s, {result.faults}", "key order" if faultless is not None else "", faultless)


def ratio_rows(
    results: Mapping[str, Result], rival: str, *, best: str = KEYLANE_64, at_least_bar: float | None = None
) -> list[Row]:
    """keylane beside a rival, by the clock and by processor time; a rival that failed is one line."""
    if rival not in results:
        return []
    own, other = results[best], results[rival]
    what = f"{best.split(',', maxsplit=1)[0]} / {rival}"
    if not (own.at_all and other.at_all):
        return [Row(what, "no ratio", f">= {at_least_bar:g}x" if at_least_bar else "", False if at_least_bar else None)]
    ratio = own.rate / other.rate
    figure = f"{ratio:.2f}x (per processor second {own.cpu_rate / other.cpu_rate:.2f}x)"
    return [Row(what, figure) if at_least_bar is None else at_least(what, figure, ratio, at_least_bar, "x")]


def unsettled(result: Result) -> str:
    return "did not catch up with what was published while it started" if result.at_all else failed(result)


def failed(result: Result) -> str:
    return f"failed: {result.error or 'nothing was completed'}"


CASES = {
    "throughput": bench_throughput,
    "waiting": bench_waiting,
    "retry": bench_retry,
    "latency": bench_latency,
    "inbox": bench_inbox,
    "takeover": bench_takeover,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
