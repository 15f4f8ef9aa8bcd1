"""The `Idempotency-Key` header, as an endpoint's parameter."""

from typing import Annotated

from fastapi import Depends, Header, Request

from lyceum_web.idempotency.request import MAX_LENGTH, key_in

KeyHeader = Annotated[
    str | None, Header(description=f"Chosen by you, new for each thing you want done: 1 to {MAX_LENGTH} characters.")
]
"""For the API's document alone: `key_in` reads the header, with all its values."""


class _RequestKey:
    problems = ("idempotency_key_required", "idempotency_key_reused", "bad_request")
    required_header = "idempotency-key"

    async def __call__(self, request: Request, idempotency_key: KeyHeader = None) -> str:  # noqa: ARG002 - see KeyHeader
        return key_in(request.scope["headers"])


RequestKey = Annotated[str, Depends(_RequestKey())]
"""Required `Idempotency-Key`, for what is stored with its key: the same one again has the same effect and a new answer.

Unlike with `Idempotent` no answer is kept, so it may hold secrets.
"""
