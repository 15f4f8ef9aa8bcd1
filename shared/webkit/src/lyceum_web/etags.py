"""Conditional requests (RFC 9110, section 13): versions as entity tags."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from lyceum_web.problems.error import FieldError, ProblemError

MAX_LENGTH = 4096  # characters of one header

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_GAP = re.compile(r"[ \t]*")


Version = int | str
"""Of a document; or a text of printable ASCII without quotes, where what is shown depends on more than that."""


def etag(version: Version) -> str:
    """Return the strong entity tag of a document's version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class Tags:
    """The entity tags of an `If-Match` or `If-None-Match` header.

    Attributes:
        every: the header is `*`: whatever there is.
        strong: tags that promise the same bytes.
        weak: tags that promise the same meaning.
    """

    every: bool = False
    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()

    def match(self, version: Version) -> bool:
        """Compare strongly, as `If-Match` does: a weak tag equals nothing."""
        return self.every or str(version) in self.strong

    def hold(self, version: Version) -> bool:
        """Compare weakly, as `If-None-Match` does."""
        return self.every or str(version) in self.strong | self.weak

    def require(self, version: Version) -> None:
        """Go on only if this is the version that the caller has seen.

        Raises:
            ProblemError: `precondition_failed`.
        """
        if not self.match(version):
            raise ProblemError("precondition_failed", headers={"ETag": etag(version)})


class _IfMatch:
    """The versions that a change may be made to; every change of a shared object has to name them."""

    problems = ("precondition_required", "precondition_failed", "bad_request")
    required_header = "if-match"
    answers_tagged = True

    async def __call__(
        self,
        request: Request,
        if_match: Annotated[
            str | None, Header(description='The `ETag` of the version that you changed, e.g. `"3"`.')
        ] = None,
    ) -> Tags:
        if if_match is None:
            raise ProblemError("precondition_required")
        return _tags("if-match", request)


class _IfNoneMatch:
    """The versions that the caller has already."""

    problems = ("bad_request",)
    answers_tagged = True
    spares_answer = True

    async def __call__(
        self,
        request: Request,
        if_none_match: Annotated[
            str | None, Header(description="`ETag`s that you have; 304 if one is current.")
        ] = None,
    ) -> Tags:
        return Tags() if if_none_match is None else _tags("if-none-match", request)


IfMatch = Annotated[Tags, Depends(_IfMatch())]
"""Required `If-Match`, as the parameter of an endpoint that changes a shared object: `if_match.require(version)`."""

IfNoneMatch = Annotated[Tags, Depends(_IfNoneMatch())]
"""Optional `If-None-Match`, as a parameter: `if known.hold(version): return not_modified(version)`."""


def not_modified(version: Version) -> Response:
    """Return the answer to a caller who has the current version."""
    return Response(status_code=304, headers={"ETag": etag(version)})


def _tags(name: str, request: Request) -> Tags:
    """Several headers of one name are one list (RFC 9110, section 5.3)."""
    text = ", ".join(request.headers.getlist(name))
    try:
        return parsed(text)
    except ValueError:
        wrong = FieldError(f"/header/{name}", "entity_tags", 'give * or entity tags, e.g. "3"')
        raise ProblemError("bad_request", detail=f"{name} holds no entity tags.", errors=[wrong]) from None


def parsed(text: str) -> Tags:
    """Read `*` or a list of entity tags.

    Raises:
        ValueError: it is neither, or too long.
    """
    if text.strip(" \t") == "*":
        return Tags(every=True)
    found = list(_listed(text if len(text) <= MAX_LENGTH else ""))
    if not found:
        raise ValueError("no entity tags")
    return Tags(
        strong=frozenset(tag for weak, tag in found if not weak),
        weak=frozenset(tag for weak, tag in found if weak),
    )


def _listed(text: str) -> Iterator[tuple[bool, str]]:
    """Each tag, and whether it is weak. Commas may stand in tags; empty elements are allowed (section 5.6.1)."""
    at = _past_gap(text, 0)
    while at < len(text):
        tag = _TAG.match(text, at)
        if tag is not None:
            yield tag[1] is not None, tag[2]
            at = _past_gap(text, tag.end())
        if at < len(text) and text[at] != ",":
            raise ValueError("no list of entity tags")
        at = _past_gap(text, at + 1)


def _past_gap(text: str, at: int) -> int:
    gap = _GAP.match(text, at)
    return at if gap is None else gap.end()
