"""The words that documents use for their states and kinds; text in the database.

They are kept apart from the models: a reloaded model module is the same class again, a reloaded enum is not.
"""

from enum import StrEnum


class UserStatus(StrEnum):
    """invited -> active -> locked or suspended (and back) -> erased."""

    INVITED = "invited"
    ACTIVE = "active"
    LOCKED = "locked"
    SUSPENDED = "suspended"
    ERASED = "erased"
