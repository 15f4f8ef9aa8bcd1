"""What identifies a request that must have one effect."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from lyceum_database.keys import compose
from lyceum_web.problems.error import FieldError, ProblemError

MAX_LENGTH = 128  # characters of a key

_KEY = re.compile(rb'\A(?:"([!#-\[\]-~]{1,128})"|([!#-\[\]-~]{1,128}))\Z')
"""A string of RFC 8941, as draft-ietf-httpapi-idempotency-key-header has it, or, as most send it, without quotes."""


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with its idempotency key.

    Attributes:
        caller: who sent it; another caller's equal key is another key.
        route: service, method and path; so is the same key on another path.
        key: what the caller chose. It is never stored.
        content: query and body.
    """

    caller: str
    route: str
    key: str
    content: bytes

    @property
    def record_id(self) -> str:
        """The id under which its outcome is kept."""
        return sha256(compose(self.caller, self.route, self.key).encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Tells this request from another one with the same key.

        The key salts it: a body may hold what can be guessed, and keys are too random for that.
        """
        return sha256(self.key.encode() + b"\0" + self.content).hexdigest()


def key_in(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the key of the one `Idempotency-Key` header.

    Raises:
        ProblemError: `idempotency_key_required` if there is none, `bad_request` if there are several or it is no key.
    """
    values = [value for name, value in headers if name == b"idempotency-key"]
    if not values:
        raise ProblemError("idempotency_key_required")
    match = _KEY.match(values[0]) if len(values) == 1 else None
    if match is None:
        rule = f"give one key of 1 to {MAX_LENGTH} visible ASCII characters, without quotes and backslashes in it"
        wrong = FieldError("/header/idempotency-key", "idempotency_key", rule)
        raise ProblemError("bad_request", detail="The idempotency key cannot be one.", errors=[wrong])
    return (match[1] or match[2]).decode("ascii")


def content_of(query: bytes, body: bytes) -> bytes:
    """Return what has to be equal for two requests to be the same one. Spelling of JSON does not count."""
    return sha256(query).digest() + sha256(_canonical(body)).digest()


def _canonical(body: bytes) -> bytes:
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body
