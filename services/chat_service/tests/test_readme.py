"""The README's tables are the program's own."""

import re
from pathlib import Path

from fastapi.routing import APIRoute

from chat_service import models
from chat_service.routes import ROUTERS
from chat_service.settings import OwnEnvironment
from lyceum_contracts import CHAT
from lyceum_database import Record
from lyceum_database.reference import documents_table
from lyceum_web.security import TokenSettings
from lyceum_web.security.permissions import SignedIn

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_table_of_documents_is_what_the_models_declare() -> None:
    exported = [getattr(models, name) for name in models.__all__]
    stored = [model for model in exported if issubclass(model, Record) and not model._meta.get("abstract")]

    assert documents_table(stored) in README


def test_routes_and_who_may_call_them_are_what_the_routers_declare() -> None:
    declared = {
        (f"{method} {route.path}", f"`{part.call.permission}`")
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        for part in route.dependant.dependencies
        if isinstance(part.call, SignedIn)
    }

    assert set(re.findall(r"^\| `([A-Z]+ /[^`]+)` \| ([^|]+) \|", README, flags=re.MULTILINE)) == declared


def test_every_setting_is_there_with_its_default_and_no_other() -> None:
    rows = dict(re.findall(r"^\| `(CHAT_[A-Z_]+)` \| `?([^|`]+)`? \|", README, flags=re.MULTILINE))

    assert rows == {
        f"CHAT_{name.upper()}": f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        for name, field in OwnEnvironment.model_fields.items()
    }
    assert {f"AUTH_{name.upper()}" for name in TokenSettings.model_fields} <= set(
        re.findall(r"`(AUTH_[A-Z_]+)`", README)
    )


def test_every_event_is_there() -> None:
    assert set(re.findall(r"^\| `((?!AUTH_|CHAT_)[A-Z_]+)` \|", README, flags=re.MULTILINE)) == set(CHAT.types)
