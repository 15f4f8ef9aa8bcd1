"""Where a command gets a password from: the keyboard, twice, or a file; never its arguments, which others can read."""

import sys
from typing import TextIO

import click

from lyceum_program.commands.refusal import Refusal

LONGEST_LINE = 4_096  # characters; no password is near that long


def asked_password(file: TextIO | None) -> str:
    """Ask for a password, or read the first line of a file.

    Args:
        file: None asks the person at the keyboard, or reads standard input where there is nobody.

    Raises:
        Refusal: there is none.
    """
    if file is None and sys.stdin.isatty():
        given: str = click.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True)
        return _sendable(given)
    try:
        line = (file or sys.stdin).readline(LONGEST_LINE)
    except UnicodeDecodeError:
        raise Refusal("the password is not UTF-8") from None
    password = line.rstrip("\r\n")
    if not password:
        raise Refusal("no password: type it when asked, or give a file whose first line it is (--password-file)")
    return _sendable(password)


def _sendable(password: str) -> str:
    """Refuse what no client can send: nobody could sign in with it."""
    if "\0" in password or any("\ud800" <= character <= "\udfff" for character in password):
        raise Refusal("the password holds a character that cannot be sent: choose another")
    return password
