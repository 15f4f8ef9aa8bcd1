"""Everything a promise is judged by."""

from dataclasses import dataclass

from lyceum_devstack.check.expectation import Expectation
from lyceum_devstack.check.observation import Observation, Sent


@dataclass(frozen=True, slots=True)
class Case:
    """What must hold, the records that were published, and what was found."""

    expectation: Expectation
    sent: tuple[Sent, ...]
    seen: Observation
