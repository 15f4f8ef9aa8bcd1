"""A deploy step says what it did; a server that is away, or holds something else, ends it with one line."""

import pytest

from keylane import KafkaSettings, TopicSpec, UnavailableError
from lyceum_database import IndexesDiffer, MongoSettings, Unavailable, close
from lyceum_program import deploying, waiting
from lyceum_program.errors import StartRefused

MONGO = MongoSettings(uri="mongodb://127.0.0.1:1", database="oven")
KAFKA = KafkaSettings(bootstrap_servers="127.0.0.1:1")


@pytest.fixture(autouse=True)
def _connected_to_nothing_afterwards() -> object:
    yield
    close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", waiting.PATIENCE / 1000)
    monkeypatch.setattr(waiting, "PAUSE_S", 0.001)


async def test_indexes_are_created_once_the_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSE_S", 0.001)
    answers: list[Exception | None] = [Unavailable("away"), None]

    def create() -> None:
        if (error := answers.pop(0)) is not None:
            raise error

    said = await deploying.create_indexes(MONGO, create)

    assert said == "indexes are as the models declare in database oven"
    assert not answers


async def test_an_index_with_other_options_ends_it(impatient: None) -> None:
    def create() -> None:
        raise IndexesDiffer("Oven (heat) is not unique", problems=("Oven (heat) is not unique",))

    with pytest.raises(StartRefused, match="not unique"):
        await deploying.create_indexes(MONGO, create)


async def test_a_database_that_stays_away_ends_it(impatient: None) -> None:
    def create() -> None:
        raise Unavailable("nobody answers")

    with pytest.raises(StartRefused, match="gave up after 0 s: waits for MongoDB: nobody answers"):
        await deploying.create_indexes(MONGO, create)


@pytest.mark.parametrize(
    ("names", "made", "says"),
    [
        (["bread"], ["bread"], "created topic bread"),
        (["bread", "cake"], ["cake"], "created topic cake"),
        (["bread", "cake"], ["bread", "cake"], "created topics bread, cake"),
        (["bread"], [], "topic bread exists"),
        (["bread", "cake"], [], "topics bread, cake exist"),
    ],
)
async def test_the_topics_that_were_made_are_named(
    names: list[str], made: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def ensure(_: KafkaSettings, specs: list[TopicSpec]) -> list[str]:
        asked.extend(spec.name for spec in specs)
        return made

    monkeypatch.setattr(deploying, "ensure_topics", ensure)

    assert await deploying.create_topics(KAFKA, [TopicSpec(name, partitions=1) for name in names]) == says
    assert asked == names


async def test_a_kafka_that_stays_away_ends_it(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    async def ensure(*_: object) -> list[str]:
        raise UnavailableError("nobody answers")

    monkeypatch.setattr(deploying, "ensure_topics", ensure)

    with pytest.raises(StartRefused, match="gave up after 0 s: waits for Kafka: nobody answers"):
        await deploying.create_topics(KAFKA, [TopicSpec("bread", partitions=1)])
