"""`users`: the first administrator of an organization."""

import sys
from pathlib import Path
from typing import TextIO

import click
from pydantic import TypeAdapter, ValidationError

from auth_service import addresses, storage
from auth_service.accounts.new_account import NewAccount
from auth_service.audit.repository import AuditEntries
from auth_service.audit.service import AuditLog
from auth_service.commands.passwords import asked_password
from auth_service.errors import AuthError
from auth_service.passwords.hashing import Argon2Cost, PasswordHasher
from auth_service.passwords.turns import Turns
from auth_service.people import People
from auth_service.roles.repository import Roles
from auth_service.services import password_rules
from auth_service.users.appointing import Appointing
from auth_service.wire import Name
from lyceum_database import DEFAULT_ORG, Organization, OrganizationRepository, User, is_id
from lyceum_program.commands.printing import echo_json, moment, printable
from lyceum_program.commands.refusal import Refusal, plain_refusals
from lyceum_program.commands.servers import database


@click.group()
def users() -> None:
    """Users: the first administrator of an organization."""


@users.command(
    "create-admin",
    epilog="\b\nExamples:\n  lyceum users create-admin ada@example.org        # asks for the password twice\n"
    "  lyceum users create-admin ada@example.org --password-file admin.txt\n"
    "  pass show lyceum | lyceum users create-admin ada@example.org\n"
    "  lyceum users create-admin ada@example.org --promote      # has an account; shows whose, and asks",
)
@click.argument("email")
@click.option("--name", help="Of the person; what stands before the @ unless given.")
@click.option("--org", "org", default=DEFAULT_ORG, show_default=True, help="Organization, its slug or id.")
@click.option("--password-file", type=click.File(encoding="utf-8"), help="Its first line; - for standard input.")
@click.option("--promote", is_flag=True, help="The address has an account: give it the role. Asks for no password.")
@click.option("--yes", is_flag=True, help="With --promote: the account was looked at and is that person's.")
@click.option(
    "--breached-passwords",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="AUTH_BREACHED_PASSWORDS",
    show_envvar=True,
    help="A sorted file of SHA-1 hashes, as the service has it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def create_admin(
    email: str,
    name: str | None,
    org: str,
    password_file: TextIO | None,
    breached_passwords: Path | None,
    *,
    promote: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make EMAIL an administrator.

    Later ones are invited by the first. The password is never an argument: others on this machine could read it there.
    With --promote look whose account it is: nobody proved at sign-up that an address of mail is theirs.
    """
    if promote and (name or password_file):
        raise Refusal("--promote changes neither name nor password: leave --name and --password-file out")
    address = _address(email)
    with plain_refusals(AuthError), database():
        storage.verify()
        storage.ensure_contents()
        appointing = _appointing(breached_passwords)
        organization, found = _organization(org), People().by_email(address)
        if promote:
            user, done = _promoted(appointing, _meant(found, address, sure=yes), organization)
        else:
            if found is not None:
                raise Refusal(f"{address} has an account ({found.id}): --promote makes it an administrator")
            account = NewAccount(
                email=address,
                name=_name(name or address.partition("@")[0]),
                password=asked_password(password_file),
            )
            user, done = appointing.create(account, organization), True
    _say(user, organization, done=done, as_json=as_json)


def _meant(user: User | None, address: str, *, sure: bool) -> User:
    """Show whose account it is, and have it confirmed."""
    if user is None:
        raise Refusal(f"{address} has no account: leave --promote out to make one")
    if sure:
        return user
    seen = f"last signed in {moment(user.last_login_at)}" if user.last_login_at else "never signed in"
    click.echo(f"{user.email}: {printable(user.name)}, signed up {moment(user.created_at)}, {seen}.", err=True)
    if not sys.stdin.isatty():
        raise Refusal("anybody may have signed up with this address: make sure that it is theirs, then add --yes")
    click.confirm("Is this the person?", abort=True, err=True)
    return user


def _promoted(appointing: Appointing, user: User, organization: Organization) -> tuple[User, bool]:
    return user, appointing.promote(user.id, organization)


def _say(user: User, organization: Organization, *, done: bool, as_json: bool) -> None:
    if as_json:
        echo_json({"user_id": user.id, "email": user.email, "organization": organization.id, "changed": done})
        return
    become = "is an administrator of" if done else "was already an administrator of"
    click.echo(f"{user.email} ({user.id}) {become} {organization.slug}.")


def _address(email: str) -> str:
    try:
        return addresses.canonical(email)
    except ValueError as exc:
        raise Refusal(f"{email!r} {exc}") from exc


def _name(name: str) -> str:
    try:
        return TypeAdapter(Name).validate_python(name)
    except ValidationError as exc:
        reason = exc.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise Refusal(f"--name: {reason}") from exc


def _organization(name: str) -> Organization:
    organizations = OrganizationRepository()
    found = organizations.by_slug(name) or (organizations.find(name) if is_id(name) else None)
    if found is None:
        raise Refusal(f"--org {name}: no such organization")
    return found


def _appointing(breached_passwords: Path | None) -> Appointing:
    return Appointing(
        people=People(),
        roles=Roles(),
        hasher=PasswordHasher(Argon2Cost(), Turns(width=1, waiting=0, patience_s=1)),
        rules=password_rules(breached_passwords),
        audit=AuditLog(AuditEntries()),
    )
