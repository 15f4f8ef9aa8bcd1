"""Whose tokens count is told by the environment, in words that a person can act upon."""

import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from lyceum_database import Session, SessionRepository, User, UserRepository
from lyceum_database.testing import ManualClock, temporary_database
from lyceum_program.environment import read
from lyceum_program.errors import StartRefused
from lyceum_web.security import AuthenticationUnavailable, InvalidToken, TokenSettings
from lyceum_web.testing.keys import SigningKey, claims_at

CLOCK = ManualClock()


def token(key: SigningKey, **claims: str) -> str:
    said: dict[str, Any] = {"iss": "lyceum-auth", "aud": "lyceum", "sub": "ana", "sid": "s1", **claims}
    return key.signed(json.dumps(claims_at(CLOCK(), **said)).encode())


def sign_in_ana() -> None:
    UserRepository().insert(User(id="ana", name="Ana", email="ana@x.test", status="active", org_ids=["default"]))
    later = CLOCK() + timedelta(days=1)
    SessionRepository().insert(Session(id="s1", user_id="ana", refresh_hash="x", issued_at=CLOCK(), expires_at=later))


async def test_a_token_of_the_issuer_counts_while_its_session_does() -> None:
    key = SigningKey()
    with temporary_database([]):
        security = TokenSettings(keys_url="http://nowhere.invalid/").security(key.keys, clock=CLOCK)
        sign_in_ana()

        assert (await security.find(token(key))).user_id == "ana"
        for other in ({"iss": "somebody"}, {"aud": "others"}, {"sid": "s2"}):
            with pytest.raises(InvalidToken):
                await security.find(token(key, **other))


async def test_keys_come_from_the_address_once_its_server_is_there() -> None:
    key, documents = SigningKey(), list[bytes]()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if documents else 503)
            self.end_headers()
            self.wfile.write(documents[0] if documents else b"")

        def log_message(self, *_: object) -> None: ...

    with temporary_database([]), HTTPServer(("127.0.0.1", 0), Keys) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json"
        sign_in_ana()
        with pytest.raises(AuthenticationUnavailable) as away:
            await TokenSettings(keys_url=url).security(clock=CLOCK).find(token(key))
        assert away.value.headers["Retry-After"] == "1"

        documents.append(json.dumps({"keys": [{**key.public.as_dict(private=False), "kid": key.kid}]}).encode())
        found = await TokenSettings(keys_url=url).security(clock=CLOCK).find(token(key))
        server.shutdown()

    assert found.user_id == "ana"


def test_what_is_not_set_or_no_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StartRefused, match="AUTH_KEYS_URL is not set: give the address of the auth service's key set"):
        read(TokenSettings)
    monkeypatch.setenv("AUTH_KEYS_URL", "auth-service:8000")
    with pytest.raises(StartRefused, match="is no address of a key set"):
        read(TokenSettings).security()
