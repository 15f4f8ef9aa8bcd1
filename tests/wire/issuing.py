"""Who signs access tokens where no auth service runs, and the people whom they are for."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from lyceum_database import (
    MongoSettings,
    Role,
    RoleRepository,
    Session,
    SessionRepository,
    User,
    UserRepository,
    close,
    connect,
    new_id,
    utc_now,
)
from lyceum_web.testing.keys import SigningKey, claims_at

LASTING = timedelta(hours=1)


class Issuer:
    """Signs access tokens, and publishes its key as the auth service does."""

    def __init__(self) -> None:
        self.key = SigningKey()
        document = json.dumps({"keys": [{**self.key.public.as_dict(private=False), "kid": self.key.kid}]}).encode()

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(document)))
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self._thread = threading.Thread(target=self._server.serve_forever, name="issuer")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"

    def token(self, user_id: str) -> str:
        said = {"iss": "lyceum-auth", "aud": "lyceum", "sub": user_id, "sid": session_of(user_id)}
        return self.key.signed(json.dumps(claims_at(utc_now(), lifetime=LASTING, **said)).encode())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def session_of(user_id: str) -> str:
    """The id of somebody's one session."""
    return f"session-of-{user_id}"


def sign_in(settings: MongoSettings, *people: str, permissions: tuple[str, ...]) -> None:
    """Store people as the auth service does, each with one session."""
    connect(settings)
    try:
        role = RoleRepository().insert(Role(name=new_id(), permissions=list(permissions)))
        for each in people:
            UserRepository().insert(
                User(
                    id=each,
                    name=each,
                    email=f"{each}@x.test",
                    status="active",
                    org_ids=["default"],
                    roles=[role.id],
                )
            )
            SessionRepository().insert(
                Session(
                    id=session_of(each),
                    user_id=each,
                    refresh_hash=each,
                    issued_at=utc_now(),
                    expires_at=utc_now() + LASTING,
                )
            )
    finally:
        close()
