"""What handlers of every consumer share: whose event it is, and what an error means to the runtime."""

from collections.abc import Callable

from keylane import Fatal, Message, Retry
from lyceum_contracts import DEFAULT_ORG, ContractError
from lyceum_database import Contended, InvalidRecord, StaleVersion, is_id


def judged(handle: Callable[[Message], None]) -> Callable[[Message], None]:
    """Return a handler whose errors are put as the runtime understands them; see `verdict`."""

    def attempt(message: Message) -> None:
        try:
            handle(message)
        except Exception as exc:
            outcome = verdict(exc)
            if outcome is exc:
                raise
            raise outcome from exc

    return attempt


def verdict(error: Exception) -> Exception:
    """Say what an error means to the runtime: the one table from error class to outcome.

    - the event broke its contract, or asks for a document that cannot be: the dead letters at once, with the field
    - too many writers at one document: again soon, not counted
    - everything else: as it is; `lyceum_database.OUTAGES`, given to the worker, are repeated uncounted, the rest are
      failed attempts
    """
    if isinstance(error, ContractError | InvalidRecord):
        return Fatal(str(error))
    if isinstance(error, Contended | StaleVersion):
        return Retry(str(error), counted=False)
    return error


def org_of(message: Message) -> str:
    """Tell whose event it is: the organization of `ce_orgid`, the default one where it names none.

    Raises:
        ContractError: what it names can be no id.
    """
    org_id = message.headers.get("ce_orgid", DEFAULT_ORG.encode()).decode(errors="replace")
    if not is_id(org_id):
        raise ContractError(message.type, "ce_orgid", f"{org_id!r} is no id")
    return org_id
