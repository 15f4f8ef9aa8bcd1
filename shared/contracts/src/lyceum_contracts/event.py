"""What every event has in common: a type, a frozen body, and room for fields that a newer producer adds."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from lyceum_contracts.errors import ContractError
from lyceum_contracts.fields import IN_WORDS

__all__ = ["Event"]


class Event(BaseModel):
    """A fact in the past tense. Unknown extra fields are kept and written out again as they came."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: ClassVar[str]
    """The name on the wire, from :mod:`lyceum_contracts.topics`."""
    data_version: ClassVar[int] = 1
    """Any change but a new optional field makes a new contract with the next version, beside the old one."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Check ``data`` against this contract.

        Raises:
            ContractError: Names the event type and each field at fault.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as exc:
            raise _as_contract_error(cls.type, exc) from exc

    def to_data(self) -> dict[str, Any]:
        """Give the JSON-ready body; an optional field that was never set is left out."""
        return self.model_dump(mode="json", exclude_unset=True)


def _as_contract_error(event_type: str, exc: ValidationError) -> ContractError:
    found = [(".".join(map(str, error["loc"])) or "data", _in_words(error)) for error in exc.errors(include_url=False)]
    field, problem = found[0]
    others = "".join(f"; {other}: {message}" for other, message in found[1:])
    return ContractError(event_type, field, problem + others)


def _in_words(error: ErrorDetails) -> str:
    pattern = str(error.get("ctx", {}).get("pattern"))
    return IN_WORDS.get(pattern, error["msg"].removeprefix("Value error, "))
