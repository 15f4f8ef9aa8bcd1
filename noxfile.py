"""One session per verb, one tag per member: `./noxw -l` lists them, `./noxw -t keylane` runs one member's tests.

Every session but `lyceum` prints its seconds against a budget. Continuous integration as a whole is to stay under
20 minutes on 2 cores; `.ci/run` says how long it took, and whoever breaks a budget trims.
"""

from __future__ import annotations

import functools
import itertools
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import nox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "types", "imports", "images", "tests", "platform"]

ROOT = Path(__file__).parent
LOCK = "requirements.lock"
MEMBERS = {
    "modelguard": "shared/modelguard",
    "keylane": "shared/keylane",
    "database": "shared/database",
    "contracts": "shared/contracts",
    "allocation": "shared/allocation",
    "program": "shared/program",
    "web": "shared/webkit",
    "auth-service": "services/auth_service",
    "course-service": "services/course_service",
    "chat-service": "services/chat_service",
    "allocation-worker": "services/allocation_worker",
    "devstack": "devstack",
    "servers": "tests/servers",
}
WAITING = {"keylane", "devstack"}  # whose tests mostly wait for brokers, leases and processes: three side by side
GROUPS = ["lint", "types", "launcher", "test", "bench", "build", "hooks"]  # of the root pyproject.toml
BUDGET_SECONDS = {
    "lint": 30,
    "types": 120,
    "imports": 30,
    "images": 60,
    "tests": 120,  # each member
    "platform": 60,
    "wire": 420,
    "demo": 90,
    "chaos": 120,  # its short form
    "bench": 300,
    "dev": 60,
    "hooks": 30,
    "lock": 60,
}


def timed(session_function: Callable[..., None]) -> Callable[..., None]:
    """Print how long a session took beside what it may take."""

    @functools.wraps(session_function)
    def run(session: nox.Session, **parameters: str) -> None:
        started = time.monotonic()
        try:
            session_function(session, **parameters)
        finally:
            took = time.monotonic() - started
            budget = BUDGET_SECONDS[session_function.__name__]
            verdict = "within" if took <= budget else "OVER"
            session.log(f"{session.name}: {took:.0f} s, {verdict} its budget of {budget} s")

    return run


def install(session: nox.Session, *members: str, groups: tuple[str, ...] = (), tested: bool = True) -> None:
    """Install members and groups of the root, at locked versions and hashes only."""
    session.install(*wanted(members, groups, tested=tested))
    shown = session.run("uv", "pip", "freeze", "--quiet", "--exclude-editable", silent=True, external=True)
    unlocked = sorted(set(shown.split()) - locked_versions()) if isinstance(shown, str) else []
    if unlocked:
        session.error(f"not in {LOCK}: {', '.join(unlocked)}; run ./noxw -s lock")


def wanted(members: Iterable[str], groups: Iterable[str], *, tested: bool) -> list[str]:
    """What to tell `uv pip install`: members editable, with their test groups if tested, and groups of the root."""
    editable = [part for member in members for part in ("--editable", MEMBERS[member])]
    named = [f"{MEMBERS[member]}/pyproject.toml:test" for member in members if tested] + list(groups)
    by_group = [part for group in named for part in ("--group", group)]
    return ["--constraint", LOCK, "--build-constraint", LOCK, *editable, *by_group]


def locked_versions() -> set[str]:
    """`name==version` of everything in the lock file."""
    return set(re.findall(r"^[\w.-]+==[\w.]+", (ROOT / LOCK).read_text(encoding="utf-8"), re.MULTILINE))


@nox.session(tags=["check"])
@timed
def lint(session: nox.Session) -> None:
    """Style and formatting of every file, and how models are registered and imported."""
    install(session, "modelguard", groups=("lint",), tested=False)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("modelguard", "lint", ".")


@nox.session(tags=["check"])
@timed
def types(session: nox.Session) -> None:
    """Static types of sources and tests, in strict mode."""
    install(session, *MEMBERS, groups=("types", "launcher", "test", "bench"))
    session.run("mypy", *session.posargs)


@nox.session(tags=["check"])
@timed
def imports(session: nox.Session) -> None:
    """Who may import whom."""
    install(session, *MEMBERS, groups=("lint",))
    session.run("lint-imports")


@nox.session(tags=["check"])
@timed
def images(session: nox.Session) -> None:
    """Dockerfiles and the compose file, checked without an engine."""
    install(session, groups=("lint", "test", "launcher"))
    session.run("hadolint", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("services/*/Dockerfile")))
    compose_files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docker-compose*.yml"))
    session.run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *compose_files)
    session.run("pytest", "tests/images", *session.posargs)


@nox.session
@nox.parametrize("member", [nox.param(name, id=name, tags=[name, "test"]) for name in MEMBERS])
@timed
def tests(session: nox.Session, member: str) -> None:
    """One member's tests, in an environment that holds that member's dependencies only."""
    install(session, member)
    side_by_side = ("-n", "3", "--dist", "worksteal") if member in WAITING else ()
    session.run("pytest", f"{MEMBERS[member]}/tests", "-m", "not wire", *side_by_side, *session.posargs)


@nox.session(tags=["test"])
@timed
def platform(session: nox.Session) -> None:
    """What only shows when every member is in one process."""
    install(session, *MEMBERS, groups=("test", "bench"))
    places = ["tests/models", "tests/workspace", "tests/benchmarks", "tests/chaos"]
    session.run("pytest", *places, *session.posargs)


@nox.session
@timed
def wire(session: nox.Session) -> None:
    """Tests against real server processes; starts them unless MONGODB_URI and KAFKA_BOOTSTRAP name others."""
    install(session, *MEMBERS, groups=("test",))
    places = ["shared", "services", "devstack/tests", "tests/servers/tests", "tests/wire"]
    tests = ["pytest", "-m", "wire", "-n", "2", "--dist", "worksteal", *places]  # half of their time they wait
    session.run("python", "-m", "real_servers", "run", "--", *tests, *session.posargs)


@nox.session
@timed
def chaos(session: nox.Session) -> None:
    """Kill, freeze and cut off workers and servers at work, then count what was lost or doubled: `-- --minutes 10`."""
    install(session, *MEMBERS, groups=("test",))
    session.run("python", "-m", "tests.chaos", *session.posargs)


@nox.session
@timed
def demo(session: nox.Session) -> None:
    """The whole story over HTTP on embedded servers, sign-up to conversation. Arguments go to `lyceum demo`."""
    install(session, "devstack", tested=False)
    session.run("lyceum", "demo", *session.posargs)


@nox.session
def lyceum(session: nox.Session) -> None:
    """Run the operator command: `./noxw -s lyceum -- trainers import FILE.csv`; without arguments its help."""
    install(session, "devstack", tested=False)
    session.run("lyceum", *(session.posargs or ["--help"]))


@nox.session
@timed
def bench(session: nox.Session) -> None:
    """Measure speed and memory, each figure beside its bar. `-- keylane --full`: names pick, options go to each."""
    install(session, *MEMBERS, groups=("test", "bench"))
    names = list(itertools.takewhile(lambda word: not word.startswith("-"), session.posargs))
    options = session.posargs[len(names) :]
    known = {script.stem.removeprefix("bench_"): script.stem for script in ROOT.glob("tests/benchmarks/bench_*.py")}
    if unknown := [name for name in names if name not in known]:
        session.error(f"no benchmark {', '.join(unknown)}: choose from {', '.join(sorted(known))}")
    if not names and {"-h", "--help"} & set(options):
        session.log(f"bench -- [{'|'.join(sorted(known))} ...] [OPTIONS]; the options of one: bench -- keylane --help")
        return
    for name in names or sorted(known):
        session.run("python", "-m", f"tests.benchmarks.{known[name]}", *options)


@nox.session
@timed
def dev(session: nox.Session) -> None:
    """Make `.venv` for an editor: every member, editable, with all tools."""
    session.run("uv", "venv", "--allow-existing", ".venv", external=True)
    tools = ("lint", "types", "launcher", "test", "bench")
    session.run("uv", "pip", "install", "--python", ".venv", *wanted(MEMBERS, tools, tested=True), external=True)


@nox.session
@timed
def hooks(session: nox.Session) -> None:
    """Run lint and imports before each commit of this clone, from now on."""
    install(session, groups=("hooks",))
    session.run("pre-commit", "install")


@nox.session
@timed
def lock(session: nox.Session) -> None:
    """Choose versions again and write requirements.lock; `-- --upgrade` takes newer ones."""
    projects = ["pyproject.toml", *(f"{folder}/pyproject.toml" for folder in MEMBERS.values())]
    own_names = [
        re.search(r'^name = "(.+)"', (ROOT / project).read_text(encoding="utf-8"), re.MULTILINE) for project in projects
    ]
    hidden = [part for found in own_names if found for part in ("--no-emit-package", found[1])]
    member_groups = [part for folder in MEMBERS.values() for part in ("--group", f"{folder}/pyproject.toml:test")]
    root_groups = [part for group in GROUPS for part in ("--group", group)]
    shape = ["--universal", "--generate-hashes", "--python-version", "3.11", "--no-header", "--no-annotate"]
    session.run(
        *("uv", "pip", "compile", *shape, "--all-extras", *root_groups, *member_groups, *hidden),
        *(*projects, "--output-file", LOCK, "--quiet", *session.posargs),
        external=True,
    )
