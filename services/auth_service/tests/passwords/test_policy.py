"""Passwords that would be guessed are refused; rules that only make passwords alike are not asked for."""

import hashlib
from pathlib import Path

import pytest

from auth_service.passwords.breaches import AnyOf, CommonPasswords, HashFile
from auth_service.passwords.exceptions import WeakPassword
from auth_service.passwords.policy import PasswordRules, normalised

GOOD = "violet harbour 9"


@pytest.fixture
def rules() -> PasswordRules:
    return PasswordRules(CommonPasswords.bundled())


@pytest.mark.parametrize("password", [GOOD, "x7" * 4 + "ab", "любимый город", "a" * 8 + "bcd", "ab cd" * 51])
def test_length_is_what_counts(rules: PasswordRules, password: str) -> None:
    rules.check(password, personal=["Ada Lovelace", "ada@example.org"])


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short one", "too_short"),
        ("ﬁﬁﬁﬁ", "too_short"),  # the ligatures are two letters each, so eight
        ("x y z" * 52, "too_long"),
        ("1212121212", "predictable"),
        ("Password123", "breached"),
        ("QWERTYUIOP", "breached"),
        ("ADA@example.org", "personal"),
        ("ada lovelace", "personal"),
        ("ada.lovelace", "personal"),
    ],
)
def test_what_would_be_guessed_is_refused(rules: PasswordRules, password: str, reason: str) -> None:
    with pytest.raises(WeakPassword) as raised:
        rules.check(password, personal=["Ada Lovelace", "ada@example.org", "ada.lovelace@example.org"])

    assert raised.value.reason == reason
    assert password not in str(raised.value)


def test_two_ways_to_type_a_password_are_one() -> None:
    assert normalised("cafe\u0301 noir") == normalised("caf\u00e9 noir")


def test_no_bundled_password_is_shorter_than_the_rule_for_length() -> None:
    bundled = CommonPasswords.bundled()

    assert bundled.holds("iloveyou1234")
    assert not bundled.holds(GOOD)


class TestHashFile:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        known = sorted(
            hashlib.sha1(f"known-{number}".encode(), usedforsecurity=False).hexdigest().upper()
            for number in range(1000)
        )
        path = tmp_path / "pwned.txt"
        path.write_text("\n".join(f"{digest}:{place}" for place, digest in enumerate(known)), encoding="ascii")
        return path

    def test_every_line_is_found_and_nothing_else(self, path: Path) -> None:
        breached = HashFile(path)

        assert all(breached.holds(f"known-{number}") for number in range(1000))
        assert not any(breached.holds(f"unknown-{number}") for number in range(1000))

    def test_line_ends_of_other_systems_are_read(self, path: Path) -> None:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
        breached = HashFile(path)

        assert all(breached.holds(f"known-{number}") for number in range(1000))

    @pytest.mark.parametrize("content", ["", "not a hash\n", "secret\n"])
    def test_another_kind_of_file_is_refused_at_once(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "wrong.txt"
        path.write_text(content, encoding="ascii")

        with pytest.raises(ValueError, match=r"empty|hex"):
            HashFile(path)

    def test_lists_add_up(self, path: Path) -> None:
        both = AnyOf(CommonPasswords.bundled(), HashFile(path))

        assert both.holds("known-7")
        assert both.holds("password123")
        assert not both.holds(GOOD)
