"""Key files: Ed25519 private keys, as JWK (with the moment of their turn) or as PEM; read by their owner alone."""

import json
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from auth_service.keys.exceptions import KeysUnusable
from auth_service.keys.signing_key import SigningKey

SUFFIXES = (".jwk", ".json", ".pem")
LATEST_TURN = 32_503_680_000  # the year 3000: later moments cannot be reckoned with
LONGEST_FILE = 16_384  # bytes; a key has about 200

_MAKE_ONE = "remove the file, and `lyceum keys rotate` makes a key that can be used"


def read_key(path: Path) -> SigningKey:
    """Read one key file.

    A JWK says in `nbf` when its turn comes (seconds since 1970, as the historical keys of OpenID Federation do); any
    other key's turn came when its file was last changed.

    Raises:
        FileNotFoundError: there is no such file (any more).
        KeysUnusable: names the file, what is wrong and what to do.
    """
    raw, changed_at = _read(path)
    private, starts_at = _from_pem(path, raw) if path.suffix == ".pem" else _from_jwk(path, raw)
    public = OKPKey.import_key(private.as_dict(private=False))
    return SigningKey(public.thumbprint(), path.name, starts_at or changed_at, private, public)


def new_key_file(starts_at: datetime) -> tuple[str, bytes]:
    """Make a key; returns a name for its file and the content."""
    key = OKPKey.generate_key("Ed25519")
    kid = key.thumbprint()
    content = {**key.as_dict(private=True), "kid": kid, "use": "sig", "nbf": int(starts_at.timestamp())}
    return f"{starts_at:%Y%m%dT%H%M%SZ}-{kid[:8]}.jwk", json.dumps(content, indent=1).encode()


def _read(path: Path) -> tuple[bytes, datetime]:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            _check_owner_only(path, found)
            raw = file.read(LONGEST_FILE + 1)
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise KeysUnusable(
            f"{path} cannot be read ({exc.strerror or exc}): it must be a file that the user of this program can read"
        ) from exc
    if len(raw) > LONGEST_FILE:
        raise KeysUnusable(f"{path} is too long for a key: {_MAKE_ONE}")
    return raw, datetime.fromtimestamp(int(found.st_mtime), UTC)


def _check_owner_only(path: Path, found: os.stat_result) -> None:
    """Allow what PostgreSQL allows for its key: the owner's alone, or root's and readable by the program's group."""
    if os.name == "nt":  # access is ruled by lists there, which a mode does not show
        return
    mode = stat.S_IMODE(found.st_mode)
    forbidden = 0o037 if found.st_uid == 0 and os.geteuid() != 0 else 0o077
    if mode & forbidden:
        raise KeysUnusable(f"{path} can be read or changed by others (mode {mode:04o}): run `chmod 600 {path}`")


def _from_pem(path: Path, raw: bytes) -> tuple[OKPKey, None]:
    try:
        key = load_pem_private_key(raw, password=None)
    except TypeError as exc:  # how cryptography says that a pass phrase is missing
        raise KeysUnusable(f"{path} is encrypted: store the key without a pass phrase") from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise KeysUnusable(f"{path} holds no private key in PEM form: {_MAKE_ONE}") from exc
    if not isinstance(key, Ed25519PrivateKey):
        kind = type(key).__name__.removesuffix("PrivateKey").lstrip("_")
        raise KeysUnusable(f"{path} holds a key of kind {kind}, only Ed25519 signs here: {_MAKE_ONE}")
    return OKPKey.import_key(key), None


def _from_jwk(path: Path, raw: bytes) -> tuple[OKPKey, datetime | None]:
    jwk = _json_object(path, raw)
    kind = jwk.get("crv", jwk.get("kty"))
    if jwk.get("kty") != "OKP" or kind != "Ed25519":
        raise KeysUnusable(f"{path} holds a key of kind {_shown(kind)}, only Ed25519 signs here: {_MAKE_ONE}")
    if "d" not in jwk:
        raise KeysUnusable(f"{path} holds only the public half of a key: {_MAKE_ONE}")
    try:
        given = OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "d") if name in jwk})
        private = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(_seed(given)))
    except (JoseError, ValueError, TypeError, AttributeError) as exc:
        raise KeysUnusable(f"{path} holds a broken Ed25519 key: {_MAKE_ONE}") from exc
    if private.as_dict(private=False)["x"] != jwk["x"]:
        raise KeysUnusable(f"{path}: x is not the public half of d: {_MAKE_ONE}")
    return private, _turn(path, jwk)


def _seed(key: OKPKey) -> bytes:
    private = key.private_key
    if private is None:
        raise ValueError("no private half")
    return private.private_bytes_raw()


def _json_object(path: Path, raw: bytes) -> Mapping[str, Any]:
    try:
        jwk = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise KeysUnusable(f"{path} is no JWK in JSON: {_MAKE_ONE}") from exc
    if not isinstance(jwk, dict):
        raise KeysUnusable(f"{path} is no JWK in JSON: {_MAKE_ONE}")
    return jwk


def _turn(path: Path, jwk: Mapping[str, Any]) -> datetime | None:
    seconds = jwk.get("nbf")
    if seconds is None:
        return None
    if not isinstance(seconds, int) or not 0 <= seconds <= LATEST_TURN:
        raise KeysUnusable(f"{path}: nbf must be the seconds from 1970 to the key's turn: {_MAKE_ONE}")
    return datetime.fromtimestamp(seconds, UTC)


def _shown(kind: object) -> str:
    return kind if isinstance(kind, str) and kind.isalnum() and len(kind) <= 20 else "unknown"  # noqa: PLR2004 - a name, or noise
