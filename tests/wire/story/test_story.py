"""The whole platform as processes of its own, under load, while each program is killed once."""

import secrets
from contextlib import closing
from pathlib import Path

import pytest
from tests.wire.conftest import given

from real_servers import ServerSettings

from . import plan
from .crowd import Crowd
from .evidence import gathered, until_at_rest
from .school import Founding
from .screens import looked_at
from .site import Fleet, Site, running
from .strikes import Strike, Striker
from .verdict import Outcome, judged

pytestmark = pytest.mark.wire


@pytest.fixture
def site(tmp_path: Path) -> Site:
    servers = ServerSettings.from_environment()
    made = Site(
        bootstrap=given(servers.kafka_bootstrap, "KAFKA_BOOTSTRAP"),
        uri=given(servers.mongodb_uri, "MONGODB_URI"),
        name=f"story-{secrets.token_hex(4)}",
        folder=tmp_path,
    )
    made.deploy()
    return made


def strikes(fleet: Fleet) -> list[Strike]:
    """One process of each program, at different moments of the load."""
    order = ("course_service", "allocation_worker", "auth_service", "chat_service")
    return [Strike(100 * (turn + 1) - 25, fleet.programs[name][0]) for turn, name in enumerate(order)]


@pytest.mark.timeout(240)
def test_500_purchases_while_each_program_is_killed_once(site: Site) -> None:
    visits = plan.visits()
    assert sum(len(visit.clicks) for visit in visits) == plan.PURCHASES
    with running(site) as fleet:
        with closing(Founding(site, fleet)) as founding:
            school = founding.found(plan.STAFF, plan.OFFER)
        crowd = Crowd(fleet, school, visits)
        with Striker(strikes(fleet), lambda: len(crowd.book.orders)) as striker:
            crowd.run()
        assert {one.lives for replicas in fleet.programs.values() for one in replicas[:1]} == {2}
        assert all(struck.at < plan.PURCHASES for struck in striker.struck), striker.struck
        fleet.until_ready()
        until_at_rest(site)
        screens = looked_at(fleet, school, crowd.book)
    outcome = Outcome(school, crowd.book, gathered(site), screens, site.group("allocation_worker"))
    broken = judged(outcome)
    assert not broken, "\n".join(f"{finding.promise}:\n  " + "\n  ".join(finding.against[:10]) for finding in broken)
    assert {program.name: program.exit_code for program in fleet.all} == dict.fromkeys(
        (program.name for program in fleet.all), 0
    )
