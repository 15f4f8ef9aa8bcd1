"""The envelope: what an event says about itself besides its body, after CloudEvents 1.0."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lyceum_contracts.fields import Id, Moment

__all__ = ["DEFAULT_ORG", "Envelope"]

DEFAULT_ORG = "default"
"""The organization of an event that names none."""


class Envelope(BaseModel):
    """Who says it, when, for whom and because of what. Type and data version belong to the contract itself.

    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]
    """A repeat of the same id is a repeat of the same event. Foreign producers choose their own form."""
    source: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]
    """The producer, such as ``/course-service``."""
    time: Moment
    org_id: Id = DEFAULT_ORG
    correlation_id: str | None = None
    """Id shared by everything that one request set in motion."""
    causation_id: str | None = None
    """Id of the event or request that directly led to this one."""
    traceparent: str | None = None
