"""Keys made of several values, and the normal forms in which names are compared."""

import unicodedata


def compose(*parts: str) -> str:
    """Join values to one key, so that different values never give the same key.

    A colon inside a value is escaped, hence `compose("a:b", "c") != compose("a", "b:c")`.
    """
    return ":".join(part.replace("%", "%25").replace(":", "%3A") for part in parts)


def normalised_email(email: str) -> str:
    """Return the form in which two spellings of one address are equal: NFKC, no outer blanks, case folded."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def normalised_phone(phone: str) -> str:
    """Return the digits of a phone number, with its leading plus."""
    digits = "".join(character for character in phone if character.isdecimal())
    return f"+{digits}" if phone.strip().startswith("+") else digits
