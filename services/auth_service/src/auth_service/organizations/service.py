"""Making organizations, and looking after them."""

from dataclasses import dataclass
from functools import partial

from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.contention import until_settled
from auth_service.organizations.exceptions import SlugTaken
from auth_service.organizations.repository import Organizations
from auth_service.outbox import report
from auth_service.people import People
from auth_service.roles.builtin import ADMIN, role_id
from auth_service.roles.repository import Roles
from auth_service.states import AuditAction
from lyceum_contracts import UserRoleChanged
from lyceum_database import Clock, Duplicate, NotFound, Organization, utc_now


@dataclass(frozen=True, slots=True)
class NewOrganization:
    """What an organization is made of."""

    id: str
    slug: str
    name: str


class OrganizationService:
    """Organizations, as their members see them."""

    def __init__(
        self, *, organizations: Organizations, people: People, roles: Roles, audit: AuditLog, clock: Clock = utc_now
    ) -> None:
        self._organizations = organizations
        self._people = people
        self._roles = roles
        self._audit = audit
        self._clock = clock

    def page_of(self, user_id: str, *, after_id: str | None, limit: int) -> list[Organization]:
        """Return the organizations that the person belongs to."""
        user = self._people.get(user_id)
        return self._organizations.page_among(user.org_ids, after_id=after_id, limit=limit)

    def of_member(self, org_id: str, user_id: str) -> Organization:
        """Return an organization to one of its members.

        Raises:
            NotFound: there is none, or the person does not belong to it.
        """
        if self._people.member(user_id, org_id) is None:
            raise NotFound(f"no Organization {org_id}", model=Organization.__name__, record_id=org_id)
        return self._organizations.get(org_id)

    def create(self, wanted: NewOrganization, *, by: str, caller: Caller) -> Organization:
        """Make an organization with the built-in roles; whoever makes it administers it.

        A creation that a crash cut short is taken up again by its maker.

        Raises:
            SlugTaken: another organization has the slug.
        """
        try:
            made = self._organizations.insert(
                Organization(id=wanted.id, slug=wanted.slug, name=wanted.name, created_by=by)
            )
        except Duplicate:
            made = self._unfinished(wanted, by)
        self._roles.ensure_builtin(made.id)
        until_settled(partial(self._first_administrator, by, made.id))
        self._audit.record(
            AuditAction.ORGANIZATION_CREATED,
            org_id=made.id,
            caller=caller,
            actor_id=by,
            target_id=made.id,
            slug=made.slug,
        )
        return made

    def rename(self, organization: Organization, name: str, *, by: str, caller: Caller) -> Organization:
        """Give an organization that was read another name.

        Raises:
            StaleVersion: somebody changed it meanwhile.
        """
        organization.name = name
        saved = self._organizations.save(organization)
        self._audit.record(
            AuditAction.ORGANIZATION_CHANGED, org_id=saved.id, caller=caller, actor_id=by, target_id=saved.id
        )
        return saved

    def _unfinished(self, wanted: NewOrganization, by: str) -> Organization:
        found = self._organizations.by_slug(wanted.slug)
        if found is None or found.created_by != by:
            raise SlugTaken(wanted.slug)
        if found.id != wanted.id and self._people.active_with_role(role_id(found.id, ADMIN)):
            raise SlugTaken(wanted.slug)
        return found

    def _first_administrator(self, user_id: str, org_id: str) -> None:
        user, role = self._people.get(user_id), role_id(org_id, ADMIN)
        if role in user.roles:
            return
        user.roles = [*user.roles, role]
        user.org_ids = [*dict.fromkeys([*user.org_ids, org_id])]
        now = self._clock()
        event = UserRoleChanged(user_id=user_id, roles=(ADMIN,), by=user_id, changed_at=now)
        report(user, event, org_id=org_id, now=now)
        self._people.save(user)
