"""Reading a JSON Web Key Set (RFC 7517): the keys in it that verify our tokens."""

import json
from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from lyceum_web.security.compact import ALGORITHM, is_key_id

MAX_KEYS = 100

_ALGORITHMS = frozenset({None, ALGORITHM, "EdDSA"})
_USES = frozenset({None, "sig"})


def read_key_set(document: bytes) -> dict[str, OKPKey]:
    """Return the public keys by id; keys for something else are passed over (RFC 7517, section 5).

    Raises:
        ValueError: it is no key set, or none of its keys verifies our tokens.
    """
    try:
        found = json.loads(document)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    listed = found.get("keys") if isinstance(found, Mapping) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError(f"it is no key set of at most {MAX_KEYS} keys")
    keys = {entry["kid"]: public for entry in listed if (public := _public_key(entry)) is not None}
    if not keys:
        raise ValueError(f"no key in it is for {ALGORITHM} signatures")
    return keys


def _public_key(entry: Any) -> OKPKey | None:
    if not isinstance(entry, Mapping) or not _is_ours(entry):
        return None
    try:
        key = OKPKey.import_key({name: entry[name] for name in ("kty", "crv", "x")})
        key.get_op_key("verify")  # it reads the point, which import_key puts off
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return (
        (entry.get("kty"), entry.get("crv")) == ("OKP", "Ed25519")
        and is_key_id(entry.get("kid"))
        and isinstance(entry.get("x"), str)
        and _plain(entry.get("use")) in _USES
        and _plain(entry.get("alg")) in _ALGORITHMS
    )


def _plain(value: Any) -> Any:
    """What may be looked for in a set; anything else is none of its members."""
    return value if value is None or isinstance(value, str) else "something else"
