"""`sessions`: who is signed in, and ending it."""

from collections.abc import Iterable

import click

from auth_service.audit.repository import AuditEntries
from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.commands.naming import user_named
from auth_service.errors import AuthError
from auth_service.people import People
from auth_service.sessions.repository import Sessions
from auth_service.sessions.service import SessionService
from auth_service.states import AuditAction
from auth_service.users.appointing import OPERATOR
from lyceum_database import Session
from lyceum_program.commands.printing import counted, echo_json, moment, print_whole, table
from lyceum_program.commands.refusal import Refusal, plain_refusals
from lyceum_program.commands.servers import database

LONGEST_REASON = 200


@click.group()
def sessions() -> None:
    """Sign-ins: which ones a person has, and ending them."""


@sessions.command(
    "list",
    epilog="\b\nExamples:\n  lyceum sessions list ada@example.org\n"
    "  lyceum sessions list ada@example.org --json | jq -r .id",
)
@click.argument("user")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(user: str, *, as_json: bool) -> None:
    """List the sessions of a USER, an e-mail address or user id, that have not ended."""
    with plain_refusals(AuthError), database():
        found = Sessions().live_of(user_named(user).id)
    if as_json:
        for session in found:
            echo_json(_public(session))
        return
    if found:
        _print(found)
    click.echo(f"{counted(len(found), 'session')}.")


@sessions.command(
    "revoke",
    epilog="\b\nExamples:\n  lyceum sessions revoke 0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a\n"
    "  lyceum sessions revoke --user ada@example.org --reason 'lost laptop'",
)
@click.argument("session_ids", nargs=-1, metavar="[SESSION]...")
@click.option("--user", help="End all sessions of this person, an e-mail address or user id.")
@click.option("--reason", default="ended by an operator", show_default=True, help="In a few words; services read it.")
def revoke(session_ids: tuple[str, ...], user: str | None, reason: str) -> None:
    """End each SESSION, or all of a person.

    Its refresh token is useless at once, and its access tokens within five seconds on every service. A session that
    had ended already stays as it was.
    """
    if bool(session_ids) == (user is not None):
        raise Refusal("give session ids or --user, one of the two")
    if len(reason) > LONGEST_REASON:
        raise Refusal(f"--reason: give at most {LONGEST_REASON} characters")
    with plain_refusals(AuthError), database():
        ended = _end_all(user, reason) if user is not None else _end_each(session_ids, reason)
    click.echo(f"Ended {counted(ended, 'session')}.")


class _NobodyHere:
    """A command answers no requests, so it believes nothing that could be out of date."""

    def forget(self, session_id: str) -> None:
        """Nothing is remembered."""

    def forget_all(self) -> None:
        """Nothing is remembered."""


def _service() -> SessionService:
    return SessionService(Sessions(), People(), _NobodyHere(), AuditLog(AuditEntries()))


def _end_all(user: str, reason: str) -> int:
    return _service().end_all(user_named(user).id, reason=reason, caller=Caller(), by=OPERATOR)


def _end_each(session_ids: Iterable[str], reason: str) -> int:
    known = {session_id: Sessions().find(session_id) for session_id in session_ids}
    if unknown := [session_id for session_id, found in known.items() if found is None]:
        raise Refusal("\n".join(f"no session {session_id}" for session_id in unknown))
    service, audit = _service(), AuditLog(AuditEntries())
    ended = [session for session in (service.revoke(session_id, reason) for session_id in known) if session]
    for session in ended:
        audit.record(
            AuditAction.SESSION_ENDED,
            org_id=session.org_id,
            caller=Caller(),
            actor_id=OPERATOR,
            target_id=session.id,
            reason=reason,
        )
    return len(ended)


def _print(found: Iterable[Session]) -> None:
    shown = table("session", "since", "device")
    for session in found:
        shown.add_row(session.id, moment(session.issued_at), session.device or session.user_agent or "")
    print_whole(shown)


def _public(session: Session) -> dict[str, object]:
    shown = ("user_id", "org_id", "issued_at", "refreshed_at", "expires_at", "device", "ip", "user_agent")
    return {"id": session.id, **{name: getattr(session, name) for name in shown}}
