"""Only what the issuer signed, for us, now, is a token; everything else looks alike to its sender."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from lyceum_web.security import InvalidToken, StaticKeys, TokenVerifier, requires_login
from lyceum_web.security.tokens import UnknownKey
from lyceum_web.testing import Callers, ManualClock
from lyceum_web.testing.keys import AUDIENCE, ISSUER, SigningKey, claims_at

CLOCK = ManualClock()
KEY = SigningKey("key-1")
OTHER = SigningKey("key-1")
UNKNOWN = SigningKey("key-2")
LEEWAY = timedelta(seconds=5)


def verifier(clock: ManualClock = CLOCK, keys: Any = KEY.keys, **options: Any) -> TokenVerifier:
    return TokenVerifier(keys, issuer=ISSUER, audience=AUDIENCE, clock=clock, leeway=LEEWAY, **options)


def payload(**claims: Any) -> bytes:
    return json.dumps(claims_at(CLOCK(), **claims)).encode()


def without(*names: str) -> bytes:
    return json.dumps({name: value for name, value in claims_at(CLOCK()).items() if name not in names}).encode()


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(header: Any, body: bytes = payload(), signature: bytes = b"") -> str:
    return f"{part(header)}.{part(body)}.{part(signature)}"


def really_signed(header: Any, body: bytes = payload()) -> str:
    """Signed by the true key, with a header that no library would write."""
    text = f"{part(header)}.{part(body)}"
    signing: Any = KEY.private.get_op_key("sign")
    return f"{text}.{part(signing.sign(text.encode()))}"


def hs256(secret: bytes, kid: str = "key-1") -> str:
    text = f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': kid})}.{part(payload())}"
    return f"{text}.{part(hmac.digest(secret, text.encode(), 'sha256'))}"


def with_public_key_as_secret(form: str) -> str:
    public = KEY.public
    secrets = {
        "raw": public.public_key.public_bytes_raw(),
        "pem": public.as_pem(private=False),
        "jwk": json.dumps(public.as_dict()).encode(),
    }
    return hs256(secrets[form])


def signed_with(key: Any, algorithm: str) -> str:
    header = {"alg": algorithm, "typ": "at+jwt", "kid": "key-1"}
    return jws.serialize_compact(header, payload(), key, algorithms=[algorithm])


def encrypted() -> str:
    header = {"alg": "dir", "enc": "A128CBC-HS256", "kid": "key-1", "typ": "at+jwt"}
    return jwe.encrypt_compact(header, payload(), OctKey.generate_key(256))


def seconds(offset: float) -> int:
    return int(CLOCK().timestamp() + offset)


GOOD = KEY.signed(payload())
HEADER, BODY, SIGNATURE = GOOD.split(".")
USUAL = {"alg": "Ed25519", "typ": "at+jwt", "kid": "key-1"}

FORGED: dict[str, str] = {
    "empty": "",
    "words": "not-a-token",
    "two parts": f"{HEADER}.{BODY}",
    "four parts": f"{GOOD}.{SIGNATURE}",
    "no signature": f"{HEADER}.{BODY}.",
    "no payload": f"{HEADER}..{SIGNATURE}",
    "no header": f".{BODY}.{SIGNATURE}",
    "truncated": GOOD[:-1],
    "truncated more": GOOD[:-20],
    "padded": GOOD + "=",
    "a line more": GOOD + "\n",
    "a NUL more": GOOD + "\0",
    "oversized": f"{HEADER}.{part(payload(roles=['r' * 60] * 60))}.{SIGNATURE}",
    "signed and oversized": KEY.signed(payload(roles=["r" * 60] * 100)),
    "a long header": really_signed({**USUAL, "kid": "k" * 300}),
    "not ASCII": GOOD.replace("a", "ä", 1),
    "half a surrogate pair": GOOD + "\ud800",
    "a header that is no JSON": unsigned(b"{"),
    "a header that is no object": really_signed(["alg", "typ", "kid"]),
    "a header of nested lists": really_signed(b"[" * 150 + b"]" * 150),
    "a header of numbers": really_signed(5),
    "a header not in UTF-8": really_signed(b'{"alg": "\xff"}'),
    "none": unsigned({**USUAL, "alg": "none"}),
    "None": unsigned({**USUAL, "alg": "None"}),
    "NONE": unsigned({**USUAL, "alg": "NONE"}),
    "none, with a signature": unsigned({**USUAL, "alg": "none"}, signature=b"x" * 64),
    "none, really signed": really_signed({**USUAL, "alg": "none"}),
    "Ed25519 without a signature": unsigned(USUAL),
    "Ed25519 with zeros": unsigned(USUAL, signature=bytes(64)),
    "no alg": really_signed({"typ": "at+jwt", "kid": "key-1"}),
    "alg null": really_signed({**USUAL, "alg": None}),
    "alg a list": really_signed({**USUAL, "alg": ["Ed25519"]}),
    "EdDSA": really_signed({**USUAL, "alg": "EdDSA"}),
    "ed25519": really_signed({**USUAL, "alg": "ed25519"}),
    "Ed448": really_signed({**USUAL, "alg": "Ed448"}),
    "HS256 with another secret": hs256(b"secret"),
    **{f"HS256 with the public key, {form}": with_public_key_as_secret(form) for form in ("raw", "pem", "jwk")},
    "HS256 with no secret": hs256(b""),
    "ES256": signed_with(ECKey.generate_key("P-256"), "ES256"),
    "RS256": signed_with(RSAKey.generate_key(2048), "RS256"),
    "encrypted": encrypted(),
    "signed by another key of that id": OTHER.signed(payload()),
    "an unknown kid": UNKNOWN.signed(payload()),
    "no kid": KEY.signed(payload(), {"kid": None}),
    "kid empty": KEY.signed(payload(), {"kid": ""}),
    "kid a number": really_signed({**USUAL, "kid": 1}),
    "kid a list": really_signed({**USUAL, "kid": ["key-1"]}),
    "kid a path": KEY.signed(payload(), {"kid": "../key-1"}),
    "kid with SQL": KEY.signed(payload(), {"kid": "' OR 1=1 --"}),
    "kid with a line": KEY.signed(payload(), {"kid": "key-1\n"}),
    "typ JWT": KEY.signed(payload(), {"typ": "JWT"}),
    "typ of an id token": KEY.signed(payload(), {"typ": "id+jwt"}),
    "typ in capitals": KEY.signed(payload(), {"typ": "AT+JWT"}),
    "no typ": KEY.signed(payload(), {"typ": None}),
    "a critical header": KEY.signed(payload(), {"crit": ["alg"]}),
    "an unknown critical header": really_signed({**USUAL, "crit": ["exp"], "exp": 1}),
    "crit of another type": really_signed({**USUAL, "crit": 5}),
    "b64 false": really_signed({**USUAL, "b64": False, "crit": ["b64"]}),
    "its own key": KEY.signed(payload(), {"jwk": OTHER.public.as_dict()}),
    "the address of its key": KEY.signed(payload(), {"jku": "https://evil.test/jwks.json"}),
    "a certificate's address": KEY.signed(payload(), {"x5u": "https://evil.test/cert"}),
    "a content type": KEY.signed(payload(), {"cty": "JWT"}),
    "expired": KEY.signed(payload(iat=seconds(-700), nbf=seconds(-700), exp=seconds(-5))),
    "expired long ago": KEY.signed(payload(iat=1, nbf=1, exp=2)),
    "not valid yet": KEY.signed(payload(nbf=seconds(6))),
    "issued in the future": KEY.signed(payload(iat=seconds(6))),
    "another issuer": KEY.signed(payload(iss="https://evil.test")),
    "the issuer with a slash more": KEY.signed(payload(iss=ISSUER + "/")),
    "no issuer's text": KEY.signed(payload(iss=[ISSUER])),
    "another audience": KEY.signed(payload(aud="billing")),
    "several audiences": KEY.signed(payload(aud=[AUDIENCE, "billing"])),
    "an empty audience": KEY.signed(payload(aud="")),
    **{f"without {name}": KEY.signed(without(name)) for name in claims_at(CLOCK())},
    "says nothing": KEY.signed(b"{}"),
    "says a list": KEY.signed(b"[]"),
    "says text": KEY.signed(b"hello"),
    "says what is no UTF-8": KEY.signed(b'{"iss": "\xff"}'),
    "exp text": KEY.signed(payload(exp=str(seconds(600)))),
    "exp a fraction": KEY.signed(payload(exp=seconds(600) + 0.5)),
    "exp true": KEY.signed(payload(exp=True)),
    "exp negative": KEY.signed(payload(exp=-1)),
    "exp beyond all years": KEY.signed(payload(exp=10**18)),
    "exp infinite": KEY.signed(payload(exp=float("inf"))),
    "nbf not a number": KEY.signed(payload(nbf=float("nan"))),
    "sub a number": KEY.signed(payload(sub=1)),
    "sub an operator": KEY.signed(payload(sub={"$gt": ""})),
    "sub empty": KEY.signed(payload(sub="")),
    "sid no id": KEY.signed(payload(sid="a/b")),
    "org no id": KEY.signed(payload(org="a\n")),
    "sub too long": KEY.signed(payload(sub="u" * 65)),
    "roles text": KEY.signed(payload(roles="admin")),
    "roles numbers": KEY.signed(payload(roles=[1])),
}


def test_what_the_issuer_signed_for_us_is_read() -> None:
    claims = verifier().verify(KEY.signed(payload(sub="ana", sid="s-1", org="school", roles=["trainer"])))

    assert (claims.user_id, claims.session_id, claims.org_id) == ("ana", "s-1", "school")
    assert claims.roles == {"trainer"}
    assert claims.issued_at == CLOCK()
    assert claims.expires_at == CLOCK() + timedelta(minutes=10)


@pytest.mark.parametrize("name", FORGED)
def test_everything_else_is_refused(name: str) -> None:
    judge = verifier()
    for _ in range(2):  # the second time nothing is remembered either
        with pytest.raises(InvalidToken):
            judge.verify(FORGED[name])


@pytest.fixture
def client(serve: Callable[..., httpx.Client]) -> httpx.Client:
    router = APIRouter(dependencies=[requires_login()])

    @router.get("/me")
    def me() -> str:
        return "in"

    callers = Callers(clock=CLOCK)
    callers.security.verifier = verifier()
    return serve(router, security=callers.security)


def test_to_their_senders_all_refusals_look_alike(client: httpx.Client) -> None:
    answers = set()
    for token in FORGED.values():
        if token.isascii() and token.isprintable() and token:
            answer = client.get("/me", headers={"Authorization": f"Bearer {token}"})
            answers.add((answer.status_code, answer.text, answer.headers["WWW-Authenticate"]))

    assert len(answers) == 1
    status, text, challenge = answers.pop()
    assert (status, json.loads(text)["code"], challenge) == (401, "invalid_token", 'Bearer error="invalid_token"')


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "unauthenticated"),
        ([b""], "unauthenticated"),
        ([b"Basic YTpi"], "unauthenticated"),
        ([b"Bearerish x"], "unauthenticated"),
        ([b"Bearer"], "invalid_token"),
        ([b"Bearer "], "invalid_token"),
        ([b"Bearer \xff\xfe"], "invalid_token"),
        ([b"Bearer a b"], "invalid_token"),
        ([b"Bearer " + GOOD.encode() + b", Bearer " + GOOD.encode()], "invalid_token"),
        ([b"Bearer " + GOOD.encode()] * 2, "invalid_token"),
        ([b"Bearer " + GOOD.encode(), b"Basic YTpi"], "invalid_token"),
        ([b"Basic YTpi", b"Bearer " + GOOD.encode()], "invalid_token"),
    ],
)
def test_the_header_holds_one_token(client: httpx.Client, headers: list[bytes], code: str) -> None:
    answer = client.get("/me", headers=[(b"Authorization", value) for value in headers])

    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_the_scheme_has_no_case(serve: Callable[..., httpx.Client], callers: Callers, scheme: str) -> None:
    router = APIRouter(dependencies=[requires_login()])

    @router.get("/me")
    def me() -> str:
        return "in"

    token = callers.token_for("ana")
    client = serve(router, security=callers.security)

    assert client.get("/me", headers={"Authorization": f"{scheme} {token}"}).status_code == 200


@given(st.integers(0, len(GOOD) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_no_character_can_be_changed(at: int, other: str) -> None:
    if GOOD[at] == other:
        return
    with pytest.raises(InvalidToken):
        verifier().verify(GOOD[:at] + other + GOOD[at + 1 :])


def test_not_even_the_bits_that_no_byte_needs_can_be_changed() -> None:
    """64 bytes are 86 characters, of whose last only two bits count: 15 others would be read as the same signature."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = alphabet.index(GOOD[-1])
    for other in alphabet[place // 16 * 16 : place // 16 * 16 + 16].replace(GOOD[-1], ""):
        with pytest.raises(InvalidToken):
            verifier().verify(GOOD[:-1] + other)


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    with pytest.raises(InvalidToken):
        verifier().verify(text)


def test_clocks_may_differ_by_the_leeway() -> None:
    expiring = KEY.signed(payload(iat=seconds(-600), nbf=seconds(-600), exp=seconds(-4)))
    beginning = KEY.signed(payload(iat=seconds(5), nbf=seconds(5)))

    assert verifier().verify(expiring).user_id
    assert verifier().verify(beginning).user_id


class Counting(StaticKeys):
    """Keys that can be exchanged, and how often one was asked for a signature's sake."""

    def __init__(self, **keys: OKPKey) -> None:
        super().__init__(keys)
        self.refreshed = 0

    def refresh(self) -> None:
        self.refreshed += 1


def test_a_remembered_token_expires_all_the_same(clock: ManualClock) -> None:
    judge = verifier(clock)
    token = KEY.signed(json.dumps(claims_at(clock())).encode())
    assert judge.verify(token) is judge.verify(token)
    clock.advance(timedelta(minutes=10) + LEEWAY - timedelta(milliseconds=1))
    assert judge.remembered(token) is not None
    clock.advance(timedelta(milliseconds=1))

    assert judge.remembered(token) is None
    with pytest.raises(InvalidToken):
        judge.verify(token)


def test_a_withdrawn_keys_tokens_end_with_it() -> None:
    keys = Counting(**{"key-1": KEY.public})
    judge = verifier(keys=keys)
    judge.verify(GOOD)
    keys._keys = {}

    assert judge.remembered(GOOD) is None
    with pytest.raises(UnknownKey):
        judge.verify(GOOD)


def test_another_key_of_the_same_id_does_not_vouch_for_remembered_tokens() -> None:
    keys = Counting(**{"key-1": KEY.public})
    judge = verifier(keys=keys)
    judge.verify(GOOD)
    keys._keys = {"key-1": OTHER.public}

    with pytest.raises(InvalidToken):
        judge.verify(GOOD)


def test_only_an_unknown_key_makes_it_look_for_more() -> None:
    keys = Counting(**{"key-1": KEY.public})
    judge = verifier(keys=keys)
    for name, token in FORGED.items():
        before = keys.refreshed
        with pytest.raises(InvalidToken):
            judge.verify(token)
        assert keys.refreshed == before + (name == "an unknown kid"), name


def test_what_is_remembered_is_bounded_and_holds_no_token() -> None:
    judge = verifier(capacity=10)
    tokens = [KEY.signed(payload(sub=f"user-{number}")) for number in range(50)]
    for token in tokens:
        judge.verify(token)

    assert len(judge._good) == 10
    assert judge.remembered(tokens[-1]) is not None
    assert judge.remembered(tokens[0]) is None
    assert not any(token in repr(judge._good) for token in tokens)


def test_forged_tokens_are_not_remembered() -> None:
    judge = verifier()
    for token in FORGED.values():
        with pytest.raises(InvalidToken):
            judge.verify(token)

    assert not judge._good


def test_reasons_are_for_the_log_alone() -> None:
    with pytest.raises(InvalidToken) as raised:
        verifier().verify(FORGED["expired"])

    assert raised.value.reason == "has expired"
    assert raised.value.detail is None
    assert "expired" not in str(raised.value)
