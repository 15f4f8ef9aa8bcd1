"""Where the services of a running stack are looked for, and what opens it."""

import stat
from pathlib import Path

import pytest

from lyceum_devstack.errors import DevstackError, InputError, ServerError
from lyceum_devstack.story.addresses import Addresses
from lyceum_devstack.up.credentials import Credentials


def test_services_answer_on_the_ports_after_the_first() -> None:
    found = Addresses.given("http://127.0.0.1:8001/")
    assert found == Addresses("http://127.0.0.1:8001", "http://127.0.0.1:8002", "http://127.0.0.1:8003")


def test_each_can_be_somewhere_else() -> None:
    found = Addresses.given("https://school.example/auth", "https://school.example/courses", "http://[::1]:9/")
    assert found == Addresses("https://school.example/auth", "https://school.example/courses", "http://[::1]:9")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("localhost:8001", "is no address of a service"),
        ("http://", "is no address of a service"),
        ("http://host:port", "is no address of a service"),
        ("http://host:8001/?a=b", "is no address of a service"),
        ("https://school.example", "name the others, too, with --courses and --chat"),
    ],
)
def test_what_is_no_address_is_refused_with_what_to_do(address: str, said: str) -> None:
    with pytest.raises(ServerError, match=said):
        Addresses.given(address)


def test_credentials_are_kept_for_their_owner_alone(tmp_path: Path) -> None:
    path, known = tmp_path / "c.json", Credentials("ada@example.org", "violet harbour 9", "a secret of payments")
    known.write(path)
    assert Credentials.read(path) == known
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "violet" not in repr(known)


def test_a_file_that_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.touch()
    with pytest.raises(FileExistsError):
        Credentials("ada@example.org").write(path)


@pytest.mark.parametrize("text", ["{", "[]", '{"password": "x"}', '{"admin": 1}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"c\.json:1: is no JSON"):
        Credentials.read(path)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (Credentials(), "--admin"),
        (Credentials("ada"), "LYCEUM_ADMIN_PASSWORD"),
        (Credentials("ada", "x"), "PAYMENT_FAKE_SECRET"),
    ],
)
def test_what_is_missing_is_asked_for_by_name(known: Credentials, said: str) -> None:
    with pytest.raises(DevstackError, match=said):
        known.complete()


def test_what_is_said_first_counts() -> None:
    assert Credentials("a", None, "p").over(Credentials("b", "w", "q")) == Credentials("a", "w", "p")
