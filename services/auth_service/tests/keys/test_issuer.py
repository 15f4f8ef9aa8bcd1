"""A token says who signed in, is signed by the key whose turn it is, and is taken by the verifier of every service."""

from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jws, jwt

from auth_service.keys import KeyDirectory, TokenIssuer, rotate
from auth_service.keys.rules import LEAD
from lyceum_web.security.errors import InvalidToken
from lyceum_web.security.tokens import TokenVerifier

from .hands import NOON, Hands, opened

ISSUER = "https://auth.example.org"


@pytest.fixture
def directory(path: Path, hands: Hands) -> KeyDirectory:
    rotate(path, now=NOON)
    return opened(path, hands)


@pytest.fixture
def issuer(directory: KeyDirectory, hands: Hands) -> TokenIssuer:
    return TokenIssuer(directory, issuer=ISSUER, clock=hands)


@pytest.fixture
def verifier(directory: KeyDirectory, hands: Hands) -> TokenVerifier:
    return TokenVerifier(directory, issuer=ISSUER, clock=hands)


def token(issuer: TokenIssuer) -> str:
    return issuer.issue(user_id="u-1", session_id="s-1", org_id="acme", roles=["trainer", "admin"]).token


def test_what_a_token_says(issuer: TokenIssuer, directory: KeyDirectory) -> None:
    issued = issuer.issue(user_id="u-1", session_id="s-1", org_id="acme", roles=["trainer", "admin"])

    read = jwt.decode(issued.token, directory.current().public, algorithms=["Ed25519"])

    assert read.header == {"alg": "Ed25519", "kid": directory.current().kid, "typ": "at+jwt"}
    assert {name: value for name, value in read.claims.items() if name != "jti"} == {
        "iss": ISSUER,
        "aud": "lyceum",
        "sub": "u-1",
        "sid": "s-1",
        "org": "acme",
        "roles": ["admin", "trainer"],
        "iat": int(NOON.timestamp()),
        "nbf": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 600,
    }
    assert (issued.expires_in_s, issued.expires_at) == (600, NOON + timedelta(minutes=10))


def test_no_two_tokens_have_one_id(issuer: TokenIssuer, directory: KeyDirectory) -> None:
    ids = {jwt.decode(token(issuer), directory.current().public, algorithms=["Ed25519"]).claims["jti"] for _ in "abc"}

    assert len(ids) == 3


def test_every_service_takes_it_until_it_expires(issuer: TokenIssuer, verifier: TokenVerifier, hands: Hands) -> None:
    made = token(issuer)

    claims = verifier.verify(made)

    assert (claims.user_id, claims.session_id, claims.org_id) == ("u-1", "s-1", "acme")
    hands.advance(minutes=10, seconds=6)
    with pytest.raises(InvalidToken):
        verifier.verify(made)


def test_a_rotation_ends_no_token_and_needs_no_restart(
    path: Path, issuer: TokenIssuer, verifier: TokenVerifier, directory: KeyDirectory, hands: Hands
) -> None:
    hands.advance(minutes=5)
    before = token(issuer)
    rotate(path, now=hands.now)
    hands.advance(seconds=LEAD.total_seconds())
    after = token(issuer)

    kids = {jws.extract_compact(one.encode()).headers()["kid"] for one in (before, after)}
    assert len(kids) == 2
    assert verifier.verify(before).user_id == verifier.verify(after).user_id == "u-1"


def test_tokens_of_a_compromised_key_are_refused_within_a_look(
    path: Path, issuer: TokenIssuer, verifier: TokenVerifier, directory: KeyDirectory, hands: Hands
) -> None:
    stolen = token(issuer)
    verifier.verify(stolen)

    rotate(path, now=hands.now, compromised=True)
    hands.advance(seconds=2)
    directory.refresh()

    with pytest.raises(InvalidToken):
        verifier.verify(stolen)
    assert verifier.verify(token(issuer)).user_id == "u-1"


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(minutes=16)])
def test_a_life_that_keys_are_not_kept_for_is_refused(directory: KeyDirectory, lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="a token lives between"):
        TokenIssuer(directory, issuer=ISSUER, lifetime=lifetime)


def test_a_token_is_not_shown_by_accident(issuer: TokenIssuer) -> None:
    issued = issuer.issue(user_id="u-1", session_id="s-1", org_id="acme", roles=[])

    assert issued.token not in repr(issued)
