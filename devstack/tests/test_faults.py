"""The fault file: read strictly, and injected exactly as often as it says."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lyceum_devstack.demo.faults import ALWAYS, FaultInjector, InjectedFault, read_faults
from lyceum_devstack.errors import InputError

RECORD = '{"record": {"key": "k", "headers": {"ce_id": "1"}, "text": "{"}, "after": "e1", "because": "cut off"}'


def write(folder: Path, *lines: str) -> Path:
    path = folder / "faults.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_both_kinds_of_line_are_read(tmp_path: Path) -> None:
    faults = read_faults(write(tmp_path, '{"fail": "e1", "times": 4}', "", '{"fail": "e2", "times": "always"}', RECORD))
    assert faults.fails == {"e1": 4, "e2": ALWAYS}
    (broken,) = faults.broken
    assert (broken.key, broken.value, broken.headers, broken.after) == (b"k", b"{", (("ce_id", b"1"),), "e1")


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        '"fail"',
        "{}",
        '{"fail": "e1"}',
        '{"fail": "e1", "times": 0}',
        '{"fail": "e1", "times": "often"}',
        '{"fail": "e1", "times": true}',
        '{"record": {"key": "k", "headers": {}, "base64": "!"}, "after": "e", "because": "b"}',
        '{"record": {"key": 1, "headers": {}, "text": "t"}, "after": "e", "because": "b"}',
        RECORD.replace('"after"', '"before"'),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, '{"fail": "e1", "times": 1}', line)
    with pytest.raises(InputError) as refused:
        read_faults(path)
    assert str(refused.value).startswith(f"{path}:2: ")


def test_a_handler_fails_as_often_as_asked_and_no_more() -> None:
    injector = FaultInjector({"e1": 2})
    outcomes = []
    for _ in range(4):
        try:
            injector("e1")
            outcomes.append("ran")
        except InjectedFault:
            outcomes.append("failed")
    injector("e2")
    assert outcomes == ["failed", "failed", "ran", "ran"]
    assert injector.failed == {"e1": 2}


def test_failures_are_counted_across_threads() -> None:
    injector = FaultInjector({"e1": ALWAYS})

    def start(_: int) -> None:
        with pytest.raises(InjectedFault):
            injector("e1")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(400)))
    assert injector.failed == {"e1": 400}
