"""The mock cluster's own promises: clear errors, no process left behind."""

from __future__ import annotations

import importlib.util
import signal
import time
from datetime import timedelta
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

import pytest

from keylane import BrokerUnavailableError, KafkaSettings, missing_topics
from keylane.testing import MockCluster, MockClusterError, mock_child

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FileNotFoundError, match=r"install keylane\[testing\]"):
        mock_child.find_library()


def test_a_library_that_is_not_bundled_is_looked_for_where_wheels_put_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "confluent_kafka"
    (package / ".dylibs").mkdir(parents=True)
    spec = ModuleSpec("confluent_kafka", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(FileNotFoundError, match=r"no librdkafka in .*confluent_kafka\.libs.*from a wheel"):
        mock_child.find_library()
    for name in ("librdkafka++.1.dylib", "librdkafka.1.dylib"):
        (package / ".dylibs" / name).touch()
    assert mock_child.find_library().name == "librdkafka.1.dylib"


async def test_it_goes_down_comes_back_and_ends_with_its_parents_word() -> None:
    with MockCluster() as cluster:
        cluster._process.send_signal(signal.SIGINT)  # a Ctrl-C in the terminal is for the parent
        cluster.create_topic("t", 3)
        with pytest.raises(MockClusterError, match=r"refuses topic \('t', 3\)"):
            cluster.create_topic("t", 3)
        settings = KafkaSettings(bootstrap_servers=cluster.bootstrap, request_timeout=timedelta(seconds=1))
        cluster.set_down()
        with pytest.raises(BrokerUnavailableError):
            await missing_topics(settings, ["t"])
        cluster.set_up()
        assert await missing_topics(settings, ["t"]) == []
        cluster.set_round_trip(200)
        started = time.monotonic()
        await missing_topics(settings, ["t"])
        assert time.monotonic() - started >= 0.2
    with pytest.raises(MockClusterError, match="has ended"):
        cluster.create_topic("u", 1)
    cluster.close()
