"""An environment that holds nothing but what a test puts there."""

import pytest


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MONGODB_URI", "MONGODB_DATABASE", "KAFKA_BOOTSTRAP", "KAFKA_CA_FILE", "KAFKA_SECURITY_PROTOCOL"):
        monkeypatch.delenv(name, raising=False)
