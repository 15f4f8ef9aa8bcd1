"""The names by which allocations, seats and skills are found again."""

import hashlib

LONGEST_SUBJECT = 64
LONGEST_LANGUAGE = 35
LONGEST_ACTOR = 200
LONGEST_SKILL = 3 * LONGEST_SUBJECT + 1 + LONGEST_LANGUAGE
"""Characters; folding upper and lower case makes up to three of one."""


def allocation_id(org_id: str, student_id: str, course_id: str) -> str:
    """Name the one allocation of a student in a course: two purchases must not give two trainers."""
    # Ids hold no line break, so different triples never join to the same text.
    return hashlib.sha256(f"{org_id}\n{student_id}\n{course_id}".encode()).hexdigest()[:40]


def seat_key(allocation_id: str, epoch: int) -> str:
    """Name the seat that an allocation seeks at this epoch."""
    return f"{allocation_id}:{epoch}"


def seat_owner(key: str) -> tuple[str, int]:
    """Read the allocation and the epoch from a seat's key."""
    owner, _, epoch = key.rpartition(":")
    return owner, int(epoch)


def skill(subject: str, language: str) -> str:
    """Name what a trainer must have: ``math|en``. Upper and lower case do not tell skills apart."""
    return f"{' '.join(subject.split()).casefold()}|{language.casefold()}"
