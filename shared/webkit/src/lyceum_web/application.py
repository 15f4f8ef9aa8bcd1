"""Makes a service out of its routers: everything that all services do alike is here already."""

from collections.abc import Callable, Mapping, Sequence

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from opentelemetry.trace import TracerProvider
from prometheus_client.registry import Collector

from keylane import Worker
from keylane.metrics import WorkerCollector
from lyceum_database import Record
from lyceum_program.errors import StartRefused
from lyceum_web.assembly import Kit, add_kit
from lyceum_web.consuming import Consumer
from lyceum_web.database_watch import DatabaseWatch
from lyceum_web.idempotency import Outcomes, keyed_routes
from lyceum_web.lifespan import Life, State
from lyceum_web.metrics import Figures
from lyceum_web.models import IdempotencyRecord
from lyceum_web.parts import Part
from lyceum_web.problems.answers import Answers
from lyceum_web.problems.codes import CodeTable, ProblemCode
from lyceum_web.problems.handlers import handle_errors
from lyceum_web.rates import RateLimiter, rate_limiter
from lyceum_web.security import Security
from lyceum_web.settings import WebSettings
from lyceum_web.startup import check_models, cursor_codec
from lyceum_web.threads import run_in_threads
from lyceum_web.tracing import tracer_of


def create_application(  # noqa: PLR0913 - one keyword for each thing in which services differ
    *,
    title: str,
    version: str,
    settings: WebSettings,
    routers: Sequence[APIRouter],
    models: Sequence[type[Record]],
    security: Security,
    state: State | None = None,
    errors: Mapping[type[Exception], str] | None = None,
    codes: Sequence[ProblemCode] = (),
    background: Sequence[Part] = (),
    consumers: Sequence[Worker] = (),
    collectors: Sequence[Collector] = (),
    limiter: RateLimiter | None = None,
    tracer_provider: TracerProvider | None = None,
    prepare: Callable[[], None] | None = None,
) -> FastAPI:
    """Check the models and build a service; nothing is connected or asked yet.

    Args:
        title: of the API.
        version: of the service.
        settings: of the kit.
        routers: the service's own routes.
        models: the documents that it stores, whose indexes it needs; none for a service without a database.
        security: who is calling.
        state: opens what requests need, for as long as the service runs; `request.state` has it.
        errors: domain error -> problem code; its text is shown to the caller.
        codes: problem codes of its own.
        background: what runs beside the requests, from when the database was found to be in order.
        consumers: workers that read topics beside the requests, in every replica; their figures are collected. They
            take nothing new from when a stop is asked for, and end before `background` does.
        collectors: figures of its own, for `/metrics`.
        limiter: counts calls; None for one of its own, on the storage that the settings name.
        tracer_provider: receives spans; None for the global one, if an SDK has set it by now.
        prepare: puts into the database what the first request needs to find there; called in a thread once the indexes
            were verified and before any request is let in, by every replica, and again after `Unavailable`.

    Raises:
        StartRefused: a model is missing or unfit, a route does not say who may call it, two routes have one name, or a
            problem code is unknown.
    """
    check_models()
    kit = Kit(
        settings=settings,
        answers=_answers(codes, errors or {}),
        life=Life(
            threads=settings.threads,
            state=state,
            database=_watch(models, prepare, settings) if models else None,
            parts=background,
            consumers=[Consumer(worker) for worker in consumers],
        ),
        figures=Figures([*collectors, *([WorkerCollector(*consumers)] if consumers else [])]),
        tracer=tracer_of(tracer_provider),
    )
    application = FastAPI(
        title=title,
        version=version,
        lifespan=kit.life.around,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would export paths and query strings
    )
    _keep(application, kit)
    application.state.security = security
    application.state.models = tuple(models)
    application.state.limiter = limiter or rate_limiter(settings.rate_limit_storage)
    application.state.cursors = cursor_codec(settings)
    application.state.outcomes = Outcomes()
    handle_errors(application, kit.answers)
    for router in routers:
        run_in_threads(router)
        application.include_router(router)
    _refuse_unkept_keys(application, models)
    add_kit(application, kit)
    return application


def _refuse_unkept_keys(application: FastAPI, models: Sequence[type[Record]]) -> None:
    keyed = keyed_routes(application)
    if keyed and IdempotencyRecord not in models:
        needed = "give create_application lyceum_web.models.IdempotencyRecord among its models"
        raise StartRefused(f"{'; '.join(keyed)}: takes idempotency keys, whose records have no index: {needed}")


def _answers(codes: Sequence[ProblemCode], errors: Mapping[type[Exception], str]) -> Answers:
    try:
        return Answers(CodeTable(codes), errors)
    except ValueError as exc:
        raise StartRefused(str(exc)) from exc


def _watch(models: Sequence[type[Record]], prepare: Callable[[], None] | None, settings: WebSettings) -> DatabaseWatch:
    return DatabaseWatch(
        models,
        prepare=prepare,
        every_s=settings.database_check_seconds,
        patience_s=settings.database_patience_seconds,
    )


def _keep(application: FastAPI, kit: Kit) -> None:
    """Where dependencies and programs find the parts."""
    application.state.settings = kit.settings
    application.state.answers = kit.answers
    application.state.figures = kit.figures
    application.state.life = kit.life


def _operation_id(route: APIRoute) -> str:
    return route.name
