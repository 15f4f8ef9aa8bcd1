"""A process that is killed between its effect and its record: the next one finds the effect, and makes no second."""

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from starlette.responses import Response

from lyceum_database import Course, CourseRepository
from lyceum_database.testing import temporary_database
from lyceum_web.idempotency import Outcomes
from lyceum_web.idempotency.request import KeyedRequest
from lyceum_web.models import IdempotencyRecord
from lyceum_web.problems import ProblemError

LEASE = timedelta(seconds=3)
REQUEST = KeyedRequest("ana", "POST /v1/courses", "k1", b"content")

KILLED = """
import os, signal, sys
from datetime import timedelta
from starlette.responses import Response
import lyceum_database
from lyceum_database import Course, CourseRepository, MongoSettings
from lyceum_web.idempotency import Outcomes
from lyceum_web.idempotency.request import KeyedRequest

lyceum_database.connect(MongoSettings(uri=sys.argv[1], database=sys.argv[2]))

def create(course_id):
    CourseRepository().insert(Course(id=course_id, slug="maths", title="Maths", subject="maths"))
    os.kill(os.getpid(), signal.SIGKILL)

Outcomes(lease=timedelta(seconds=3)).run(KeyedRequest("ana", "POST /v1/courses", "k1", b"content"), create)
"""


def create(course_id: str) -> Response:
    CourseRepository().insert(Course(id=course_id, slug="maths", title="Maths", subject="maths"))
    return Response(b"made anew", 201)


def existing(course_id: str) -> Response:
    return Response(CourseRepository().get(course_id).title.encode(), 201)


def answered(until_s: float) -> Response:
    """Ask again as a client does, as long as the key is in use."""
    while True:
        try:
            return Outcomes(lease=LEASE).run(REQUEST, create, existing=existing)
        except ProblemError as exc:
            if exc.code != "idempotency_key_in_use" or time.monotonic() > until_s:
                raise
        time.sleep(0.05)


@pytest.mark.wire
def test_what_a_killed_process_made_is_not_made_again() -> None:
    uri = os.environ["MONGODB_URI"]  # noqa: TID251 - the wire tests' own setting
    with temporary_database([IdempotencyRecord, Course], uri=uri) as name:
        killed = subprocess.run([sys.executable, "-c", KILLED, uri, name], capture_output=True, text=True, check=False)
        assert killed.returncode == -9, killed.stderr

        with pytest.raises(ProblemError, match="idempotency_key_in_use"):
            Outcomes(lease=LEASE).run(REQUEST, create, existing=existing)
        assert answered(time.monotonic() + 30).body == b"Maths"
        assert answered(time.monotonic() + 30).headers["Idempotent-Replayed"] == "true"
        assert len(CourseRepository().list_()) == 1
