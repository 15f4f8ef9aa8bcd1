"""Which part of a conversation somebody asks for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from chat_service.wire import Seq
from lyceum_web.pages import MAX_LIMIT
from lyceum_web.problems import FieldError, ProblemError

LONGEST_WAIT_S = 25
"""Proxies close a connection on which nothing comes for 30 seconds or more."""
DEFAULT_LIMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a conversation.

    Attributes:
        before_seq: messages before this number, the nearest ones.
        after_seq: messages after this number, the nearest ones. Neither: the last ones.
        limit: messages, at most.
        wait_s: how long to wait for the first one.
    """

    before_seq: int | None
    after_seq: int | None
    limit: int
    wait_s: float


async def _stretch(
    before_seq: Annotated[
        Seq | None, Query(description="Messages before this number. Without either: the last ones.")
    ] = None,
    after_seq: Annotated[Seq | None, Query(description="Messages after this number.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Messages, at most.")] = DEFAULT_LIMIT,
    wait: Annotated[
        float,
        Query(
            ge=0,
            le=LONGEST_WAIT_S,
            description="Seconds to wait, if there is no message after `after_seq` yet, until there is one.",
        ),
    ] = 0,
) -> Stretch:
    if before_seq is not None and after_seq is not None:
        raise _misfit("before_seq", "give `before_seq` or `after_seq`, not both")
    if wait and after_seq is None:
        raise _misfit("wait", "waiting needs `after_seq`, the number of the last message that you have")
    return Stretch(before_seq=before_seq, after_seq=after_seq, limit=limit, wait_s=wait)


def _misfit(name: str, message: str) -> ProblemError:
    return ProblemError("invalid_request", errors=[FieldError(f"/query/{name}", "misfit", message)])


AskedStretch = Annotated[Stretch, Depends(_stretch)]
"""Which messages were asked for, as an endpoint's parameter."""
