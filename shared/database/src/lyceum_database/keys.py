"""Keys made of several values, and the normal forms in which names are compared."""

import re
import unicodedata

_DOTS = re.compile("[.\u3002]")  # RFC 3490, section 3.1; NFKC gives these two of the four
_ENCODED = "xn--"
_IS_LABEL = re.compile(r"[^\s.@\u3002]+").fullmatch


def compose(*parts: str) -> str:
    """Join values to one key, so that different values never give the same key.

    A colon inside a value is escaped, hence `compose("a:b", "c") != compose("a", "b:c")`.
    """
    return ":".join(part.replace("%", "%25").replace(":", "%3A") for part in parts)


def normalised_email(email: str) -> str:
    """Return the form in which two spellings of one address are equal.

    NFKC, case folded, without outer blanks; an internationalised domain in letters, whether it came in letters or as
    `xn--`. Dots and plus signs in front of the @ stay: only the address's own server knows what they mean.
    """
    local, at, domain = _folded(email).strip().rpartition("@")
    labels = _DOTS.split(domain) if at else [domain]
    return local + at + ".".join(_in_letters(label) for label in labels)


def email_key(email: str) -> str:
    """Return the key under which an address is stored: what `User.email_norm` has to equal."""
    return compose(normalised_email(email))


def _folded(text: str) -> str:
    """NFKC and case folding, again and again until nothing changes: each can undo the other."""
    while (folded := unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())) != text:
        text = folded
    return text


def _in_letters(label: str) -> str:
    if not label.startswith(_ENCODED):
        return label
    try:
        letters = _folded(label.removeprefix(_ENCODED).encode("ascii").decode("punycode"))
    except UnicodeError:
        return label
    return letters if _IS_LABEL(letters) and not letters.startswith(_ENCODED) else label


def normalised_phone(phone: str) -> str:
    """Return the digits of a phone number, with its leading plus."""
    digits = "".join(character for character in phone if character.isdecimal())
    return f"+{digits}" if phone.strip().startswith("+") else digits
