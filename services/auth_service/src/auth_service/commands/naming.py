"""How an operator names a person: by the address to sign in with, or by id."""

from auth_service.people import People
from lyceum_database import User, is_id
from lyceum_program.commands.refusal import Refusal


def user_named(name: str) -> User:
    """Find a person.

    Raises:
        Refusal: there is no such person.
    """
    found = People().by_email(name) if "@" in name else People().find(name) if is_id(name) else None
    if found is None:
        raise Refusal(f"no user {name}: give an e-mail address or a user id")
    return found
