"""Whatever stands in a key file, it is either an Ed25519 private key of this program's alone, or one clear line."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from auth_service.keys import KeysUnusable
from auth_service.keys.files import new_key_file, read_key
from auth_service.keys.schemas import JwkSet

from .hands import NOON

PRIVATE = Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256 = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any, passphrase: bytes | None = None) -> bytes:
    seal = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    raw: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, seal)
    return raw


def jwk(**changes: Any) -> bytes:
    key = json.loads(new_key_file(NOON)[1])
    return json.dumps({name: value for name, value in {**key, **changes}.items() if value is not None}).encode()


def stored(folder: Path, name: str, content: bytes, mode: int = 0o600) -> Path:
    path = folder / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_key_made_here_is_read_back_with_the_moment_of_its_turn(tmp_path: Path) -> None:
    name, content = new_key_file(NOON + timedelta(minutes=2))

    key = read_key(stored(tmp_path, name, content))

    assert key.starts_at == NOON + timedelta(minutes=2)
    assert key.kid == json.loads(content)["kid"]
    assert name == f"20260131T120200Z-{key.kid[:8]}.jwk"


def test_a_key_of_openssl_has_its_turn_from_when_its_file_was_changed(tmp_path: Path) -> None:
    path = stored(tmp_path, "own.pem", pem(PRIVATE))
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))

    key = read_key(path)

    assert key.starts_at == NOON
    assert key.public.as_dict(private=False)["x"] == key.private.as_dict(private=False)["x"]
    assert "d" not in key.public.as_dict()


def test_only_the_public_half_is_published(tmp_path: Path) -> None:
    key = read_key(stored(tmp_path, "k.jwk", jwk()))

    (published,) = JwkSet.of([key]).model_dump()["keys"]

    halves = {**key.private.as_dict(private=True)}
    assert published == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": halves["x"],
        "kid": key.kid,
        "use": "sig",
        "alg": "Ed25519",
    }


def test_no_half_of_a_key_is_shown_by_accident(tmp_path: Path) -> None:
    content = jwk()
    key = read_key(stored(tmp_path, "k.jwk", content))

    assert json.loads(content)["d"] not in repr(key)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("k.pem", b"", "holds no private key in PEM form"),
        ("k.pem", b"\x00\xff garbage", "holds no private key in PEM form"),
        ("k.pem", pem(PRIVATE)[:60], "holds no private key in PEM form"),
        ("k.pem", pem(PRIVATE, b"open sesame"), "is encrypted: store the key without a pass phrase"),
        ("k.pem", pem(RSA), "holds a key of kind RSA, only Ed25519 signs here"),
        ("k.pem", pem(P256), "holds a key of kind EC, only Ed25519 signs here"),
        (
            "k.pem",
            PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "holds no private key in PEM form",
        ),
        ("k.jwk", b"", "is no JWK in JSON"),
        ("k.jwk", b"[1]", "is no JWK in JSON"),
        ("k.jwk", b"[" * 10_000, "is no JWK in JSON"),
        ("k.jwk", b"\xff\xfe", "is no JWK in JSON"),
        ("k.json", b"{}", "holds a key of kind unknown"),
        ("k.jwk", b'{"kty": "RSA", "n": "AQ", "e": "AQAB", "d": "AQ"}', "holds a key of kind RSA"),
        ("k.jwk", jwk(crv="X25519"), "holds a key of kind X25519"),
        ("k.jwk", jwk(kty=["OKP"]), "only Ed25519 signs here"),
        ("k.jwk", jwk(d=None), "holds only the public half"),
        ("k.jwk", jwk(d="AQ"), "holds a broken Ed25519 key"),
        ("k.jwk", jwk(d=7), "holds a broken Ed25519 key"),
        ("k.jwk", jwk(d="£"), "holds a broken Ed25519 key"),
        ("k.jwk", jwk(x=None), "holds a broken Ed25519 key"),
        ("k.jwk", jwk(x=json.loads(jwk())["x"]), "x is not the public half of d"),
        ("k.jwk", jwk(nbf="noon"), "nbf must be the seconds from 1970"),
        ("k.jwk", jwk(nbf=10**30), "nbf must be the seconds from 1970"),
        ("k.jwk", jwk(nbf=253_402_300_799), "nbf must be the seconds from 1970"),
        ("k.jwk", jwk(nbf=-1), "nbf must be the seconds from 1970"),
        ("k.jwk", jwk(nbf=1.5), "nbf must be the seconds from 1970"),
        ("k.jwk", b"x" * 20_000, "is too long for a key"),
    ],
)
def test_what_is_no_key_is_one_line_that_names_the_file(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = stored(tmp_path, name, content)

    with pytest.raises(KeysUnusable) as caught:
        read_key(path)

    text = str(caught.value)
    assert text.startswith(str(path))
    assert said in text
    assert "\n" not in text


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o610, 0o666])
def test_a_key_that_others_can_read_or_change_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = stored(tmp_path, "k.jwk", jwk(), mode)

    with pytest.raises(KeysUnusable, match=rf"mode {mode:04o}\): run `chmod 600 {path}`"):
        read_key(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
@pytest.mark.parametrize(("mode", "fits"), [(0o440, True), (0o640, True), (0o644, False), (0o660, False)])
def test_a_key_of_root_may_be_read_by_the_group_of_the_program(
    tmp_path: Path, mode: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an orchestrator mounts secrets: root's, readable by the group that the program runs in."""
    path = stored(tmp_path, "k.jwk", jwk(), mode)
    found = [*path.stat()]
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result([*found[:4], 0, *found[5:]]))
    monkeypatch.setattr(os, "geteuid", lambda: 10001)

    if fits:
        assert read_key(path).kid
    else:
        with pytest.raises(KeysUnusable, match="by others"):
            read_key(path)


def test_a_file_that_may_not_be_read_is_named_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stored(tmp_path, "k.jwk", jwk())

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # the tests may run as root, whom no mode keeps out

    with pytest.raises(KeysUnusable, match=r"k\.jwk cannot be read \(Permission denied\)"):
        read_key(path)


def test_a_directory_in_place_of_a_file_is_one_line_too(tmp_path: Path) -> None:
    (tmp_path / "k.pem").mkdir()

    with pytest.raises(KeysUnusable, match=r"k\.pem cannot be read"):
        read_key(tmp_path / "k.pem")


def test_the_time_of_a_turn_is_in_utc(tmp_path: Path) -> None:
    assert read_key(stored(tmp_path, "k.jwk", jwk(nbf=0))).starts_at == datetime(1970, 1, 1, tzinfo=UTC)
