"""What may be an e-mail address here: RFC 5321 and 6531 without quotes, comments and address literals."""

import re
import unicodedata

from lyceum_database.keys import normalised_email

LONGEST = 254  # octets, RFC 5321 with erratum 1690
LONGEST_LOCAL = 64  # octets, RFC 5321, section 4.5.3.1.1

_ATOM = r"[-!#$%&'*+/=?^_`{|}~0-9A-Za-z\u0080-\U0010FFFF]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def canonical(email: str) -> str:
    """Return an address as it is stored: as typed, but for outer blanks, compatibility forms and the domain's case.

    Raises:
        ValueError: it is no address that anybody can have; the text says nothing of the address.
    """
    text = unicodedata.normalize("NFKC", email).strip().replace("\u3002", ".")
    local, _, domain = text.rpartition("@")
    domain = domain.lower()
    if not (_is_local(local) and _is_domain(domain)):
        raise ValueError("is no e-mail address, such as ada@example.org")
    address = f"{local}@{domain}"
    if len(address.encode()) > LONGEST or "@" in normalised_email(address).rpartition("@")[0]:
        raise ValueError("is no e-mail address, such as ada@example.org")
    return address


def _is_local(local: str) -> bool:
    if any(unicodedata.category(character) in _INVISIBLE for character in local):
        return False
    return _LOCAL.fullmatch(local) is not None and len(local.encode()) <= LONGEST_LOCAL


def _is_domain(domain: str) -> bool:
    if any(unicodedata.category(character) in _INVISIBLE for character in domain):
        return False
    try:
        encoded = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return _DOMAIN.fullmatch(encoded.lower()) is not None
