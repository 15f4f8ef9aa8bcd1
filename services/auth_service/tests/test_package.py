"""The package promises what its name says, or its import fails."""

import auth_service


def test_it_says_what_it_is_for() -> None:
    assert auth_service.__doc__
