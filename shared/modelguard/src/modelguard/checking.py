"""The readiness gate: everything that would fail later, found at once."""

from collections.abc import Collection, Iterator

from modelguard._check_collections import collection_problems
from modelguard._check_references import reference_problems
from modelguard._check_registry import registry_problems
from modelguard._table import TABLE
from modelguard.errors import ModelCheckError
from modelguard.problem import Problem

_RULES = (reference_problems, registry_problems, collection_problems)


def check(*, ignore: Collection[str] = ()) -> None:
    """Make sure that the registered models fit together; call it once, before serving.

    Args:
        ignore: problem codes that this process accepts, such as `unguarded-model` while a project adopts the guard.

    Raises:
        ModelCheckError: they do not; `.problems` lists all of it.
    """
    found = [problem for problem in problems() if problem.code not in ignore]
    if found:
        raise ModelCheckError(found)


def problems() -> list[Problem]:
    """What `check()` would complain about: references first, then the registry, then collections."""
    with TABLE.lock:
        return list(_found())


def _found() -> Iterator[Problem]:
    for rule in _RULES:
        yield from rule()
