"""Documents of one organization: another's are not there."""

from typing import Any, Generic, TypeVar

from lyceum_database import NotFound, Record, Repository
from lyceum_web.security.principal import Principal

M = TypeVar("M", bound=Record)


class OwnRecords(Generic[M]):
    """A repository as a caller of one organization sees it: whatever belongs to another is not found.

    Every call raises what the repository's does.

    Args:
        repository: of the documents.
        principal: whose organization it is.
    """

    def __init__(self, repository: Repository[M], principal: Principal) -> None:
        self._repository = repository
        self._org_id = principal.org_id

    def find(self, record_id: str) -> M | None:
        """Return the organization's document of this id, or None."""
        return self._repository.find(record_id, org_id=self._org_id)

    def get(self, record_id: str) -> M:
        """Return the organization's document of this id.

        Raises:
            NotFound: there is none, or it is another organization's, which looks the same.
        """
        return self._repository.get(record_id, org_id=self._org_id)

    def list_(self, *, after_id: str | None = None, limit: int = 100, **equals: Any) -> list[M]:
        """Return documents of the organization whose fields equal the given values, in order of id."""
        return self._repository.list_(after_id=after_id, limit=limit, **{**equals, "org_id": self._org_id})

    def insert(self, record: M) -> M:
        """Store a new document as the organization's, whatever it said before."""
        record.org_id = self._org_id
        return self._repository.insert(record)

    def save(self, record: M) -> M:
        """Store the changes of a document of the organization."""
        return self._repository.save(self._own(record))

    def delete(self, record: M) -> None:
        """Remove a document of the organization."""
        self._repository.delete(self._own(record))

    def _own(self, record: M) -> M:
        if record.org_id != self._org_id:
            name = self._repository.model.__name__
            raise NotFound(f"no {name} {record.id}", model=name, record_id=record.id)
        return record
