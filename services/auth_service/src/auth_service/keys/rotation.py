"""Adding a key: one file, there as a whole or not at all; safe while replicas read the directory and others rotate."""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from auth_service.keys import rules
from auth_service.keys.directory import KeyDirectory
from auth_service.keys.exceptions import KeysUnusable, RotationRefused
from auth_service.keys.files import SUFFIXES, new_key_file, read_key
from auth_service.keys.signing_key import SigningKey


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did.

    Attributes:
        key: the new key.
        removed: files of keys whose tokens had all expired, or had to.
    """

    key: SigningKey
    removed: tuple[str, ...]


def rotate(path: Path, *, now: datetime, lead: timedelta = rules.LEAD, compromised: bool = False) -> Rotation:
    """Add a key whose turn comes after `lead`, and remove those whose tokens have all expired.

    The first key of a directory begins at once. Two rotations at the same moment may both add a key: every replica
    signs with the same one of them, and both are published.

    Args:
        path: the directory; made if it is missing.
        now: the time.
        lead: how long the key is published before it signs.
        compromised: let the new key begin at once and remove all others: every token made with them is refused.

    Raises:
        RotationRefused: another key is waiting for its turn.
        KeysUnusable: the directory, or a key in it that must be kept, cannot be used.
    """
    _make_directory(path)
    held = _held(path)
    if not compromised and (waiting := [key for key in held if key.starts_at > now]):
        last = rules.in_turn(waiting)[-1]
        raise RotationRefused(
            f"key {last.kid} ({last.file}) begins to sign at {last.starts_at:%Y-%m-%d %H:%M:%S} UTC: "
            "until then no other is made; if a wrong clock made it, remove the file"
        )
    first = compromised or not held
    key = _add(path, now.replace(microsecond=0) if first else now + lead)
    ends = rules.retirements([*held, key])
    gone = [one.file for one in held if compromised or ends.get(one.kid, now) < now]
    for name in gone:
        (path / name).unlink(missing_ok=True)
    return Rotation(key, tuple(gone))


def ensure_development_key(path: Path, *, now: datetime) -> SigningKey | None:
    """Make the first key of an empty or missing directory; None if it has one.

    Raises:
        KeysUnusable: the directory, or a key in it, cannot be used.
    """
    _make_directory(path)
    return None if _held(path) else _add(path, now.replace(microsecond=0))


def _held(path: Path) -> tuple[SigningKey, ...]:
    if not any(one.suffix in SUFFIXES and not one.name.startswith(".") for one in path.iterdir()):
        return ()
    directory = KeyDirectory(path)
    directory.load()
    return directory.held()


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise KeysUnusable(f"{path} cannot be made ({exc.strerror or exc}): name a directory for the keys") from exc


def _add(path: Path, starts_at: datetime) -> SigningKey:
    name, content = new_key_file(starts_at)
    unfinished = path / f".{secrets.token_hex(8)}.unfinished"
    try:
        _write(unfinished, content)
        unfinished.replace(path / name)
        _keep(path)
    except OSError as exc:
        unfinished.unlink(missing_ok=True)
        raise KeysUnusable(f"{path}: no key can be written ({exc.strerror or exc}): let this user write there") from exc
    return read_key(path / name)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _keep(path: Path) -> None:
    """Let the new name outlast a power cut, where directories can be synchronised."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
