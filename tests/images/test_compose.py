"""The compose files hold to their rules; each rule is also shown to find what it is there for."""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE, PRODUCTION = (
    yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    for name in ("docker-compose.yml", "docker-compose.production.yml")
)

Stack = dict[str, Any]
ENDS_WELL = "service_completed_successfully"


def services(stack: Stack) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from stack["services"].items()


def is_ours(service: dict[str, Any]) -> bool:
    return "lyceum" in service["image"]


def is_job(service: dict[str, Any]) -> bool:
    return service.get("restart") == "no"


def dependencies(stack: Stack) -> Iterator[tuple[str, str, str]]:
    for name, service in services(stack):
        for needed, how in service.get("depends_on", {}).items():
            yield name, needed, how["condition"]


def dependencies_exist(stack: Stack) -> Iterator[str]:
    for name, needed, _ in dependencies(stack):
        if needed not in stack["services"]:
            yield f"{name} depends on {needed}, which is not there"


def jobs_are_waited_for(stack: Stack) -> Iterator[str]:
    """A job that nobody depends on can make `up --wait` fail when it ends."""
    waited_for = {needed for _, needed, condition in dependencies(stack) if condition == ENDS_WELL}
    for name, service in services(stack):
        if is_job(service) != (name in waited_for):
            yield f"{name} must be a job that somebody waits for, or neither"


def servers_are_watched(stack: Stack) -> Iterator[str]:
    for name, service in services(stack):
        health = service.get("healthcheck", {})
        if is_job(service):
            if not health.get("disable"):
                yield f"{name} is a job: a health check of its image would call it unhealthy"
        elif not health.get("test"):
            yield f"{name} has no health check"


def servers_are_waited_for_until_healthy(stack: Stack) -> Iterator[str]:
    for name, needed, condition in dependencies(stack):
        expected = ENDS_WELL if is_job(stack["services"].get(needed, {})) else "service_healthy"
        if condition != expected:
            yield f"{name} waits for {needed} with {condition}"


def ours_need_no_extra_tools(stack: Stack) -> Iterator[str]:
    for name, service in services(stack):
        test = " ".join(service.get("healthcheck", {}).get("test", []))
        if is_ours(service) and test and not ("python" in test and "/livez" in test):
            yield f"{name} is not checked by python on /livez"


def everything_is_confined(stack: Stack) -> Iterator[str]:
    for name, service in services(stack):
        wanted = {
            "init": service.get("init") is True,
            "a read-only root": service.get("read_only") is True,
            "a tmpfs on /tmp": any(
                mount.partition(":")[0] == "/tmp"  # noqa: S108 - a folder of the container
                for mount in service.get("tmpfs", [])
            ),
            "no capabilities": service.get("cap_drop") == ["ALL"] and "cap_add" not in service,
            "no new privileges": "no-new-privileges:true" in service.get("security_opt", []),
            "a memory limit": "mem_limit" in service,
            "a process limit": "pids_limit" in service,
        }
        yield from (f"{name} lacks {what}" for what, given in wanted.items() if not given)


def foreign_images_run_unprivileged(stack: Stack) -> Iterator[str]:
    """Our own images name their user themselves."""
    for name, service in services(stack):
        user = str(service.get("user", "0")).partition(":")[0]
        if not is_ours(service) and not (user.isdigit() and int(user) > 0):
            yield f"{name} does not run as a numbered user other than root"


def images_are_pinned_and_replaceable(stack: Stack) -> Iterator[str]:
    for name, service in services(stack):
        if not is_ours(service):
            variable, separator, default = service["image"].removeprefix("${").removesuffix("}").partition(":-")
            tag = default.rpartition(":")[2]
            if not (separator and variable.endswith("_IMAGE") and tag.count(".") == 2):
                yield f"{name} takes {service['image']}: wanted ${{..._IMAGE:-name:x.y.z}}"


def ports_are_for_this_machine_only(stack: Stack) -> Iterator[str]:
    for name, service in services(stack):
        yield from (
            f"{name} is open to the network: {port}"
            for port in service.get("ports", [])
            if not port.startswith("127.0.0.1:")
        )


def addresses_with_passwords_are_files(stack: Stack) -> Iterator[str]:
    for name, service in services(stack):
        for variable in service.get("environment", {}):
            if {"URI", "PASSWORD", "SECRET", "TOKEN"} & set(variable.split("_")):
                yield f"{name} gets {variable} by the environment"
        for secret in service.get("secrets", []):
            if "file" not in stack.get("secrets", {}).get(secret, {}):
                yield f"{name} wants {secret}, which is no file"


def volumes_exist(stack: Stack) -> Iterator[str]:
    for name, service in services(stack):
        for volume in service.get("volumes", []):
            if volume.partition(":")[0] not in stack.get("volumes", {}):
                yield f"{name} mounts {volume}, which is not there"


Rule = Callable[[Stack], Iterator[str]]
RULES: tuple[Rule, ...] = (
    dependencies_exist,
    jobs_are_waited_for,
    servers_are_watched,
    servers_are_waited_for_until_healthy,
    ours_need_no_extra_tools,
    everything_is_confined,
    foreign_images_run_unprivileged,
    images_are_pinned_and_replaceable,
    ports_are_for_this_machine_only,
    addresses_with_passwords_are_files,
    volumes_exist,
)


@pytest.mark.parametrize("stack", [COMPOSE, PRODUCTION], ids=["development", "production"])
@pytest.mark.parametrize("rule", RULES)
def test_the_stack_holds_to(rule: Rule, stack: Stack) -> None:
    assert list(rule(stack)) == []


WORKER = "allocation-worker"
BREAKS: tuple[tuple[Rule, str, str, Any], ...] = (
    (dependencies_exist, WORKER, "depends_on", {"nobody": {"condition": "service_healthy"}}),
    (jobs_are_waited_for, WORKER, "depends_on", {"topics": {"condition": ENDS_WELL}}),
    (jobs_are_waited_for, WORKER, "restart", "no"),
    (servers_are_watched, "kafka", "healthcheck", {}),
    (servers_are_watched, "topics", "healthcheck", {}),
    (servers_are_waited_for_until_healthy, "topics", "depends_on", {"kafka": {"condition": "service_started"}}),
    (ours_need_no_extra_tools, WORKER, "healthcheck", {"test": ["CMD", "curl", "http://127.0.0.1:8080/livez"]}),
    (everything_is_confined, "indexes", "read_only", False),
    (everything_is_confined, "mongodb", "cap_drop", ["NET_RAW"]),
    (everything_is_confined, "kafka", "tmpfs", ["/opt/kafka/config:mode=1777"]),
    (foreign_images_run_unprivileged, "mongodb", "user", "0:0"),
    (images_are_pinned_and_replaceable, "kafka", "image", "apache/kafka:4.3.1"),
    (images_are_pinned_and_replaceable, "kafka", "image", "${KAFKA_IMAGE:-apache/kafka:latest}"),
    (ports_are_for_this_machine_only, "mongodb", "ports", ["27017:27017"]),
    (addresses_with_passwords_are_files, WORKER, "environment", {"MONGODB_URI": "mongodb://user:password@host/"}),
    (addresses_with_passwords_are_files, WORKER, "secrets", ["unheard_of"]),
    (volumes_exist, "kafka", "volumes", ["elsewhere:/var/lib/kafka/data"]),
)


@pytest.mark.parametrize(("rule", "service", "key", "value"), BREAKS)
def test_a_break_is_found_by(rule: Rule, service: str, key: str, value: Any) -> None:
    broken = copy.deepcopy(COMPOSE)
    broken["services"][service][key] = value
    assert list(rule(broken)) != []


def test_the_stack_has_a_name_of_its_own() -> None:
    assert COMPOSE["name"] == "lyceum"


def test_every_service_with_an_image_is_in_the_stack() -> None:
    built = {service["build"]["dockerfile"] for _, service in services(COMPOSE) if "build" in service}
    assert built == {str(path.relative_to(ROOT)) for path in ROOT.glob("services/*/Dockerfile")}


def test_the_development_secret_exists_and_holds_no_password() -> None:
    path = COMPOSE["secrets"]["mongodb_uri"]["file"].removeprefix("${MONGODB_URI_FILE:-").removesuffix("}")
    assert "@" not in (ROOT / path).read_text(encoding="utf-8")


def test_outside_development_what_has_no_safe_default_must_be_given() -> None:
    text = (ROOT / "docker-compose.production.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+):\?", text)) == {
        *("LYCEUM_VERSION", "KAFKA_BOOTSTRAP", "MONGODB_URI_FILE", "CURSOR_KEY_FILE", "AUTH_KEYS_FOLDER"),
        *("STRIPE_API_KEY_FILE", "STRIPE_WEBHOOK_SECRETS_FILE"),
    }
    assert all("build" not in service for _, service in services(PRODUCTION))


def test_a_program_is_the_same_in_both_stacks_but_for_where_things_and_payments_come_from() -> None:
    elsewhere = {"image", "build", "environment", "depends_on", "secrets"}
    for name, service in services(PRODUCTION):
        here = COMPOSE["services"][name]
        assert {key: value for key, value in service.items() if key not in elsewhere} == {
            key: value for key, value in here.items() if key not in elsewhere
        }
        assert service["environment"].keys() == here["environment"].keys()
        assert set(service["secrets"]) - STRIPE == set(here["secrets"]) - {"payment_fake_secret"}


STRIPE = {"stripe_api_key", "stripe_webhook_secrets"}


def test_outside_development_nobody_pays_with_the_provider_that_moves_no_money() -> None:
    assert "fake" not in (ROOT / "docker-compose.production.yml").read_text(encoding="utf-8")
    for name, service in services(PRODUCTION):
        if name.startswith("course-"):
            assert service["environment"]["PAYMENT_PROVIDER"] == "stripe"
            assert set(service["secrets"]) > STRIPE


def test_the_production_file_lists_every_variable_that_it_reads() -> None:
    text = (ROOT / "docker-compose.production.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^#   ([A-Z_]+) ", text, re.MULTILINE)
    assert set(listed) == set(re.findall(r"\$\{([A-Z_]+)", text))
