"""JSON Pointers (RFC 6901) into a request, short enough to be shown."""

MOST_ERRORS = 20
"""Listed of one request; whoever sends more mistakes than these has a program to mend first."""

MOST_CHARACTERS = 64
"""Of one name in a pointer: it is the caller's own, and may be as long as a body."""


def pointer(*parts: str | int) -> str:
    """Return the pointer along these names and places; of a very long name the beginning."""
    return "".join(f"/{_escaped(str(part))}" for part in parts)


def _escaped(part: str) -> str:
    """RFC 6901, section 3."""
    short = part if len(part) <= MOST_CHARACTERS else f"{part[:MOST_CHARACTERS]}..."
    return short.replace("~", "~0").replace("/", "~1")


def counted(errors: int) -> str | None:
    """Return the detail that says how many errors there are, if not all of them are listed."""
    return f"The first {MOST_ERRORS} of {errors} errors are listed." if errors > MOST_ERRORS else None
