"""Every member's models in one process: all there, all guarded, none twice.

Each scenario runs in a process of its own, since what is under test is what a process's imports leave behind.
"""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [
    *("lyceum_database.models", "lyceum_allocation.models", "lyceum_web.models"),
    *("auth_service.models", "course_service.models", "chat_service.models"),
]

# The models of the three incident reports, under this platform's names, and who owns each.
REPORTED = {
    "first": {
        "User": "lyceum_database",
        "Organization": "lyceum_database",
        "Service": "lyceum_database",
        "Session": "lyceum_database",
    },
    "second, shared": {
        "User": "lyceum_database",
        "Course": "lyceum_database",
        "Message": "lyceum_database",
        "Notification": "lyceum_database",
        "DeviceToken": "lyceum_database",
        "Analytics": "lyceum_database",
    },
    "second, of the services": {
        "Exam": "course_service",
        "Quiz": "course_service",
        "CourseVideo": "course_service",
        "PdfMaterial": "course_service",
        "ChatMessage": "chat_service",  # called Message there, beside the shared Message
        "Doubt": "chat_service",
        "DoubtReply": "chat_service",
        "MediaAttachment": "chat_service",
    },
    "third": {"Role": "lyceum_database"},
}
OURS = {
    "AuditEntry": "auth_service",
    "Invitation": "auth_service",
    "IdempotencyRecord": "lyceum_web",
    "Conversation": "chat_service",
    "Allocation": "lyceum_allocation",
    "TrainerCapacity": "lyceum_allocation",
    "Purchase": "course_service",
    "Enrolment": "course_service",
    "WebhookEvent": "course_service",
}

SURVEY = """
    import importlib, json, sys
    import modelguard

    packages = json.loads(sys.argv[1])
    exported = {}
    for name in packages:
        package = importlib.import_module(name)
        exported.update({model: getattr(package, model) for model in package.__all__})
    modelguard.check()
    stats = modelguard.stats()
    print(json.dumps({
        "owners": {name: exported[name].__module__.partition(".")[0] for name in exported},
        "same": all(modelguard.require(name) is model for name, model in exported.items()),
        "unexported": sorted(set(modelguard.models) - set(exported)),
        "collections": sorted(
            model._meta["collection"] for model in exported.values()
            if model._meta.get("collection") and not model._meta.get("abstract")),
        "stats": [stats.conflicts, stats.changed, stats.rolled_back],
    }))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)


def survey(packages: list[str]) -> dict[str, object]:
    result = run(SURVEY, json.dumps(packages))
    assert (result.returncode, result.stderr) == (0, "")
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.fixture(scope="module")
def everything() -> dict[str, object]:
    return survey(PACKAGES)


@pytest.mark.parametrize("report", REPORTED)
def test_every_model_of_the_incident_reports_exists_with_its_owner(report: str, everything: dict[str, object]) -> None:
    owners = everything["owners"]
    assert isinstance(owners, dict)

    assert {name: owners.get(name) for name in REPORTED[report]} == REPORTED[report]


def test_the_second_report_names_fourteen_models() -> None:
    assert len(REPORTED["second, shared"]) + len(REPORTED["second, of the services"]) == 14


def test_models_beyond_the_reports_have_their_owner(everything: dict[str, object]) -> None:
    owners = everything["owners"]
    assert isinstance(owners, dict)

    assert {name: owners.get(name) for name in OURS} == OURS


def test_each_is_registered_once_and_nothing_dangles(everything: dict[str, object]) -> None:
    assert everything["same"] is True
    assert everything["stats"] == [0, 0, 0]


def test_nothing_is_registered_that_no_index_exports(everything: dict[str, object]) -> None:
    assert everything["unexported"] == ["Record"]  # the base of all, no model


def test_no_two_models_share_a_collection(everything: dict[str, object]) -> None:
    collections = everything["collections"]
    assert isinstance(collections, list)

    assert sorted(set(collections)) == collections
    assert len(collections) >= 21


def test_the_order_in_which_members_are_imported_does_not_matter(everything: dict[str, object]) -> None:
    assert survey(PACKAGES[::-1]) == everything


AGAIN = """
    import importlib, json, sys
    import modelguard

    packages = json.loads(sys.argv[1])
    ours = {name.partition(".")[0] for name in packages}

    def exported():
        found = {}
        for name in packages:
            package = importlib.import_module(name)
            found.update({model: getattr(package, model) for model in package.__all__})
        return found

    def loaded():
        return [name for name in sys.modules if name.partition(".")[0] in ours]

    first = exported()
    for name in loaded():
        importlib.reload(sys.modules[name])
    for _ in range(2):
        for name in loaded():
            del sys.modules[name]
        again = exported()
        assert [name for name in first if first[name] is not again[name]] == []
    modelguard.check()
    stats = modelguard.stats()
    assert (stats.conflicts, stats.changed, stats.rolled_back) == (0, 0, 0), stats
    assert stats.reused >= 3 * len(first), stats
"""


def test_reloading_and_importing_everything_again_gives_the_same_classes() -> None:
    result = run(AGAIN, json.dumps(PACKAGES))

    assert (result.returncode, result.stderr) == (0, "")


SECOND_MESSAGE = """
import sys
sys.path.insert(0, sys.argv[1])

import modelguard
from lyceum_database import Message

try:
    import forum.models.message
except modelguard.ModelConflictError as exc:
    conflict = exc
else:
    raise AssertionError("the import of a second Message should have stopped")

print(conflict)
assert conflict.model == "Message"
assert "forum.models.message" not in sys.modules
assert modelguard.require("Message") is Message
assert modelguard.stats().conflicts == 1

from lyceum_database import MessageRepository
from lyceum_database.embedded import connect_embedded
connect_embedded()
said = MessageRepository().insert(Message(sender_id="tom", title="Hello", body="Still here"))
assert MessageRepository().get(said.id) == said
modelguard.check()
"""


def test_a_second_message_in_another_member_stops_its_import_and_the_first_stays_usable(tmp_path: Path) -> None:
    models = tmp_path / "forum" / "models"
    models.mkdir(parents=True)
    for package in (tmp_path / "forum", models):
        (package / "__init__.py").write_text('"""A member."""\n', encoding="utf-8")
    second = models / "message.py"
    second.write_text(
        textwrap.dedent("""\
            \"\"\"A message of a forum.\"\"\"

            from lyceum_database import Record
            from mongoengine.fields import StringField


            class Message(Record):
                text = StringField()
        """),
        encoding="utf-8",
    )
    first = ROOT / "shared/database/src/lyceum_database/models/message.py"
    line = 1 + first.read_text(encoding="utf-8").splitlines().index("class Message(Record):")

    result = run(SECOND_MESSAGE, str(tmp_path))

    assert (result.returncode, result.stderr) == (0, "")
    assert f"{first.resolve()}:{line}" in result.stdout
    assert f"{second.resolve()}:7" in result.stdout


MISSING = """
import sys
import modelguard
from lyceum_database import IdField, Record

class Badge(Record):
    owner_id = IdField(references="Usre")

try:
    modelguard.check()
except modelguard.ModelCheckError as exc:
    [problem] = exc.problems
    print(problem.model, problem.field, problem.hint, problem.site, problem.message, sep="|")
else:
    raise AssertionError("check() should have named the dangling reference")
"""


def test_a_reference_to_a_model_that_is_not_there_is_named_with_its_field_and_place(tmp_path: Path) -> None:
    script = tmp_path / "badge.py"
    script.write_text(MISSING, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=60, check=False
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Badge|owner_id|")
    assert "Usre" in result.stdout
    assert "User" in result.stdout
    assert f"{script.resolve()}:" in result.stdout
