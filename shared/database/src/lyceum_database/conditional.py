"""The write that protocols are made of: one document, if it is still as it was seen."""

from collections.abc import Mapping
from typing import Any

from lyceum_database.errors import StaleVersion
from lyceum_database.translation import translated_errors


def update_if(collection: Any, condition: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
    """Update one document if it still meets the condition.

    Returns:
        False if it does not, or if the engine saw two writers collide: that is information, not an error.
    """
    try:
        with translated_errors():
            result = collection.update_one(condition, update)
    except StaleVersion:
        return False
    return bool(result.matched_count)
