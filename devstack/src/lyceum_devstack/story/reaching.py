"""Whether the services are there, before anybody comes."""

from lyceum_devstack.errors import ServerError
from lyceum_devstack.story.addresses import OPTIONS, Service
from lyceum_devstack.story.web import Ask, RefusedError, Web

UNAUTHENTICATED = "unauthenticated"
ASKED = {Service.AUTH: "/v1/me", Service.COURSES: "/v1/enrolments", Service.CHAT: "/v1/conversations"}
"""A route that only this service has, and that tells strangers to sign in."""


async def reach_all(web: Web) -> None:
    """Ask each service for something that only it has.

    Raises:
        ServerError: one does not answer, or is another than it should be.
    """
    for service, path in ASKED.items():
        try:
            await web.ask(Ask(service=service, method="GET", path=path))
        except RefusedError as exc:
            if exc.code == UNAUTHENTICATED:
                continue
            address = web.addresses.of(service)
            raise ServerError(
                f"what answers at {address} is not the {service} ({exc.status} {exc.code} to {path}): "
                f"its address is given by {OPTIONS[service]}"
            ) from exc
        raise ServerError(f"what answers at {web.addresses.of(service)} is not the {service}: it lets strangers in")
