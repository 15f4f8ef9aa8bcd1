"""What can be wrong with an event.

ContractError (ValueError)      the event, as a whole or in one field, is not what its contract says
└── UnknownEventType            no contract has this name
"""

__all__ = ["ContractError", "UnknownEventType"]


class ContractError(ValueError):
    """An event broke its contract. Sending the same bytes again breaks it again: never worth a retry.

    Attributes:
        event_type: The type the event claims, or ``"unknown"`` if it does not say.
        field: The first field at fault, in the spelling of the wire (``ce_time``, ``amount_minor``).
    """

    def __init__(self, event_type: str, field: str, problem: str) -> None:
        super().__init__(f"{event_type}: {field}: {problem}")
        self.event_type = event_type
        self.field = field


class UnknownEventType(ContractError):  # noqa: N818 - a fact, named as one
    """The registry holds no contract of this type."""

    def __init__(self, event_type: str, known: tuple[str, ...]) -> None:
        super().__init__(event_type, "ce_type", f"no such event type; known are {', '.join(known)}")
