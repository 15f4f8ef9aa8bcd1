"""The README's tables are the program's own."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr

from course_service import authoring, models, selling
from course_service.payments.fake_provider import FakeProvider
from course_service.payments.settings import PaymentSettings
from course_service.settings import InboxEnvironment, OwnEnvironment
from lyceum_contracts import COURSE_SERVICE, TOPICS
from lyceum_database import Record
from lyceum_database.reference import documents_table
from lyceum_web.security import TokenSettings
from lyceum_web.security.permissions import Public, SignedIn

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_documents_are_what_the_models_declare() -> None:
    exported = [getattr(models, name) for name in models.__all__]
    stored = [model for model in exported if issubclass(model, Record) and not model._meta.get("abstract")]

    assert documents_table(stored) in README


def test_routes_and_who_may_call_them_are_what_the_routers_declare() -> None:
    declared = {
        (f"{method} {route.path}", _who(route))
        for router in (*authoring.ROUTERS, *selling.ROUTERS)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }

    assert set(re.findall(r"^\| `([A-Z]+ /[^`]+)` \| ([^|]+) \|", README, flags=re.MULTILINE)) == declared


def _who(route: APIRoute) -> str:
    rules = [part.call for part in route.dependant.dependencies if isinstance(part.call, Public | SignedIn)]
    (rule,) = rules
    if isinstance(rule, Public):
        return "anybody"
    return "signed in" if rule.permission is None else f"`{rule.permission}`"


def test_every_setting_is_there_with_its_default_and_no_other() -> None:
    table = README[README.index("## Settings") : README.index("Secrets may be files")]
    told: dict[str, str] = {}
    for names, default in re.findall(r"^\| (`[A-Z_`, ]+`) \| *([^|]*?) *\|", table, flags=re.MULTILINE):
        told |= dict(zip(re.findall(r"[A-Z_]+", names), default.replace("`", "").split(", "), strict=True))

    kinds = (OwnEnvironment, InboxEnvironment, PaymentSettings, TokenSettings)
    assert told == {
        f"{kind.model_config.get('env_prefix', '')}{name}".upper(): _default(field)
        for kind in kinds
        for name, field in kind.model_fields.items()
    } | {"AUTH_KEYS_URL": "required"}


@pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("openssl")), reason="the README's lines are for a shell with openssl"
)
def test_whoever_knows_the_fake_providers_secret_pays_with_the_lines_of_the_readme() -> None:
    signing = README[README.index("$ PAID=") : README.index("$ curl -s $COURSES/v1/payment-webhooks/fake")]
    lines = signing.replace("$ PAID", "PAID").replace("$ V1", "V1")
    secret, purchase = "sixteen-characters", "0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"

    given = f"SECONDS_NOW=$(date +%s)\nPURCHASE={purchase}\nPAYMENT_FAKE_SECRET={secret}\n"
    told = subprocess.run(
        ["bash", "-euc", f'{given}{lines}printf %s "t=$SECONDS_NOW,v1=$V1|$PAID"'], capture_output=True, check=True
    )

    provider = FakeProvider(SecretStr(secret))
    signature, _, body = told.stdout.partition(b"|")
    event = provider.parse_webhook(body, {"stripe-signature": signature.decode()})
    own = provider.paid(purchase, 4900, "EUR")
    expected = provider.parse_webhook(own.body, own.headers)
    assert (event.kind, event.reference, event.purchase_id, event.amount_minor, event.currency) == (
        expected.kind,
        expected.reference,
        expected.purchase_id,
        4900,
        "EUR",
    )


def _default(field: object) -> str:
    default = getattr(field, "default", None)
    return "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)


def test_every_event_that_it_writes_is_there() -> None:
    written = {type_ for topic in TOPICS if COURSE_SERVICE in topic.producers for type_ in topic.types}

    table = README[README.index("## Events") : README.index("## Running it")]
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, flags=re.MULTILINE)) == written
