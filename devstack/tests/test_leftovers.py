"""Taking away what the demo made, also when that fails."""

import io
from typing import cast

import pytest
from rich.console import Console

from lyceum_devstack.demo import leftovers
from lyceum_devstack.demo.stage import Stage
from lyceum_devstack.errors import ServerError


def test_what_could_not_be_removed_after_a_failure_is_named_and_the_failure_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: Stage) -> None:
        raise ServerError("Kafka does not answer")

    printed = io.StringIO()
    monkeypatch.setattr(leftovers, "_remove", refuse)
    monkeypatch.setattr(leftovers, "_names", lambda _: ["database lyceum_demo_7", "topics lyceum-demo-7.*"])

    with (
        pytest.raises(ValueError, match="the run failed"),
        leftovers.cleaned_up(cast("Stage", None), Console(file=printed, width=200), keep=False),
    ):
        raise ValueError("the run failed")

    assert printed.getvalue() == (
        "May be left: database lyceum_demo_7, topics lyceum-demo-7.* (Kafka does not answer)\n"
    )
