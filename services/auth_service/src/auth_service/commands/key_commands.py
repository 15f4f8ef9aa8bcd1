"""`keys`: which keys sign access tokens, and adding one."""

from datetime import datetime
from pathlib import Path

import click

from auth_service.keys import KeyDirectory, KeysError, SigningKey, rotate, rules
from lyceum_database import utc_now
from lyceum_program.commands.printing import counted, echo_json, moment, print_whole, table
from lyceum_program.commands.refusal import plain_refusals

_directory = click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="AUTH_KEYS_DIRECTORY",
    show_envvar=True,
    required=True,
    help="Of the signing keys; every replica of the auth service reads it.",
)


@click.group()
def keys() -> None:
    """Signing keys of access tokens: add one, list them."""


@keys.command(
    "rotate",
    epilog="\b\nExamples:\n  lyceum keys rotate --directory /var/lib/lyceum/keys\n"
    "  lyceum keys rotate --compromised        # a key was stolen: its tokens are to be refused now",
)
@_directory
@click.option("--compromised", is_flag=True, help="Let the new key sign at once and remove all others.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def rotate_(directory: Path, *, compromised: bool, as_json: bool) -> None:
    """Add a key. Running services pick it up by themselves; nobody is signed out.

    The key is published at once and signs two minutes later, when every replica has seen it; the first key of a
    directory signs at once. A former key is published until its last token has expired, and removed by a later
    rotation. With --compromised every access token made so far is refused: by the auth service within seconds, by other
    services once they see a token of the new key, or after five minutes. Clients refresh theirs; nobody is signed out.
    """
    with plain_refusals(KeysError):
        done = rotate(directory, now=utc_now(), compromised=compromised)
    if as_json:
        echo_json(
            {"kid": done.key.kid, "file": done.key.file, "starts_at": done.key.starts_at, "removed": done.removed}
        )
        return
    click.echo(f"Key {done.key.kid} in {directory} signs from {moment(done.key.starts_at)} on.")
    if done.removed:
        click.echo(f"Removed {counted(len(done.removed), 'former key')}: {', '.join(done.removed)}.")


@keys.command("list", epilog="\b\nExample:\n  lyceum keys list --directory /var/lib/lyceum/keys")
@_directory
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(directory: Path, *, as_json: bool) -> None:
    """List the keys, in the order in which they sign."""
    now = utc_now()
    with plain_refusals(KeysError):
        found = KeyDirectory(directory)
        found.load()
    held = rules.in_turn(found.held())
    if as_json:
        for key in held:
            echo_json(_public(key, held, now))
        return
    shown = table("key", "state", "signs from", "file")
    for key in held:
        shown.add_row(key.kid[:SHOWN_OF_KID], _state(key, held, now), moment(key.starts_at), key.file)
    print_whole(shown)


SHOWN_OF_KID = 12  # of 43 characters, for a line of 80


def _public(key: SigningKey, held: list[SigningKey], now: datetime) -> dict[str, object]:
    return {
        "kid": key.kid,
        "file": key.file,
        "state": _state(key, held, now),
        "starts_at": key.starts_at,
        "published_until": rules.retirements(held).get(key.kid),
    }


def _state(key: SigningKey, held: list[SigningKey], now: datetime) -> str:
    if key is rules.current(held, now):
        return "signs"
    if key.starts_at > now:
        return "waits"
    return "former" if key in rules.published(held, now) else "expired"
