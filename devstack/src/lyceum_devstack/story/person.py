"""Somebody at a screen: an account, and requests in its name."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from lyceum_devstack.story.addresses import Service
from lyceum_devstack.story.web import Ask, RefusedError, Web

UNAUTHENTICATED = 401


class Person:
    """Somebody with an account.

    Attributes:
        id: of the account, once signed in.
    """

    def __init__(self, web: Web, *, email: str, password: str, name: str) -> None:
        self.web = web
        self.email = email
        self.name = name
        self.id = ""
        self._password = password
        self._token = ""
        self._refresh_token = ""

    async def sign_up(self) -> None:
        """Make the account; again changes nothing."""
        body = {"email": self.email, "password": self._password, "name": self.name}
        await self.web.ask(Ask(service=Service.AUTH, method="POST", path="/v1/signup", body=body))

    async def accept(self, token: str) -> None:
        """Accept an invitation, with this password."""
        path = f"/v1/invitations/{token}/acceptance"
        body = {"email": self.email, "password": self._password, "name": self.name}
        await self.web.ask(Ask(service=Service.AUTH, method="POST", path=path, body=body, again=False))

    async def sign_in(self) -> None:
        """Sign in, and learn who one is.

        Raises:
            RefusedError: not with this password.
        """
        body = {"email": self.email, "password": self._password}
        pair = await self.web.ask(Ask(service=Service.AUTH, method="POST", path="/v1/login", body=body))
        self._keep(pair)
        me = await self._ask(Service.AUTH, "GET", "/v1/me")
        self.id, self.name = me["id"], me["name"]

    async def freshen(self) -> None:
        """Exchange the refresh token, which is good once, for another pair."""
        body = {"refresh_token": self._refresh_token}
        ask = Ask(service=Service.AUTH, method="POST", path="/v1/token-refreshes", body=body, again=False)
        self._keep(await self.web.ask(ask))

    async def ask(
        self,
        service: Service,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: str | int,
    ) -> Any:
        """Ask a service for something, in one's own name.

        Args:
            service: which one.
            method: of the request.
            path: of the request.
            body: sent as JSON.
            headers: besides the token.
            query: of the address.

        Raises:
            RefusedError: the service answers with a problem.
            ServerError: it does not answer.
        """
        ask = partial(self._ask, service, method, path, body, headers=headers, query=query)
        try:
            return await ask()
        except RefusedError as exc:
            if exc.status != UNAUTHENTICATED:
                raise
        await self.sign_in()  # a token lasts for minutes
        return await ask()

    async def _ask(
        self,
        service: Service,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Any:
        own = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        return await self.web.ask(
            Ask(service=service, method=method, path=path, body=body, query=query or None, headers=own)
        )

    def _keep(self, pair: Mapping[str, str]) -> None:
        self._token, self._refresh_token = pair["access_token"], pair["refresh_token"]


def once(key: str) -> dict[str, str]:
    """The header of a request that has one effect however often it is sent."""
    return {"Idempotency-Key": key}


def any_version() -> dict[str, str]:
    """The header of a change to an object, whatever became of it meanwhile."""
    return {"If-Match": "*"}
