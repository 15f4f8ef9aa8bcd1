"""What opens a stack: an administrator's password and the secret of its payments, in a file of the owner's alone."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from lyceum_devstack.errors import InputError, ServerError
from lyceum_program.environment import read as read_settings

ADMIN = "LYCEUM_ADMIN"
ADMIN_PASSWORD = "LYCEUM_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
PAYMENT_SECRET = "PAYMENT_FAKE_SECRET"  # noqa: S105 - as above


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore")

    lyceum_admin: str | None = None
    lyceum_admin_password: SecretStr | None = None
    payment_fake_secret: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known so far; None for what is not.

    Attributes:
        admin: the address of mail that an administrator signs in with.
        admin_password: the password.
        payment_secret: of the payment provider that moves no money.
    """

    admin: str | None = None
    admin_password: str | None = field(default=None, repr=False)
    payment_secret: str | None = field(default=None, repr=False)

    @classmethod
    def of_environment(cls) -> Self:
        """Read the variables, or secret files of the same names."""
        found = read_settings(_Environment)
        password, secret = found.lyceum_admin_password, found.payment_fake_secret
        return cls(
            admin=found.lyceum_admin,
            admin_password=None if password is None else password.get_secret_value(),
            payment_secret=None if secret is None else secret.get_secret_value(),
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write` made, or a person.

        Raises:
            InputError: it is no such file.
            OSError: it cannot be read.
        """
        text = path.read_text(encoding="utf-8")
        try:
            found = json.loads(text)
        except ValueError as exc:
            raise InputError(path, 1, f"is no JSON ({exc})") from exc
        names = cls.__dataclass_fields__.keys()
        if not isinstance(found, dict) or not found.keys() <= names or not _texts(found):
            raise InputError(path, 1, f"is no JSON object of texts with names among {', '.join(names)}")
        return cls(**found)

    def write(self, path: Path) -> None:
        """Write what is known to a new file that nobody else may read.

        Raises:
            OSError: it is there already, or cannot be made.
        """
        known = {name: text for name, text in asdict(self).items() if text is not None}
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(known, file, indent=2)
            file.write("\n")

    def over(self, other: "Credentials") -> "Credentials":
        """Return what is known here, and what the other knows besides."""
        return Credentials(
            admin=self.admin or other.admin,
            admin_password=self.admin_password or other.admin_password,
            payment_secret=self.payment_secret or other.payment_secret,
        )

    def complete(self) -> tuple[str, str, str]:
        """Return all three.

        Raises:
            ServerError: one is missing; says where it can be given.
        """
        if not self.admin:
            raise ServerError(f"who administers the stack? Give --admin, {ADMIN} or --credentials FILE")
        if not self.admin_password:
            raise ServerError(
                f"the password of {self.admin} is missing: set {ADMIN_PASSWORD} or give --credentials FILE"
            )
        if not self.payment_secret:
            raise ServerError(
                f"the secret of the stack's fake payments is missing: set {PAYMENT_SECRET} or give --credentials FILE"
            )
        return self.admin, self.admin_password, self.payment_secret


def _texts(found: dict[str, object]) -> bool:
    return all(isinstance(text, str) for text in found.values())
