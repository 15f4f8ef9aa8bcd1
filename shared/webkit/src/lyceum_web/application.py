"""Makes a service out of its routers: everything that all services do alike is here already."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from lyceum_database import Record
from lyceum_web.problems.answers import Answers
from lyceum_web.problems.codes import CodeTable, ProblemCode
from lyceum_web.problems.handlers import handle_errors
from lyceum_web.settings import WebSettings

State = Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]


def create_application(  # noqa: PLR0913 - one keyword for each thing in which services differ
    *,
    title: str,
    version: str,
    settings: WebSettings,
    routers: Sequence[APIRouter],
    models: Sequence[type[Record]],
    security: Any,
    state: State | None = None,
    errors: Mapping[type[Exception], str] | None = None,
    codes: Sequence[ProblemCode] = (),
) -> FastAPI:
    """Build a service.

    Args:
        title: of the API.
        version: of the service.
        settings: of the kit.
        routers: the service's own routes.
        models: the documents that it stores.
        security: who is calling.
        state: opens what requests need, for as long as the service runs; `request.state` has it.
        errors: domain error -> problem code; its text is shown to the caller.
        codes: problem codes of its own.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        if state is None:
            yield {}
            return
        async with state() as opened:
            yield opened

    application = FastAPI(
        title=title,
        version=version,
        lifespan=lifespan,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    application.state.settings = settings
    application.state.security = security
    application.state.models = tuple(models)
    answers = Answers(CodeTable(codes), errors or {})
    application.state.answers = answers
    handle_errors(application, answers)
    for router in routers:
        application.include_router(router)
    return application


def _operation_id(route: APIRoute) -> str:
    return route.name
