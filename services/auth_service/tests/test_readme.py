"""The README's tables are the program's own."""

import re
from pathlib import Path

from fastapi.routing import APIRoute

from auth_service import models
from auth_service.keys.router import router as keys_router
from auth_service.routes import ROUTERS
from auth_service.settings import OwnEnvironment
from lyceum_contracts import USERS
from lyceum_database.reference import documents_table
from lyceum_web.security.permissions import Public, SignedIn

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_documents_are_what_the_models_declare() -> None:
    assert documents_table(getattr(models, name) for name in models.__all__) in README


def test_routes_and_who_may_call_them_are_what_the_routers_declare() -> None:
    declared = {
        (f"{method} {route.path}", _who(route))
        for router in (*ROUTERS, keys_router)
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


def test_every_setting_is_there_and_no_other() -> None:
    variables = {f"AUTH_{name.upper()}" for name in OwnEnvironment.model_fields}

    assert set(re.findall(r"`(AUTH_[A-Z_]+)`", README)) == variables


def test_every_event_is_there() -> None:
    assert set(re.findall(r"^\| `((?!AUTH_)[A-Z_]+)` \|", README, flags=re.MULTILINE)) == set(USERS.types)
