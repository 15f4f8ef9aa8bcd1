"""What an operator watches is counted."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from auth_service.figures import AuthFigures
from auth_service.passwords.exceptions import Overloaded


def test_acts_refusals_and_hashes_are_counted(stage: Any, sign_in: Any) -> None:
    registry = CollectorRegistry()
    registry.register(stage.services[AuthFigures])

    def figure(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert figure("auth_acts_total", action="logged_in") == 0
    stage.person("ada")
    ada = sign_in("ada")
    ada.client.post("/v1/login", json={"email": "ada@example.org", "password": "wrong password"})
    spent = ada.tokens["refresh_token"]
    ada.refresh()
    ada.refresh(spent)

    assert figure("auth_acts_total", action="logged_in") == 1
    assert figure("auth_acts_total", action="login_refused") == 1
    assert figure("auth_acts_total", action="refresh_reused") == 1
    assert figure("auth_password_hashes_total") == 3
    assert (figure("auth_password_hashes_running"), figure("auth_password_hashes_waiting")) == (0, 0)


def test_a_hash_that_is_refused_is_counted(staged: Callable[..., Any]) -> None:
    stage = staged(hashes_at_once=1, hashes_waiting=0)
    registry = CollectorRegistry()
    registry.register(stage.services[AuthFigures])
    with stage.hasher.turns.turn():
        assert registry.get_sample_value("auth_password_hashes_running") == 1
        with pytest.raises(Overloaded):
            stage.hasher.hash("violet harbour 9")

    assert registry.get_sample_value("auth_password_hashes_refused_total") == 1
    assert registry.get_sample_value("auth_password_hashes_running") == 0
