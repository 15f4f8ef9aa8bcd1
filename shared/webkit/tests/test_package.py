"""The package promises what its name says, or its import fails."""

import lyceum_web


def test_it_says_what_it_is_for() -> None:
    assert lyceum_web.__doc__
