"""One key, one effect, one answer."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from starlette.responses import Response

from lyceum_database import Course, CourseRepository, Duplicate, InvalidRecord, Unavailable
from lyceum_web.idempotency import Outcomes
from lyceum_web.idempotency.outcomes import KEPT, LEASE
from lyceum_web.idempotency.request import KeyedRequest, content_of
from lyceum_web.models import IdempotencyRecord
from lyceum_web.problems import ProblemError
from lyceum_web.testing import ManualClock

pytestmark = pytest.mark.usefixtures("database")


class Shop:
    """Makes something at each call, and counts."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def buy(self, made_id: str) -> Response:
        self.made.append(made_id)
        return Response(f"bought {len(self.made)}", 201, {"Location": f"/v1/things/{made_id}", "ETag": '"1"'})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def outcomes(clock: ManualClock) -> Outcomes:
    return Outcomes(clock=clock)


def asked(*, caller: str = "ana", route: str = "POST /v1/things", key: str = "k1", body: bytes = b"{}") -> KeyedRequest:
    return KeyedRequest(caller, route, key, content_of(b"", body))


def code_of(call: Callable[[], Response]) -> str:
    with pytest.raises(ProblemError) as raised:
        call()
    return raised.value.code


def never(_: str) -> Response:
    raise AssertionError("it ran")


def crash(_: str) -> Response:
    raise KeyboardInterrupt


def test_the_second_time_the_first_answer_is_given_again(outcomes: Outcomes, shop: Shop) -> None:
    first = outcomes.run(asked(), shop.buy)
    second = outcomes.run(asked(), shop.buy)

    assert len(shop.made) == 1
    assert (second.status_code, second.body) == (first.status_code, first.body) == (201, b"bought 1")
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    for name in ("Location", "ETag", "content-length"):
        assert second.headers[name] == first.headers[name]


def test_bytes_and_repeated_headers_are_kept_as_they_are(outcomes: Outcomes) -> None:
    answer = Response(bytes(range(256)), 200)
    answer.headers.append("Link", "<a>")
    answer.headers.append("Link", "<b>")
    outcomes.run(asked(), lambda _: answer)
    again = outcomes.run(asked(), never)

    assert again.body == bytes(range(256))
    assert again.headers.getlist("link") == ["<a>", "<b>"]


@pytest.mark.parametrize(
    "other", [asked(caller="ben"), asked(route="POST /v1/others"), asked(key="k2"), asked(caller="ana:x", key="k1")]
)
def test_another_caller_route_or_key_is_another_request(outcomes: Outcomes, shop: Shop, other: KeyedRequest) -> None:
    outcomes.run(asked(), shop.buy)
    outcomes.run(other, shop.buy)

    assert len(set(shop.made)) == 2


def test_no_caller_can_be_spelled_as_another(outcomes: Outcomes, shop: Shop) -> None:
    outcomes.run(asked(caller="a", route="b:c"), shop.buy)
    outcomes.run(asked(caller="a:b", route="c"), shop.buy)

    assert len(shop.made) == 2


def test_another_request_with_the_same_key_is_refused(outcomes: Outcomes, shop: Shop) -> None:
    outcomes.run(asked(), shop.buy)

    assert code_of(lambda: outcomes.run(asked(body=b'{"a": 1}'), shop.buy)) == "idempotency_key_reused"
    assert len(shop.made) == 1


def test_another_request_with_the_same_key_is_refused_while_the_first_runs(outcomes: Outcomes, shop: Shop) -> None:
    def meanwhile(made_id: str) -> Response:
        assert code_of(lambda: outcomes.run(asked(body=b'{"a": 1}'), shop.buy)) == "idempotency_key_reused"
        assert code_of(lambda: outcomes.run(asked(), shop.buy)) == "idempotency_key_in_use"
        return shop.buy(made_id)

    outcomes.run(asked(), meanwhile)

    assert len(shop.made) == 1


def test_who_comes_while_it_runs_is_told_when_to_come_again(outcomes: Outcomes) -> None:
    def meanwhile(_: str) -> Response:
        with pytest.raises(ProblemError) as raised:
            outcomes.run(asked(), never)
        assert raised.value.headers["Retry-After"] == "1"
        return Response()

    outcomes.run(asked(), meanwhile)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_not_kept(outcomes: Outcomes, shop: Shop, status: int) -> None:
    assert outcomes.run(asked(), lambda _: Response(status_code=status)).status_code == status
    assert outcomes.run(asked(), shop.buy).status_code == 201


def test_a_callers_error_is_kept(outcomes: Outcomes, shop: Shop) -> None:
    outcomes.run(asked(), lambda _: Response(b"sold out", 409))

    assert outcomes.run(asked(), shop.buy).status_code == 409
    assert not shop.made


@pytest.mark.parametrize(
    "error", [ProblemError("conflict"), Unavailable("away"), InvalidRecord("x"), ZeroDivisionError()]
)
def test_an_effect_that_raised_may_run_again_at_once(outcomes: Outcomes, shop: Shop, error: Exception) -> None:
    def fail(made_id: str) -> Response:
        shop.made.append(made_id)
        raise error

    with pytest.raises(type(error)):
        outcomes.run(asked(), fail)
    assert outcomes.run(asked(), shop.buy).status_code == 201
    assert len(set(shop.made)) == 1  # or what the first run may have done would be done twice


def test_a_run_whose_process_died_is_taken_over_when_its_lease_ends(
    outcomes: Outcomes, shop: Shop, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(made_id: str) -> Response:
        shop.buy(made_id)
        raise KeyboardInterrupt

    with monkeypatch.context() as dead:
        dead.setattr(Outcomes, "_release", lambda *_: None)  # a dead process releases nothing
        with pytest.raises(KeyboardInterrupt):
            outcomes.run(asked(), die)
    clock.advance(LEASE - timedelta(milliseconds=1))
    assert code_of(lambda: outcomes.run(asked(), shop.buy)) == "idempotency_key_in_use"
    clock.advance(timedelta(milliseconds=1))

    assert outcomes.run(asked(), shop.buy).status_code == 201
    assert len(shop.made) == 2
    assert len(set(shop.made)) == 1  # the same id both times


def test_what_a_dead_run_made_is_found_and_answered(
    outcomes: Outcomes, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    courses = CourseRepository(clock=clock)

    def create(course_id: str) -> Response:
        courses.insert(Course(id=course_id, slug="maths", title="Maths", subject="maths"))
        return Response(b"created", 201)

    def create_and_die(course_id: str) -> Response:
        create(course_id)
        raise KeyboardInterrupt

    with monkeypatch.context() as dead:
        dead.setattr(Outcomes, "_release", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            outcomes.run(asked(), create_and_die)
    clock.advance(LEASE)

    def existing(course_id: str) -> Response:
        return Response(courses.get(course_id).title.encode(), 201)

    assert outcomes.run(asked(), create, existing=existing).body == b"Maths"
    assert outcomes.run(asked(), never).body == b"Maths"
    assert len(courses.list_()) == 1


def test_somebody_elses_duplicate_is_an_error(outcomes: Outcomes, clock: ManualClock) -> None:
    courses = CourseRepository(clock=clock)
    courses.insert(Course(slug="maths", title="Maths", subject="maths"))

    def create(course_id: str) -> Response:
        courses.insert(Course(id=course_id, slug="maths", title="Maths", subject="maths"))
        return Response()

    with pytest.raises(Duplicate):
        outcomes.run(asked(), create, existing=never)


def test_a_run_that_outlived_its_lease_does_not_overwrite_the_next_ones_answer(
    outcomes: Outcomes, clock: ManualClock
) -> None:
    def slow(_: str) -> Response:
        clock.advance(LEASE)
        assert outcomes.run(asked(), lambda _: Response(b"the next one's")).body == b"the next one's"
        return Response(b"late")

    assert outcomes.run(asked(), slow).body == b"late"
    assert outcomes.run(asked(), never).body == b"the next one's"


def test_answers_are_kept_for_two_days_and_then_count_as_absent(
    outcomes: Outcomes, shop: Shop, clock: ManualClock
) -> None:
    outcomes.run(asked(), shop.buy)
    clock.advance(KEPT - timedelta(milliseconds=1))
    outcomes.run(asked(), shop.buy)
    assert len(shop.made) == 1
    clock.advance(timedelta(milliseconds=1))

    assert outcomes.run(asked(body=b"another"), shop.buy).body == b"bought 2"
    assert len(set(shop.made)) == 2
    assert outcomes.run(asked(body=b"another"), shop.buy).body == b"bought 2"


def test_an_answer_that_could_not_be_kept_is_given_all_the_same(
    outcomes: Outcomes, shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable("away")

    def buy(made_id: str) -> Response:
        monkeypatch.setattr("lyceum_database.Repository.save", away)
        return shop.buy(made_id)

    assert outcomes.run(asked(), buy).status_code == 201
    assert "was not kept" in caplog.text


def test_nothing_that_was_sent_is_stored(outcomes: Outcomes, shop: Shop) -> None:
    outcomes.run(asked(key="the-key", body=b'{"password": "the-password"}'), shop.buy)
    stored = str(IdempotencyRecord._get_collection().find_one())

    assert "the-key" not in stored
    assert "the-password" not in stored


def test_of_fifty_at_the_same_moment_one_has_an_effect(shop: Shop) -> None:
    outcomes = Outcomes()
    together = threading.Barrier(50)

    def ask(_: int) -> str:
        together.wait()
        try:
            answer = outcomes.run(asked(), shop.buy)
        except ProblemError as exc:
            return exc.code
        return "replayed" if "Idempotent-Replayed" in answer.headers else "ran"

    for round_ in range(5):
        shop.made.clear()
        IdempotencyRecord.drop_collection()
        with ThreadPoolExecutor(50) as pool:
            ends = Counter(pool.map(ask, range(50)))
        assert len(shop.made) == 1, round_
        assert ends["ran"] == 1
        assert ends["replayed"] + ends["idempotency_key_in_use"] == 49


def test_of_fifty_who_take_over_a_dead_run_one_does(
    shop: Shop, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = Outcomes(clock=clock)
    with monkeypatch.context() as dead:
        dead.setattr(Outcomes, "_release", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            outcomes.run(asked(), crash)
    clock.advance(LEASE)
    together = threading.Barrier(50)

    def ask(_: int) -> None:
        together.wait()
        try:
            outcomes.run(asked(), shop.buy)
        except ProblemError as exc:
            assert exc.code == "idempotency_key_in_use"  # noqa: PT017 - the others ran or were replayed

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(ask, range(50)))

    assert len(shop.made) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b'{"a": 1, "b": [2]}', b'{ "b":[2],"a":1 }', True),
        (b'{"a": 1}', b'{"a": 1.0}', False),
        (b'{"a": 1}', b'{"a": true}', False),
        (b'{"a": "\xc3\xa9"}', b'{"a": "\\u00e9"}', True),
        (b"not json", b"not json ", False),
        (b"[" * 5000, b"[" * 5001, False),
        (b"", b"{}", False),
    ],
)
def test_two_bodies_are_the_same_if_they_say_the_same(one: bytes, other: bytes, *, same: bool) -> None:
    assert (content_of(b"", one) == content_of(b"", other)) == same
    assert content_of(b"a=1", one) != content_of(b"", one)
