"""Puts the kit's pages beside a service's routes, and the kit's layers around them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from opentelemetry.trace import Tracer
from starlette.routing import Route

from lyceum_web.documentation import documentation_routes
from lyceum_web.exchanges import Exchanges, Watch
from lyceum_web.gate import Gate
from lyceum_web.head_requests import HeadRequests
from lyceum_web.health import health_routes, is_marked
from lyceum_web.lifespan import Life
from lyceum_web.limits import Allowances, Limits
from lyceum_web.metrics import Figures, metrics_routes
from lyceum_web.openapi import described
from lyceum_web.problems.answers import Answers
from lyceum_web.problems.pages import problem_routes
from lyceum_web.settings import WebSettings
from lyceum_web.startup import check_application
from lyceum_web.templates import Templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What the kit brings to one application."""

    settings: WebSettings
    answers: Answers
    life: Life
    figures: Figures
    tracer: Tracer | None


def add_kit(application: FastAPI, kit: Kit) -> None:
    """Complete an application that has all of its own routes.

    Raises:
        StartRefused: a route does not say who may call it, or cannot be described.
    """
    pages = _pages(application, kit)
    application.router.routes.extend(pages)
    check_application(application, kit.answers.codes, open_paths=[page.path for page in pages])
    application.openapi = described(application, kit.answers.codes)  # type: ignore[method-assign] # FastAPI's documented way
    _add_layers(application, kit, frozenset(page.path for page in pages))


def _pages(application: FastAPI, kit: Kit) -> list[Route]:
    metrics = [] if kit.settings.metrics_port is not None else metrics_routes(kit.figures)
    documentation = documentation_routes(application) if kit.settings.documentation else []
    return [*health_routes(kit.life.health), *metrics, *problem_routes(kit.answers.codes), *documentation]


def _add_layers(application: FastAPI, kit: Kit, pages: frozenset[str]) -> None:
    """From the innermost to the outermost."""
    settings, answers = kit.settings, kit.answers
    routes = list(iter_route_contexts(application.routes))
    allowances = Allowances(
        routes,
        body_bytes=settings.body_bytes,
        body_values=settings.body_values,
        seconds=settings.request_seconds,
    )
    application.add_middleware(Limits, answers, allowances=allowances, body_depth=settings.body_depth)
    open_to = _open_to(pages | _marked(routes))
    application.add_middleware(Gate, kit.life.health, answers, open_to=open_to, most=settings.requests)
    application.add_middleware(HeadRequests)
    templates = Templates(routes)
    watch = Watch(answers=answers, templates=templates, figures=kit.figures, tracer=kit.tracer, quiet=pages)
    application.add_middleware(Exchanges, watch)


def _marked(routes: Iterable[RouteContext]) -> frozenset[str]:
    return frozenset(route.path for route in routes if route.path is not None and is_marked(route.endpoint))


def _open_to(paths: frozenset[str]) -> Callable[[str], bool]:
    """Tell of a path whether it is one of these; one whose template ends in a parameter stands for all below it."""
    plain = frozenset(path for path in paths if "{" not in path)
    below = tuple(path.partition("{")[0] for path in paths - plain)
    return lambda path: path in plain or path.startswith(below)
