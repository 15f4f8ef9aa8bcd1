"""What a password must be like: long, not personal, not known from a breach (NIST SP 800-63B, section 5.1.1.2)."""

import unicodedata
from collections.abc import Iterable

from auth_service.passwords.breaches import BreachList
from auth_service.passwords.exceptions import WeakPassword

SHORTEST = 10  # characters
LONGEST = 256  # characters; a bound so that nobody makes the server hash a book
FEWEST_DISTINCT = 4  # characters: "aaaaaaaaaa" and "1212121212" are in no list of finite length
SHORTEST_PERSONAL = 4  # characters of a name or address that a password must not consist of


def normalised(password: str) -> str:
    """Return the form in which two ways to type one password are equal: NFKC, as NIST SP 800-63B recommends."""
    return unicodedata.normalize("NFKC", password)


class PasswordRules:
    """Refuses passwords that would be guessed. No rule about digits or signs: these only make passwords alike."""

    def __init__(self, breaches: BreachList) -> None:
        self._breaches = breaches

    def check(self, password: str, *, personal: Iterable[str] = ()) -> None:
        """Let a new password pass.

        Args:
            password: as typed.
            personal: what others know of the person: name, address.

        Raises:
            WeakPassword: says why, and what to do.
        """
        text = normalised(password)
        if len(text) < SHORTEST:
            raise WeakPassword("too_short", f"give at least {SHORTEST} characters")
        if len(text) > LONGEST:
            raise WeakPassword("too_long", f"give at most {LONGEST} characters")
        if len(set(text)) < FEWEST_DISTINCT:
            raise WeakPassword("predictable", f"give at least {FEWEST_DISTINCT} different characters")
        if text.casefold() in _taken_from(personal):
            raise WeakPassword("personal", "choose a password that is not your name or address")
        if self._breaches.holds(text):
            raise WeakPassword("breached", "this password is known from a data breach: choose another")


def _taken_from(personal: Iterable[str]) -> set[str]:
    texts = {normalised(text).casefold() for text in personal}
    texts |= {text.partition("@")[0] for text in texts}
    return {text for text in texts if len(text) >= SHORTEST_PERSONAL}
