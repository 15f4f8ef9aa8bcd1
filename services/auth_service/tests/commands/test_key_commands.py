"""Keys are rotated and listed from the command line; no line says more of a key than its id."""

import json
from pathlib import Path

import pytest

from auth_service.commands import keys

from .conftest import Run


def test_the_first_key_is_made_and_listed(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "keys"

    made = run(keys, "rotate", "--directory", str(directory))
    listed = run(keys, "list", "--directory", str(directory))

    (file,) = directory.iterdir()
    kid = json.loads(file.read_text())["kid"]
    assert (made.exit_code, made.stdout.split()[:6]) == (0, ["Key", kid, "in", str(directory), "signs", "from"])
    assert listed.exit_code == 0
    header, row = listed.stdout.splitlines()
    assert header.split() == ["key", "state", "signs", "from", "file"]
    assert row.split()[:2] == [kid[:12], "signs"]
    assert row.endswith(file.name)
    assert max(map(len, listed.stdout.splitlines())) <= 80


def test_a_second_key_waits_and_a_third_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    given = {"AUTH_KEYS_DIRECTORY": str(tmp_path / "keys")}
    for _ in range(2):
        assert run(keys, "rotate", **given).exit_code == 0

    refused = run(keys, "rotate", **given)
    listed = [json.loads(line) for line in run(keys, "list", "--json", **given).stdout.splitlines()]

    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: key ")
    assert "until then no other is made" in refused.stderr
    assert [key["state"] for key in listed] == ["signs", "waits"]
    assert [key["published_until"] is None for key in listed] == [False, True]


def test_a_stolen_key_is_removed_at_once(run: Run, tmp_path: Path) -> None:
    given = {"AUTH_KEYS_DIRECTORY": str(tmp_path / "keys")}
    run(keys, "rotate", **given)
    (stolen,) = (tmp_path / "keys").iterdir()

    done = run(keys, "rotate", "--compromised", **given)

    assert done.stdout.splitlines()[1] == f"Removed 1 former key: {stolen.name}."
    assert not stolen.exists()


def test_no_private_half_is_ever_printed(run: Run, tmp_path: Path) -> None:
    given = {"AUTH_KEYS_DIRECTORY": str(tmp_path / "keys")}
    printed = [run(keys, *words, **given).output for words in (("rotate", "--json"), ("list",), ("list", "--json"))]

    (file,) = (tmp_path / "keys").iterdir()
    assert all(json.loads(file.read_text())["d"] not in text for text in printed)


@pytest.mark.parametrize("verb", ["list", "rotate"])
def test_a_directory_that_is_not_named_is_asked_for(run: Run, verb: str) -> None:
    done = run(keys, verb)

    assert done.exit_code == 2
    assert "AUTH_KEYS_DIRECTORY" in done.stderr


def test_an_empty_directory_is_said_to_be_so(run: Run, tmp_path: Path) -> None:
    done = run(keys, "list", "--directory", str(tmp_path))

    assert (done.exit_code, done.stderr) == (
        2,
        f"error: {tmp_path} holds no signing key: run `lyceum keys rotate` to make one\n",
    )
