"""Nobody guesses at speed: exactly as many tries pass as the limit says, from however many threads they come."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from auth_service.throttling import Limits, Throttle, Throttled, network
from lyceum_web.rates import rate_limiter
from lyceum_web.testing.client import application_client

BOUNDLESS = "10000/second"


def limits(**changes: str) -> Limits:
    given = dict.fromkeys(("account", "address", "sign_up", "token"), BOUNDLESS)
    return Limits.of(**{**given, **changes})


def at_once(count: int, call: Callable[[int], httpx.Response]) -> Counter[int]:
    start = Barrier(count)

    def waiting(number: int) -> int:
        start.wait()
        return call(number).status_code

    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(waiting, range(count)))


@pytest.mark.parametrize("exists", [True, False])
def test_an_account_has_so_many_tries_whether_it_exists_or_not(staged: Callable[..., Any], exists: bool) -> None:
    stage = staged(limits=limits(account="7/hour"))
    if exists:
        stage.person("ada")
    with application_client(stage.application()) as client:

        def guess(number: int) -> httpx.Response:
            spelling = ("ada@example.org", "ADA@example.org", "\uff41da@example.org")[number % 3]
            return client.post("/v1/login", json={"email": spelling, "password": f"guess {number}"})

        assert at_once(48, guess) == {401: 7, 429: 41}
        assert stage.hasher.verified == 7, "whoever is refused costs no hash"
        other = client.post("/v1/login", json={"email": "eve@example.org", "password": "guess"})
        assert other.status_code == 401, "another account has its own tries"


def test_the_right_password_helps_nobody_who_has_no_try_left(staged: Callable[..., Any]) -> None:
    stage = staged(limits=limits(account="3/hour"))
    stage.person("ada")
    with application_client(stage.application()) as client:
        right = {"email": "ada@example.org", "password": "violet harbour 9"}
        statuses = [client.post("/v1/login", json={**right, "password": "wrong one"}).status_code for _ in range(3)]
        late = client.post("/v1/login", json=right)

    assert statuses == [401] * 3
    assert (late.status_code, late.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(late.headers["retry-after"]) <= 3600


def test_an_address_has_so_many_tries_over_all_accounts(staged: Callable[..., Any]) -> None:
    stage = staged(limits=limits(address="9/hour"))
    with application_client(stage.application()) as client:
        body = {"password": "guess the word"}
        counted = at_once(30, lambda n: client.post("/v1/login", json={**body, "email": f"user{n}@example.org"}))

    assert counted == {401: 9, 429: 21}


def test_a_refused_address_uses_up_nobodys_account() -> None:
    throttle = Throttle(rate_limiter(), limits(address="1/hour", account="2/hour"))
    throttle.password(account="ada@example.org", address="192.0.2.1")
    for _ in range(5):
        with pytest.raises(Throttled):
            throttle.password(account="ada@example.org", address="192.0.2.1")

    throttle.password(account="ada@example.org", address="192.0.2.2")


def test_an_address_signs_so_many_up(staged: Callable[..., Any]) -> None:
    stage = staged(limits=limits(sign_up="5/hour"))
    with application_client(stage.application()) as client:
        body = {"password": "violet harbour 9", "name": "x"}
        counted = at_once(12, lambda n: client.post("/v1/signup", json={**body, "email": f"user{n}@example.org"}))

    assert counted == {202: 5, 429: 7}
    assert stage.hasher.hashed == 5


def test_tokens_are_counted_too(staged: Callable[..., Any]) -> None:
    stage = staged(limits=limits(token="4/hour"))  # noqa: S106 - a rate
    with application_client(stage.application()) as client:
        body = {"refresh_token": "x." + "A" * 86}
        counted = at_once(12, lambda _: client.post("/v1/token-refreshes", json=body))

    assert counted == {401: 4, 429: 8}


def test_the_current_password_cannot_be_guessed_with_a_stolen_access_token(staged: Callable[..., Any]) -> None:
    stage = staged(limits=limits(account="6/hour"))
    stage.person("ada")
    with application_client(stage.application()) as client:
        login = client.post("/v1/login", json={"email": "ada@example.org", "password": "violet harbour 9"})
        headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
        wish = {"new_password": "amber lantern 42"}
        counted = at_once(
            12,
            lambda n: client.put("/v1/me/password", headers=headers, json={**wish, "current_password": f"guess {n}"}),
        )

    assert counted == {403: 5, 429: 7}


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8:0:0:ffff::2"),
        (None, "not an address"),
    ],
)
def test_what_one_customer_has_counts_as_one(address: str | None, same: str) -> None:
    assert network(address) == network(same)


def test_customers_are_told_apart() -> None:
    assert len({network(one) for one in ("192.0.2.7", "192.0.2.8", "2001:db8::1", "2001:db8:0:1::1", None)}) == 5
