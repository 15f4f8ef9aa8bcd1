"""What routes ask for: the services that were built at start, and the key of a request that has one effect."""

from typing import Annotated

from fastapi import Depends, Header, Request

from lyceum_web.idempotency.request import MAX_LENGTH, key_in


class _RequestKey:
    """The `Idempotency-Key` of a request whose effect itself remembers its key, for ever."""

    problems = ("idempotency_key_required", "idempotency_key_reused", "bad_request")

    async def __call__(
        self,
        request: Request,
        idempotency_key: Annotated[  # noqa: ARG002 - for the API's document; the header is read with all its values
            str | None,
            Header(description=f"Chosen by you, new for each thing you want done: 1 to {MAX_LENGTH} characters."),
        ] = None,
    ) -> str:
        return key_in(request.scope["headers"])


RequestKey = Annotated[str, Depends(_RequestKey())]
"""Required `Idempotency-Key`, for what is stored with its key: the same one again has the same effect and a new answer.

Unlike `lyceum_web.idempotency.Idempotent` no answer is kept: those here hold secrets of a payment.
"""
