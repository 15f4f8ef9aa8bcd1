"""A school: its courses over HTTP, and the people who work on them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from course_service.authoring import MODELS, ROUTERS, build_authoring
from course_service.courses.search import SearchKind
from course_service.enrolments.repository import EnrolmentRepository, enrolment_id
from course_service.models import Enrolment
from course_service.problems import CODES, ERRORS
from lyceum_database import Clock, new_id, utc_now
from lyceum_web.application import create_application
from lyceum_web.models import IdempotencyRecord
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers

STORED = (*MODELS, Enrolment, IdempotencyRecord)

LEARNER = ("courses:read",)
TRAINER = (*LEARNER, "courses:write")
ADMIN = (*TRAINER, "courses:publish", "courses:manage")
PERMISSIONS = {"ada": TRAINER, "bob": TRAINER, "boss": ADMIN, "eve": ADMIN}
"""Everybody else is a learner."""

TEXT = {"title": "Numbers", "kind": "text", "body": "A number is ..."}
LESSONS: list[dict[str, Any]] = [dict(TEXT), {**TEXT, "title": "Zero", "free": True}]
SECTIONS = [{"title": "Beginning", "lessons": LESSONS}]
COURSE: Mapping[str, Any] = {
    "slug": "algebra-1",
    "title": "Algebra 1",
    "summary": "Equations, from the beginning.",
    "subject": "math",
    "languages": ["en"],
    "price_minor": 4900,
    "sections": SECTIONS,
}


def application(callers: Callers, *, search: SearchKind = SearchKind.TOKENS, clock: Clock = utc_now) -> FastAPI:
    authoring = build_authoring(search=search, clock=clock)

    @asynccontextmanager
    async def state() -> AsyncIterator[Mapping[str, Any]]:
        yield {"services": authoring.services}

    return create_application(
        title="Courses",
        version="1",
        settings=WebSettings(environment="development"),
        routers=ROUTERS,
        models=STORED,
        security=callers.security,
        state=state,
        errors=ERRORS,
        codes=CODES,
    )


class School:
    """The routes, called by name. `ada` and `bob` are trainers, `boss` is an administrator, the others learn."""

    def __init__(self, client: httpx.Client, callers: Callers) -> None:
        self.client = client
        self._callers = callers
        self._headers: dict[str, dict[str, str]] = {}

    def headers(self, who: str, org: str = "default") -> dict[str, str]:
        key = f"{who}@{org}"
        if key not in self._headers:
            permissions = PERMISSIONS.get(who, LEARNER)
            self._headers[key] = self._callers.headers(who, permissions=permissions, org_id=org)
        return self._headers[key]

    def get(self, path: str, who: str = "ana", *, org: str = "default", **headers: str) -> httpx.Response:
        return self.client.get(f"/v1/courses{path}", headers=self.headers(who, org) | headers)

    def creates(self, who: str = "ada", *, key: str | None = None, org: str = "default", **body: Any) -> httpx.Response:
        headers = self.headers(who, org) | {"Idempotency-Key": key or new_id()}
        return self.client.post("/v1/courses", json={**COURSE, **body}, headers=headers)

    def changes(self, course_id: str, who: str = "ada", tag: str = "*", **body: Any) -> httpx.Response:
        headers = self.headers(who) | {"If-Match": tag, "Content-Type": "application/merge-patch+json"}
        return self.client.patch(f"/v1/courses/{course_id}", json=body, headers=headers)

    def publishes(self, course_id: str, who: str = "boss", tag: str = "*") -> httpx.Response:
        headers = self.headers(who) | {"If-Match": tag}
        return self.client.post(f"/v1/courses/{course_id}/publication", headers=headers)

    def archives(self, course_id: str, who: str = "ada", tag: str = "*") -> httpx.Response:
        return self.client.post(f"/v1/courses/{course_id}/archive", headers=self.headers(who) | {"If-Match": tag})

    def course(self, who: str = "ada", **body: Any) -> str:
        """Make a course, and return its id."""
        made = self.creates(who, **body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def offer(self, **body: Any) -> str:
        """Make a course and publish it."""
        course_id = self.course(**body)
        published = self.publishes(course_id)
        assert published.status_code == 200, published.text
        return course_id

    def listed(self, query: str = "", who: str = "ana", **options: Any) -> list[str]:
        """The slugs of a list, over all its pages."""
        path, slugs = f"?{query}", []
        while path:
            answer = self.get(path, who, **options)
            assert answer.status_code == 200, answer.text
            slugs += [item["slug"] for item in answer.json()["items"]]
            cursor = answer.json()["next_cursor"]
            path = f"?{query}&cursor={cursor}" if cursor else ""
        return slugs


def enrol(student: str, course_id: str, status: str = "active") -> None:
    """As a payment does."""
    its_id = enrolment_id("default", student, course_id)
    granted = {"student_id": student, "course_id": course_id, "grants": [new_id()], "status": status}
    EnrolmentRepository().insert(Enrolment(id=its_id, **granted))
