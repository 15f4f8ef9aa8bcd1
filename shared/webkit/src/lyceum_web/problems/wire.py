"""The form of a problem, for the API's document."""

from pydantic import BaseModel, ConfigDict, Field


class FieldErrorBody(BaseModel):
    """What is wrong with one value of the request."""

    pointer: str = Field(description="JSON Pointer into the request.", examples=["/body/email", "/query/limit"])
    code: str = Field(description="Stable name of the rule that is broken.", examples=["missing"])
    message: str = Field(description="For people.", examples=["Field required"])


class Problem(BaseModel):
    """Why a request did not succeed: RFC 9457."""

    model_config = ConfigDict(json_schema_extra={"required": ["type", "title", "status", "detail", "instance", "code"]})

    type: str = Field(description="Leads to a page about the code.", examples=["/problems/not_found"])
    title: str = Field(description="The same words for every problem of this code.", examples=["Not found"])
    status: int = Field(description="The status of the answer.", examples=[404])
    detail: str = Field(description="About this occurrence.", examples=["Check the address."])
    instance: str = Field(description="The path that was asked for.", examples=["/v1/courses/none"])
    code: str = Field(description="Stable; decide by this.", examples=["not_found"])
    correlation_id: str | None = Field(default=None, description="As in X-Correlation-Id.", examples=["order-7"])
    trace_id: str | None = Field(
        default=None, description="To report with.", examples=["4bf92f3577b34da6a3ce929d0e0e4736"]
    )
    errors: list[FieldErrorBody] | None = Field(default=None, description="What is wrong with which value.")
