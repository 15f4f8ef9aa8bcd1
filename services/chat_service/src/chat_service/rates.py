"""How often somebody may write and read."""

# ruff: noqa: N818 - names say what happened

from dataclasses import dataclass
from typing import Self

from chat_service.errors import ChatServiceError
from lyceum_web.rates import Limit, RateLimiter


class TooOften(ChatServiceError):
    """Somebody writes or reads more often than is allowed.

    Attributes:
        retry_after_s: when the next one is let through, in seconds.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many requests: try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often in how long.

    Attributes:
        sending: messages that one person sends, edits or deletes.
        conversation: the same, by everybody together in one conversation.
        reading: lists and messages that one person reads.
        search: searches of one person.
    """

    sending: Limit
    conversation: Limit
    reading: Limit
    search: Limit

    @classmethod
    def of(cls, *, sending: str, conversation: str, reading: str, search: str) -> Self:
        """Read rates such as `60/minute`.

        Raises:
            ValueError: one of them is no rate.
        """
        return cls(
            sending=Limit.of("sending", sending),
            conversation=Limit.of("conversation", conversation),
            reading=Limit.of("reading", reading),
            search=Limit.of("search", search),
        )


class Pace:
    """Counts what people do against the rates.

    Attributes:
        waits: whether counting may wait for a storage.
    """

    def __init__(self, limiter: RateLimiter, rates: Rates) -> None:
        self.waits = limiter.waits
        self._limiter = limiter
        self._rates = rates

    def write(self, user_id: str) -> None:
        """Count a message that somebody sends, edits or deletes, before anything is looked up.

        Raises:
            TooOften: the limit is reached.
        """
        self._count(self._rates.sending, user_id)

    def written_in(self, conversation_id: str) -> None:
        """Count a message that a member is about to write: a stranger must not use up the conversation's share.

        Raises:
            TooOften: the limit is reached.
        """
        self._count(self._rates.conversation, conversation_id)

    def read(self, user_id: str) -> None:
        """Count a list or a conversation that somebody reads.

        Raises:
            TooOften: the limit is reached.
        """
        self._count(self._rates.reading, user_id)

    def search(self, user_id: str) -> None:
        """Count a search.

        Raises:
            TooOften: the limit is reached.
        """
        self._count(self._rates.search, user_id)

    def _count(self, limit: Limit, key: str) -> None:
        wait_s = self._limiter.hit(limit, key)
        if wait_s is not None:
            raise TooOften(wait_s)
