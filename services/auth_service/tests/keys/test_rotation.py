"""Rotation adds one key, as a whole or not at all, whoever reads or rotates at the same moment."""

import os
import stat
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from auth_service.keys import KeyDirectory, KeysUnusable, RotationRefused, rotate
from auth_service.keys.rotation import ensure_development_key
from auth_service.keys.rules import LEAD

from .hands import NOON, Hands, opened


def test_the_first_key_signs_at_once(path: Path, hands: Hands) -> None:
    done = rotate(path, now=NOON)

    assert done.key.starts_at == NOON
    assert opened(path, hands).current().kid == done.key.kid


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_what_it_writes_is_its_owners_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        key = rotate(path, now=NOON).key
    finally:
        os.umask(before)

    assert stat.S_IMODE((path / key.file).stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_while_a_key_waits_for_its_turn_no_other_is_made(path: Path) -> None:
    rotate(path, now=NOON)
    second = rotate(path, now=NOON).key

    with pytest.raises(RotationRefused, match=rf"key {second.kid} .* begins to sign at 2026-01-31 12:02:00 UTC"):
        rotate(path, now=NOON + LEAD - timedelta(seconds=1))

    assert rotate(path, now=NOON + LEAD).key.kid != second.kid


def test_keys_whose_tokens_have_expired_are_removed_and_no_others(path: Path) -> None:
    first = rotate(path, now=NOON).key
    second = rotate(path, now=NOON).key
    late = second.starts_at + timedelta(minutes=20)

    assert rotate(path, now=late - timedelta(minutes=1)).removed == ()
    done = rotate(path, now=late + timedelta(minutes=2))

    assert done.removed == (first.file,)
    assert not (path / first.file).exists()
    assert (path / second.file).exists()


def test_a_compromised_key_is_gone_at_once_and_its_tokens_with_it(path: Path, hands: Hands) -> None:
    stolen = rotate(path, now=NOON).key
    rotate(path, now=NOON)
    directory = opened(path, hands)

    new = rotate(path, now=NOON, compromised=True).key
    hands.advance(seconds=2)

    assert directory.current().kid == new.kid
    assert directory.key(stolen.kid) is None
    assert [one.name for one in path.iterdir()] == [new.file]


def test_a_key_that_cannot_be_read_stops_the_rotation_before_anything_is_written(path: Path) -> None:
    rotate(path, now=NOON)
    (path / "bad.pem").write_bytes(b"garbage")
    (path / "bad.pem").chmod(0o600)
    before = sorted(path.iterdir())

    with pytest.raises(KeysUnusable, match=r"bad\.pem holds no private key in PEM form: remove the file"):
        rotate(path, now=NOON)

    assert sorted(path.iterdir()) == before


def test_a_directory_that_cannot_be_written_is_one_line_and_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate(path, now=NOON)
    before = sorted(path.iterdir())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(KeysUnusable, match=r"no key can be written \(No space left on device\)"):
        rotate(path, now=NOON)
    assert sorted(path.iterdir()) == before


def test_where_a_file_stands_no_directory_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(KeysUnusable, match="cannot be made"):
        rotate(tmp_path / "file", now=NOON)


def test_development_makes_a_key_where_there_is_none_and_only_there(path: Path) -> None:
    made = ensure_development_key(path, now=NOON)

    assert made is not None
    assert ensure_development_key(path, now=NOON) is None
    assert [one.name for one in path.iterdir()] == [made.file]


ROTATE = """
    import sys
    from pathlib import Path
    from auth_service.keys import KeysError, rotate
    from lyceum_database import utc_now

    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print(rotate(Path(sys.argv[1]), now=utc_now()).key.kid)
    except KeysError as exc:
        print("refused:", exc)
"""


def test_processes_that_rotate_at_one_moment_leave_keys_on_which_every_reader_agrees(path: Path) -> None:
    rotate(path, now=NOON)
    broken, finished = [], Event()

    def read() -> None:
        while not finished.is_set():
            try:
                KeyDirectory(path).load()
            except KeysUnusable as exc:
                broken.append(str(exc))

    readers = [Thread(target=read) for _ in range(2)]
    command = [sys.executable, "-c", textwrap.dedent(ROTATE), str(path)]
    programs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(4)
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for reader in readers:
        reader.start()
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("now\n")
    said = [program.communicate(timeout=30)[0].strip() for program in programs]
    finished.set()
    for reader in readers:
        reader.join()

    made = {line for line in said if not line.startswith("refused: key ")}
    views = [KeyDirectory(path) for _ in range(3)]
    for view in views:
        view.load()
    assert broken == []
    assert made
    assert made < {key.kid for key in views[0].published()}
    assert len({tuple(key.kid for key in view.published()) for view in views}) == 1
    assert len({view.current().kid for view in views}) == 1
    assert not [one for one in path.iterdir() if one.name.startswith(".")]
