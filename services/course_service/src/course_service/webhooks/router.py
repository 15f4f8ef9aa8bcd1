"""The route that payment providers call."""

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Request
from pydantic import Field

from course_service.webhooks.service import WebhookService
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.provided import provided
from lyceum_web.schemas import Answer
from lyceum_web.security import public

Webhooks = Annotated[WebhookService, provided(WebhookService)]
ProviderName = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,31}$", examples=["stripe"])]

router = APIRouter(prefix="/v1/payment-webhooks", tags=["payment webhooks"])


class Received(Answer):
    """The event is stored, whatever becomes of it."""

    received: Annotated[Literal[True], Field(examples=[True])] = True


async def _raw(request: Request) -> bytes:
    """The body as it came: the signature is over its bytes."""
    return await request.body()


@router.post(
    "/{provider}",
    dependencies=[public()],
    responses=problems("not_found", "bad_signature", "stale_signature", "unreadable_event"),
)
@allowing(any_json=True)
def receive_payment_event(
    provider: ProviderName,
    raw: Annotated[bytes, Depends(_raw)],
    request: Request,
    webhooks: Webhooks,
    tasks: BackgroundTasks,
) -> Received:
    """Tell what happened to a payment, signed by the provider.

    Once this answers 200 the event is stored, and acted upon as often as it takes. Any other answer: deliver it again.
    """
    event = webhooks.receive(provider, raw, request.headers)
    tasks.add_task(webhooks.act_at_once, event)
    return Received()
