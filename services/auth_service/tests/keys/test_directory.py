"""A replica's view of the key directory: whole at start, up to date while it serves, never worse than before."""

import logging
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from auth_service.keys import KeysUnusable, rotate
from auth_service.keys.files import new_key_file
from auth_service.keys.rules import LEAD

from .hands import NOON, Hands, opened


@pytest.mark.parametrize("there", [True, False])
def test_without_a_key_the_line_says_how_to_make_one(path: Path, hands: Hands, there: bool) -> None:
    if there:
        path.mkdir()

    with pytest.raises(KeysUnusable, match="holds no signing key: run `lyceum keys rotate` to make one"):
        opened(path, hands)


def test_a_file_in_place_of_the_directory_is_one_line(path: Path, hands: Hands) -> None:
    path.write_text("no directory")

    with pytest.raises(KeysUnusable, match=r"cannot be read .* it must be a directory of key files"):
        opened(path, hands)


def test_a_directory_that_anybody_can_change_is_refused(path: Path, hands: Hands) -> None:
    rotate(path, now=NOON)
    path.chmod(0o777)

    with pytest.raises(KeysUnusable, match=f"can be changed by anybody: run `chmod 700 {path}`"):
        opened(path, hands)


def test_one_bad_file_among_good_ones_stops_the_start(path: Path, hands: Hands) -> None:
    rotate(path, now=NOON)
    (path / "bad.pem").write_bytes(b"garbage")
    (path / "bad.pem").chmod(0o600)

    with pytest.raises(KeysUnusable, match=r"bad\.pem"):
        opened(path, hands)


def test_hidden_files_and_notes_are_left_alone(path: Path, hands: Hands) -> None:
    rotate(path, now=NOON)
    (path / ".half.jwk").write_bytes(b"{")
    (path / "README").write_text("keys of auth_service")

    assert len(opened(path, hands).published()) == 1


def test_a_new_key_is_published_at_once_and_signs_when_its_turn_comes(path: Path, hands: Hands) -> None:
    first = rotate(path, now=NOON).key
    directory = opened(path, hands)

    second = rotate(path, now=NOON).key
    hands.advance(seconds=2)
    assert [key.kid for key in directory.published()] == [first.kid, second.kid]
    assert directory.current().kid == first.kid

    hands.advance(seconds=LEAD.total_seconds())
    assert directory.current().kid == second.kid
    assert [key.kid for key in directory.published()] == [first.kid, second.kid]


def test_the_former_key_verifies_until_its_last_token_has_expired_and_no_longer(path: Path, hands: Hands) -> None:
    first = rotate(path, now=NOON).key
    directory = opened(path, hands)
    second = rotate(path, now=NOON).key
    hands.advance(seconds=2)
    directory.refresh()

    hands.now = second.starts_at + timedelta(minutes=20) - timedelta(milliseconds=1)
    assert directory.key(first.kid) is not None
    hands.now = second.starts_at + timedelta(minutes=20)
    assert directory.key(first.kid) is None
    assert [key.kid for key in directory.published()] == [second.kid]
    assert directory.key(second.kid) is not None


def test_the_verifying_half_stays_the_same_object_while_other_keys_come(path: Path, hands: Hands) -> None:
    """What was verified with it is remembered by that object."""
    first = rotate(path, now=NOON).key
    directory = opened(path, hands)
    before = directory.key(first.kid)

    rotate(path, now=NOON)
    hands.advance(seconds=2)
    directory.refresh()

    assert len(directory.held()) == 2
    assert directory.key(first.kid) is before


def test_the_directory_is_looked_at_no_more_often_than_said(path: Path, hands: Hands) -> None:
    rotate(path, now=NOON)
    directory = opened(path, hands)
    rotate(path, now=NOON)

    hands.advance(seconds=1.9)
    assert not directory.stale()
    assert len(directory.published()) == 1
    hands.advance(seconds=0.1)
    assert directory.stale()
    assert len(directory.published()) == 2


def test_a_change_that_cannot_be_used_is_said_once_and_the_former_keys_stay(
    path: Path, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    kid = rotate(path, now=NOON).key.kid
    directory = opened(path, hands)
    (path / "bad.pem").write_bytes(b"garbage")
    (path / "bad.pem").chmod(0o600)

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            hands.advance(seconds=5)
            assert directory.current().kid == kid

    assert [record.message for record in caplog.records if "bad.pem" in record.message] == [caplog.records[0].message]
    assert caplog.records[0].message.endswith("the keys read before stay in use")


def test_what_was_mended_is_picked_up_and_a_second_break_is_said_again(
    path: Path, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    rotate(path, now=NOON)
    directory = opened(path, hands)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            (path / "bad.pem").write_bytes(b"garbage")
            (path / "bad.pem").chmod(0o600)
            hands.advance(seconds=5)
            directory.refresh()
            (path / "bad.pem").unlink()
            rotate(path, now=hands.now, lead=timedelta(seconds=1))
            hands.advance(seconds=5)
            directory.refresh()

    assert len(directory.held()) == 3
    assert len(caplog.records) == 2


def test_an_emptied_directory_stops_nobody_who_is_serving(path: Path, hands: Hands) -> None:
    kid = rotate(path, now=NOON).key.kid
    directory = opened(path, hands)
    for file in path.iterdir():
        file.unlink()

    hands.advance(seconds=5)

    assert directory.current().kid == kid


def test_a_clock_that_is_behind_signs_with_the_first_key(path: Path, hands: Hands) -> None:
    kid = rotate(path, now=NOON).key.kid
    hands.advance(days=-1)

    directory = opened(path, hands)

    assert directory.current().kid == kid
    assert directory.key(kid) is not None


def test_one_pair_in_two_files_is_one_key(path: Path, hands: Hands) -> None:
    rotate(path, now=NOON)
    name, content = new_key_file(NOON + timedelta(hours=1))
    for copy in (name, f"copy-{name}"):
        (path / copy).write_bytes(content)
        (path / copy).chmod(0o600)

    directory = opened(path, hands)

    assert len(directory.published()) == len({key.kid for key in directory.published()}) == 2


def listing(monkeypatch: pytest.MonkeyPatch, then: Callable[[], object], times: int = 1) -> None:
    """Let something happen between the listing of a directory and the look at its files."""
    plain, left = Path.iterdir, iter(range(times))

    def iterdir(self: Path) -> Iterator[Path]:
        names = list(plain(self))
        if next(left, None) is not None:
            then()
        return iter(names)

    monkeypatch.setattr(Path, "iterdir", iterdir)


def test_a_key_that_a_rotation_removes_while_a_replica_starts_is_not_missed(
    path: Path, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rotate(path, now=NOON).key
    second = rotate(path, now=NOON).key
    listing(monkeypatch, (path / first.file).unlink)

    assert [key.kid for key in opened(path, hands).held()] == [second.kid]


def test_all_keys_replaced_while_a_replica_starts_are_found_at_the_next_look(
    path: Path, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate(path, now=NOON)
    made: list[str] = []

    def replace_all() -> None:
        if not made:  # the rotation lists the directory too
            made.append("")
            made[0] = rotate(path, now=NOON, compromised=True).key.kid

    listing(monkeypatch, replace_all)

    assert [key.kid for key in opened(path, hands).held()] == made


def test_a_link_to_a_file_that_is_gone_is_named(path: Path, hands: Hands) -> None:
    rotate(path, now=NOON)
    (path / "gone.jwk").symlink_to(path / "nowhere.jwk")

    for act in (lambda: opened(path, hands), lambda: rotate(path, now=NOON)):
        with pytest.raises(KeysUnusable, match=r"gone\.jwk is listed and cannot be found: .* remove it"):
            act()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes among files")
def test_a_pipe_in_place_of_a_file_is_named_and_not_waited_for(path: Path, hands: Hands) -> None:
    rotate(path, now=NOON)
    os.mkfifo(path / "pipe.jwk")

    with pytest.raises(KeysUnusable, match=r"pipe\.jwk cannot be read \(it is no file\): remove it"):
        opened(path, hands)
