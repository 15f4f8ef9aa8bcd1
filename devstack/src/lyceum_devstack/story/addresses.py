"""Where the services of a stack answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import SplitResult, urlsplit

from lyceum_devstack.errors import ServerError


class Service(StrEnum):
    """A program that people speak to."""

    AUTH = "auth-service"
    COURSES = "course-service"
    CHAT = "chat-service"


OPTIONS = {Service.AUTH: "--against", Service.COURSES: "--courses", Service.CHAT: "--chat"}
"""What names the address of each on the command line."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """One base address for each service, without a slash at its end."""

    auth: str
    courses: str
    chat: str

    @classmethod
    def given(cls, against: str, courses: str | None = None, chat: str | None = None) -> Self:
        """Read what was given; the services after the first answer on the ports after its own unless it is said where.

        Raises:
            ServerError: one of them is no address.
        """
        first = _read(against)
        return cls(
            auth=_base(first),
            courses=_base(_read(courses)) if courses else _base(first, ports_on=1),
            chat=_base(_read(chat)) if chat else _base(first, ports_on=2),
        )

    def of(self, service: Service) -> str:
        """Return one of them."""
        return {Service.AUTH: self.auth, Service.COURSES: self.courses, Service.CHAT: self.chat}[service]


def _read(address: str) -> SplitResult:
    parts = urlsplit(address)
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise ServerError(f"{address!r} is no address of a service: give http://HOST:PORT, as `lyceum up` prints it")
    return parts


def _base(parts: SplitResult, *, ports_on: int = 0) -> str:
    if not ports_on:
        return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    if parts.port is None:
        raise ServerError(
            f"{parts.geturl()} has no port to count on from: name the others, too, with --courses and --chat"
        )
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port + ports_on}{parts.path.rstrip('/')}"
