"""The only door to a document: reads, inserts, and writes by compare-and-set."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from lyceum_database.clock import Clock, utc_now
from lyceum_database.documents import Record
from lyceum_database.errors import Duplicate, InvalidRecord, NotFound, StaleVersion
from lyceum_database.translation import translated_errors

M = TypeVar("M", bound=Record)

PAGE = 100  # documents in one list, unless the caller asks for fewer


class Repository(Generic[M]):
    """Documents of one model.

    A write never overwrites what its writer has not read: `save` and `delete` apply to the version that was read and
    raise `StaleVersion` otherwise. Every call may also raise `Unavailable` and `NotConnected`.

    Args:
        model: the document class.
        clock: gives `created_at` and `updated_at`.
    """

    def __init__(self, model: type[M], *, clock: Clock = utc_now) -> None:
        self.model = model
        self._clock = clock

    def find(self, record_id: str, *, org_id: str | None = None) -> M | None:
        """Return the document, or None; with `org_id`, another organization's document is not there."""
        return self._first(pk=record_id) if org_id is None else self._first(pk=record_id, org_id=org_id)

    def get(self, record_id: str, *, org_id: str | None = None) -> M:
        """Return the document.

        Raises:
            NotFound: there is none, or it belongs to another organization than `org_id`.
        """
        found = self.find(record_id, org_id=org_id)
        if found is None:
            raise self._not_found(record_id)
        return found

    def insert(self, record: M) -> M:
        """Store a new document at version 1.

        After `Unavailable` it may have been stored all the same: inserting it again then raises `Duplicate` for `id`.

        Raises:
            Duplicate: the id or a unique key is taken; `.field` says which.
            InvalidRecord: the document breaks its own rules.
        """
        now = self._clock()
        record.created_at = record.created_at or now
        record.updated_at = now
        record.version = 1
        try:
            with translated_errors():
                record.save(force_insert=True)
        except BaseException as exc:
            record.version = 0
            if isinstance(exc, Duplicate):
                raise self._duplicate(_unique_values(record), record) from exc
            raise
        return record

    def save(self, record: M) -> M:
        """Store the changes of a document that was read, if nobody changed it since.

        Raises:
            StaleVersion: somebody did; the document in hand keeps the version that was read.
            Duplicate, InvalidRecord: as for `insert`.
            NotFound: the document was never stored.
        """
        read = self._version_read(record)
        before = record.updated_at
        record.version = read + 1
        record.updated_at = self._clock()
        try:
            with translated_errors():
                record.save(save_condition={"version": read})
        except BaseException as exc:
            record.version, record.updated_at = read, before
            if isinstance(exc, StaleVersion):
                raise self._stale(record, read) from exc
            if isinstance(exc, Duplicate):
                raise self._duplicate(_unique_values(record)[1:], record) from exc
            raise
        return record

    def delete(self, record: M) -> None:
        """Remove a document that was read, if nobody changed it since.

        Raises:
            StaleVersion: somebody did, or it is gone.
            NotFound: the document was never stored.
        """
        read = self._version_read(record)
        with translated_errors():
            removed = self.model.objects(pk=record.id, version=read).delete()
        if not removed:
            raise self._stale(record, read)

    def list_(self, *, after_id: str | None = None, limit: int = PAGE, **equals: Any) -> list[M]:
        """Return documents whose fields equal the given values, in order of id, at most `limit`.

        `after_id` continues after the last one of the page before. Ids made by `new_id` sort by age. A list field
        equals each of its items.
        """
        self._refuse_operators(equals)
        if after_id is not None:
            equals["pk__gt"] = after_id
        return self._select(order="pk", limit=limit, **equals)

    def _select(self, *conditions: Any, order: str, limit: int | None = None, **equals: Any) -> list[M]:
        """Documents that meet mongoengine's conditions, in the given order; all of them without a limit.

        Conditions may be operators, so values from outside have to be texts or numbers already.
        """
        with translated_errors():
            query = self.model.objects(*conditions, **equals).order_by(order)
            return list(query if limit is None else query.limit(limit))

    def _first(self, **equals: Any) -> M | None:
        self._refuse_operators(equals)
        with translated_errors():
            found: M | None = self.model.objects(**equals).first()
        return found

    def _refuse_operators(self, equals: Mapping[str, Any]) -> None:
        """A value out of a request that is an object would be read as an operator: `{"$gt": ""}` equals everything."""
        wrong = {name: "must be a plain value" for name, value in equals.items() if isinstance(value, Mapping)}
        if wrong:
            raise InvalidRecord(f"{self.model.__name__}: {', '.join(wrong)} must be a plain value", fields=wrong)

    def _version_read(self, record: M) -> int:
        if record._created:  # noqa: SLF001 - mongoengine would overwrite instead of comparing
            raise self._not_found(record.id)
        return record.version

    def _duplicate(self, keys: Sequence[tuple[Any, Any]], record: M) -> Duplicate:
        """Name the key that collided by looking for its holder: servers do not agree on telling."""
        name = self.model.__name__
        for field, key in keys:
            with translated_errors():
                holder = self.model.objects(__raw__={field.db_field: key}).only("pk").first()
            if holder is not None and (field.primary_key or holder.pk != record.id):
                label = getattr(field, "label", field.name)  # a unique key has one, a plain unique field does not
                text = f"another {name} has this {label}: {holder.pk}"
                return Duplicate(text, model=name, field=label, record_id=holder.pk)
        return Duplicate(f"another {name} had one of these keys a moment ago: try again", model=name)

    def _not_found(self, record_id: str) -> NotFound:
        name = self.model.__name__
        return NotFound(f"no {name} {record_id}", model=name, record_id=record_id)

    def _stale(self, record: M, read: int) -> StaleVersion:
        name = self.model.__name__
        text = f"{name} {record.id} is no longer at version {read}: read it again"
        return StaleVersion(text, model=name, record_id=record.id, version=read)


def _unique_values(record: Record) -> list[tuple[Any, Any]]:
    """The unique fields of a document with the values to be stored, the id first."""
    unique = [field for field in record._fields.values() if field.primary_key or field.unique]
    unique.sort(key=lambda field: not field.primary_key)
    stored = record.to_mongo()
    return [(field, stored[field.db_field]) for field in unique if stored.get(field.db_field) is not None]
