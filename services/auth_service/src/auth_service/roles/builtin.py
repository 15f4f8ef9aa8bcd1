"""The roles that every organization has, and the permissions that the platform knows."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from lyceum_database import DEFAULT_ORG, Role

STUDENT = "student"
TRAINER = "trainer"
ADMIN = "admin"

_STUDENT = (
    "attempts:write",
    "conversations:read",
    "conversations:write",
    "courses:read",
    "doubts:read",
    "doubts:write",
    "enrolments:read",
    "progress:read",
    "purchases:create",
    "purchases:read",
)
_TRAINER = (
    *_STUDENT,
    "courses:write",
    "doubts:answer",
    "grades:read",
    "grades:write",
    "media:write",
    "questions:read",
    "questions:write",
)
_ADMIN = (
    *_TRAINER,
    "allocations:read",
    "allocations:write",
    "audit:read",
    "conversations:moderate",
    "courses:manage",
    "courses:publish",
    "dead-letters:read",
    "dead-letters:write",
    "invitations:read",
    "invitations:write",
    "organizations:write",
    "purchases:manage",
    "roles:read",
    "roles:write",
    "trainers:read",
    "trainers:write",
    "users:read",
    "users:write",
    "workers:read",
)
_PLATFORM = ("organizations:create",)
"""What only the platform's own administrators may do, those of the default organization."""

BUILTIN_ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType({STUDENT: _STUDENT, TRAINER: _TRAINER, ADMIN: _ADMIN})
"""Name -> permissions in an organization of the platform's customers."""


def role_id(org_id: str, name: str) -> str:
    """Return the id of an organization's built-in role; the same in every process, so that all make the same one."""
    return f"{name}-{hashlib.sha256(f'{org_id}:{name}'.encode()).hexdigest()[:32]}"


def permissions_of(name: str, org_id: str) -> tuple[str, ...]:
    """Return what a built-in role permits in this organization."""
    own = BUILTIN_ROLES[name]
    return tuple(sorted({*own, *_PLATFORM})) if name == ADMIN and org_id == DEFAULT_ORG else tuple(sorted(set(own)))


def builtin_roles(org_id: str) -> list[Role]:
    """Return the organization's built-in roles as they should be, not stored yet."""
    return [
        Role(
            id=role_id(org_id, name),
            org_id=org_id,
            name=name,
            permissions=list(permissions_of(name, org_id)),
            builtin=True,
        )
        for name in BUILTIN_ROLES
    ]
