"""What Prometheus is told of a worker, and the trace that leads from a purchase to its trainer."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from allocation_worker.figures import MOST_SKILLS, FairnessFigures
from allocation_worker.health import HealthServer
from keylane.kafka import KafkaBroker
from keylane.testing import until
from lyceum_allocation import Fairness, SkillFairness
from lyceum_allocation.testing import purchase

NOW = datetime(2026, 1, 31, tzinfo=UTC)
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01".encode()


async def get(port: int, path: str, method: str = "GET") -> tuple[bytes, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return head, body.decode()


def samples(text: str) -> dict[str, float]:
    """Sums by sample name: what is counted here has one group and one collection."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found[one.name] = found.get(one.name, 0.0) + one.value
    return found


async def test_one_page_tells_the_process_the_worker_the_outbox_the_timers_and_the_fairness(stage: Any) -> None:
    stage.hire("t1", capacity=5)
    async with stage.working() as program, HealthServer(program, host="127.0.0.1", port=0) as health:
        for number in range(3):
            await stage.publish(purchase(f"p{number}", student=f"s{number}"), event_id=f"e{number}")
        await until(lambda: program.worker.counts.done == 3)
        await until(lambda: any(timer.name == "fairness" and timer.ready for timer in timers(program)))
        head, text = await get(health.port, "/metrics")
        found = samples(text)
        headless = await get(health.port, "/metrics", "HEAD")

    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"Content-Type: text/plain; version=" in head
    assert headless[1] == ""
    assert found["keylane_messages_done_total"] == 3
    assert found["keylane_ready"] == 1
    assert found["keylane_partition_oldest_unfinished_age_seconds"] == 0
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert "python_gc_objects_collected_total" in found
    assert "keylane_outbox_published_total" in found
    assert found["keylane_every_step_duration_seconds_count"] >= 3
    assert found["allocation_trainers"] >= 1
    assert found["allocation_skills_left_out"] == 0


def timers(program: Any) -> list[Any]:
    return [part for part in program._parts if hasattr(part, "step_s")]


async def test_metrics_are_served_before_the_worker_is_ready(stage: Any) -> None:
    async with stage.working() as program:
        pass
    async with HealthServer(program, host="127.0.0.1", port=0) as health:
        head, text = await get(health.port, "/metrics")

    assert b"200 OK" in head
    assert samples(text)["keylane_ready"] == 0


def figures(count: int) -> FairnessFigures:
    skills = tuple(
        SkillFairness(org_id="o", skill=f"s{number}", trainers=number, wait_p50_s=None) for number in range(count)
    )
    made = FairnessFigures(lambda: Fairness(at=NOW, skills=skills, served=10, moves_per_100=2.5, manual_per_100=0.5))
    made.refresh()
    return made


def test_the_largest_skills_get_figures_and_the_rest_is_counted() -> None:
    registry = CollectorRegistry()
    registry.register(figures(MOST_SKILLS + 7))

    assert registry.get_sample_value("allocation_skills_left_out") == 7
    assert registry.get_sample_value("allocation_trainers", {"org": "o", "skill": "s206"}) == 206
    assert registry.get_sample_value("allocation_trainers", {"org": "o", "skill": "s6"}) is None
    assert registry.get_sample_value("allocation_wait_p50_seconds", {"org": "o", "skill": "s206"}) is None
    assert registry.get_sample_value("allocation_moves_per_100_allocations") == 2.5
    assert registry.get_sample_value("allocation_fairness_timestamp_seconds") == NOW.timestamp()


def test_before_the_first_reckoning_there_are_families_without_values() -> None:
    registry = CollectorRegistry()
    registry.register(FairnessFigures(lambda: pytest.fail("not asked for")))

    assert list(registry.collect())
    assert registry.get_sample_value("allocation_skills_left_out") is None


async def test_the_trace_of_a_purchase_goes_on_into_the_event_that_tells_its_trainer(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    stage.hire("t1", capacity=5)
    async with stage.working():
        await stage.publish(purchase("p1", student="s1"), event_id="e1", headers=[("traceparent", PARENT)])
        await until(lambda: {span.name.split()[0] for span in exporter.get_finished_spans()} == {"process", "send"})
    topic = f"{stage.settings.topic_prefix}allocations"
    (event,) = [record async for record in KafkaBroker(stage.settings.kafka).scan(topic)]
    spans = {span.name.split()[0]: span for span in exporter.get_finished_spans()}
    context = spans["process"].get_span_context()

    assert context is not None
    assert trace.format_trace_id(context.trace_id) == TRACE_ID
    assert dict(event.headers)["traceparent"] == (
        f"00-{TRACE_ID}-{trace.format_span_id(context.span_id)}-01".encode()
    ), "the span that decided"
    assert spans["send"].parent is not None
    assert trace.format_trace_id(spans["send"].parent.trace_id) == TRACE_ID


async def test_operations_list_every_metric_and_no_other(stage: Any) -> None:
    async with stage.working() as program:
        text = (await program.metrics()).decode()
    page = Path(__file__).parents[3].joinpath("docs", "operations.md").read_text()
    table = page.split("## Metrics and alarms")[1].split("## ")[0]
    own = {name for name in re.findall(r"# TYPE (\w+)", text) if name.startswith(("keylane_", "allocation_"))}
    listed = set(re.findall(r"`((?:keylane|allocation)_[a-z0-9_]+)`", table))

    assert listed == {name for name in own if not name.endswith("_created")}
