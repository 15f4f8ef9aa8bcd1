"""Field types that carry the platform's conventions: ids, states, moments, unique keys."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from mongoengine.fields import BooleanField, DateTimeField, IntField, StringField

from lyceum_database import ids
from lyceum_database.clock import whole_milliseconds
from lyceum_database.keys import compose


class IdField(StringField):  # type: ignore[misc] # mongoengine ships no types
    """An id of this or another document; `references="Role"` names the model that the id belongs to."""

    def __init__(self, **options: Any) -> None:
        super().__init__(regex=ids.PATTERN, max_length=ids.MAX_LENGTH, **options)


class StateField(StringField):  # type: ignore[misc] # mongoengine ships no types
    """One of a closed set of words, stored as plain text; the set is an enum outside the model's module."""

    def __init__(self, states: type[StrEnum], *, default: StrEnum | None = None, **options: Any) -> None:
        super().__init__(
            choices=tuple(state.value for state in states),
            default=None if default is None else default.value,
            **options,
        )

    def to_mongo(self, value: Any) -> Any:
        """Store the text of an enum member, never the member."""
        return str(value) if isinstance(value, StrEnum) else value


class WholeField(IntField):  # type: ignore[misc] # mongoengine ships no types
    """A whole number. The mapper's own field silently cuts off fractions and takes texts for numbers."""

    def to_python(self, value: Any) -> Any:
        """Take the value as it is, so that `validate` sees it."""
        return value

    def validate(self, value: Any) -> None:
        """Refuse everything but whole numbers within the bounds."""
        if not isinstance(value, int) or isinstance(value, bool):
            self.error("must be a whole number")
        if not -(2**63) <= value < 2**63:
            self.error("does not fit into 64 bits")
        super().validate(value)


class FlagField(BooleanField):  # type: ignore[misc] # mongoengine ships no types
    """True or false. The mapper's own field silently takes every text, `"no"` too, for true."""

    def to_python(self, value: Any) -> Any:
        """Take the value as it is, so that `validate` sees it."""
        return value


class MomentField(DateTimeField):  # type: ignore[misc] # mongoengine ships no types
    """An aware moment, kept in UTC and in whole milliseconds, so that what is read equals what was written."""

    def __set__(self, instance: Any, value: Any) -> None:
        super().__set__(instance, _in_utc(value))

    def to_python(self, value: Any) -> Any:
        """Give every stored moment the one UTC that the rest of the program uses."""
        return _in_utc(value)

    def to_mongo(self, value: Any) -> Any:
        """Store the moment in UTC."""
        return _in_utc(value)

    def validate(self, value: Any) -> None:
        """Refuse what has no time zone: its meaning would depend on the machine."""
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.error("must be a datetime with a time zone")


class UniqueKey(StringField):  # type: ignore[misc] # mongoengine ships no types
    """A text made of other fields of the document, unique among the documents that have all of them.

    One sparse unique index on one string behaves alike on every engine; compound and partial unique indexes do not.
    The document fills it in whenever it is checked or saved, see `Record.clean`.
    """

    def __init__(self, *parts: str, normalise: Callable[[str], str] | None = None, **options: Any) -> None:
        super().__init__(unique=True, sparse=True, **options)
        self.key_parts = parts
        self.normalise = normalise

    @property
    def label(self) -> str:
        """What a person would call the key: its fields, without the organization that every key starts with."""
        return "+".join(part for part in self.key_parts if part != "org_id") or "org_id"

    def compose(self, values: Sequence[Any]) -> str | None:
        """Return the key for these values of `key_parts`, or None while one of them is absent."""
        if any(value is None for value in values):
            return None
        texts = [str(value) for value in values]
        return compose(*(texts if self.normalise is None else map(self.normalise, texts)))


def _in_utc(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return whole_milliseconds(value.astimezone(UTC))
    return value
