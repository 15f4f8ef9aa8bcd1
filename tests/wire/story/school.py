"""What is there before the first student comes: an administrator, trainers with seats, published courses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from tests.wire.signing_in import PASSWORD

from lyceum_devstack.check import Skill, Trainer

from .caller import Caller
from .site import Fleet, Site

ORG = "default"
ADMIN = "principal@example.org"
PRICE_MINOR, CURRENCY = 4900, "EUR"


class Hired(NamedTuple):
    name: str
    subjects: tuple[str, ...]
    seats: int


class Offered(NamedTuple):
    title: str
    subject: str

    @property
    def slug(self) -> str:
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class School:
    """Who teaches what.

    Attributes:
        admin: access token of the administrator.
        trainers: by user id.
        courses: course id -> what it is about.
        tokens: access tokens of the trainers, by user id.
    """

    admin: str
    trainers: Mapping[str, Trainer]
    courses: Mapping[str, Offered]
    tokens: Mapping[str, str] = field(default_factory=dict)

    def skill(self, course_id: str) -> Skill:
        return Skill.of(ORG, self.courses[course_id].subject, "en")


class Founding:
    """Sets a school up through the programs' own doors."""

    def __init__(self, site: Site, fleet: Fleet) -> None:
        self._site = site
        self._auth = Caller(fleet.addresses("auth_service"))
        self._course = Caller(fleet.addresses("course_service"))
        self._keys = count()

    def close(self) -> None:
        self._auth.close()
        self._course.close()

    def found(self, staff: tuple[Hired, ...], offer: tuple[Offered, ...]) -> School:
        self._site.make_administrator(ADMIN)
        admin = self.signed_in(ADMIN)
        self._import(staff)
        tokens = {hired.name: self._joined(hired, admin) for hired in staff}
        author = next(iter(tokens.values()))
        courses = {self._published(offered, author, admin): offered for offered in offer}
        return School(admin, {hired.name: _as_checked(hired) for hired in staff}, courses, tokens)

    def signed_in(self, email: str) -> str:
        answer = self._auth.ask("POST", "/v1/login", {"email": email, "password": PASSWORD})
        token: str = answer.body["access_token"]
        return token

    def _import(self, staff: tuple[Hired, ...]) -> None:
        """Seats have no route yet: an operator imports them, and with them the trainers' accounts."""
        lines = ["trainer_id,email,name,subjects,languages,capacity,timezone"]
        lines += [
            f"{one.name},{_address(one.name)},{one.name.title()},{';'.join(one.subjects)},en,{one.seats},UTC"
            for one in staff
        ]
        file = self._site.folder / "trainers.csv"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._site.command("trainers", "import", str(file))

    def _joined(self, hired: Hired, admin: str) -> str:
        """Invite a trainer, who gives the account a password; returns the trainer's access token."""
        invited = self._create(
            self._auth, "/v1/invitations", {"email": _address(hired.name), "roles": ["trainer"]}, admin
        )
        acceptance = {"email": _address(hired.name), "password": PASSWORD, "name": hired.name.title()}
        self._auth.ask("POST", f"/v1/invitations/{invited['token']}/acceptance", acceptance, expect=(200, 201))
        return self.signed_in(_address(hired.name))

    def _published(self, offered: Offered, author: str, admin: str) -> str:
        """Write a course, and publish it; returns its id."""
        lesson = {"title": "How to begin", "kind": "text", "body": "At the beginning."}
        draft = {
            "slug": offered.slug,
            "title": offered.title,
            "subject": offered.subject,
            "languages": ["en"],
            "price_minor": PRICE_MINOR,
            "currency": CURRENCY,
            "sections": [{"title": "First steps", "lessons": [lesson]}],
        }
        course_id: str = self._create(self._course, "/v1/courses", draft, author)["id"]
        self._course.ask("POST", f"/v1/courses/{course_id}/publication", token=admin, headers={"If-Match": "*"})
        return course_id

    def _create(self, service: Caller, path: str, body: Mapping[str, Any], token: str) -> dict[str, Any]:
        key = {"Idempotency-Key": f"founding-{next(self._keys)}"}
        return service.ask("POST", path, body, token=token, headers=key, expect=(200, 201)).body


def _address(name: str) -> str:
    return f"{name}@example.org"


def _as_checked(hired: Hired) -> Trainer:
    return Trainer(hired.name, frozenset(Skill.of(ORG, subject, "en") for subject in hired.subjects), hired.seats)
