"""What the chat service promises those who talk, over HTTP, from several processes, with them killed and Kafka away."""

import os
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from lyceum_contracts import Decoded, MessageSent
from lyceum_database import new_id
from real_servers import Server

from .deployment import until
from .issuing import Issuer
from .talking import STUDENT, SUCCESSOR, TRAINER, ChatDeployment, Talking, begun, serving

pytestmark = pytest.mark.wire

PROMPT_S = 5.0
"""Generous for two cores that others use, and far less than the wait that would otherwise run out."""
WAIT_S = 20
AWAY_S = 2.0


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


def deployed(issuer: Issuer, folder: Path, *, bootstrap: str | None = None) -> ChatDeployment:
    here = os.environ  # noqa: TID251 - where wire tests find their servers
    name = f"chat-{secrets.token_hex(4)}"
    made = ChatDeployment(bootstrap or here["KAFKA_BOOTSTRAP"], here["MONGODB_URI"], name, folder, issuer)
    made.deploy()
    made.allocate()
    return made


def test_two_processes_are_one_conversation(issuer: Issuer, tmp_path: Path) -> None:
    """Opened by Kafka, prompt across processes, numbered without gaps, taken from the former trainer at once."""
    deployment = deployed(issuer, tmp_path)
    with begun(deployment) as one, begun(deployment) as two, ThreadPoolExecutor(8) as crowd:
        one.until("ready")
        two.until("ready")
        conversation = one.conversation()

        assert two.conversation(TRAINER) == conversation
        a_message_at_one_arrives_with_who_waits_at_the_other(one, two, conversation, crowd)
        numbers_are_dense_whoever_sends_where(one, two, conversation, crowd)
        who_hangs_up_makes_room(two, conversation)
        the_former_trainer_is_out_while_he_waits(deployment, two, conversation, crowd)
        everybody_who_waits_is_let_go_by_a_stop(one, conversation, crowd)


def a_message_at_one_arrives_with_who_waits_at_the_other(
    one: Talking, two: Talking, conversation: str, crowd: ThreadPoolExecutor
) -> None:
    waiting = crowd.submit(two.messages, TRAINER, conversation, after=1, wait=WAIT_S)
    until(lambda: two.waits() == 1, "the trainer to wait")
    sent = one.send(STUDENT, conversation, "Hello")
    began = time.monotonic()

    answer = waiting.result()

    assert sent.status == 201
    assert time.monotonic() - began < PROMPT_S
    assert [message["id"] for message in answer.body["items"]] == [sent.body["id"]]


def numbers_are_dense_whoever_sends_where(
    one: Talking, two: Talking, conversation: str, crowd: ThreadPoolExecutor
) -> None:
    """Each message is sent at both processes at once, as by a client that had no answer."""

    def send(number: int) -> set[str]:
        who, client_id = (STUDENT, TRAINER)[number % 2], new_id()
        answers = [each.send(who, conversation, str(number), client_id=client_id) for each in (one, two)]
        assert {answer.status for answer in answers} <= {200, 201}, answers
        return {str(answer.body["id"]) for answer in answers}

    sent = list(crowd.map(send, range(20)))

    found = [each.messages(STUDENT, conversation, after=0).body["items"] for each in (one, two)]
    assert found[0] == found[1]
    assert [message["seq"] for message in found[0]] == list(range(1, 23))
    assert all(len(ids) == 1 for ids in sent)


def who_hangs_up_makes_room(two: Talking, conversation: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        two.ask_briefly(TRAINER, f"/v1/conversations/{conversation}/messages?after_seq=100&wait={WAIT_S}")

    until(lambda: two.waits() == 0, "the place to be free")


def the_former_trainer_is_out_while_he_waits(
    deployment: ChatDeployment, two: Talking, conversation: str, crowd: ThreadPoolExecutor
) -> None:
    waiting = crowd.submit(two.messages, TRAINER, conversation, after=22, wait=WAIT_S)
    until(lambda: two.waits() == 1, "the trainer to wait")
    deployment.hand_over()

    assert waiting.result().status == 404
    assert two.send(TRAINER, conversation, "Still here").status == 404
    assert len(two.messages(SUCCESSOR, conversation, after=0).body["items"]) >= 22


def everybody_who_waits_is_let_go_by_a_stop(one: Talking, conversation: str, crowd: ThreadPoolExecutor) -> None:
    until(lambda: one.messages(STUDENT, conversation, after=22).body["items"] != [], "the notice")
    waiting = [crowd.submit(one.messages, who, conversation, after=100, wait=WAIT_S) for who in (STUDENT, SUCCESSOR)]
    until(lambda: one.waits() == 2, "both to wait")
    began = time.monotonic()
    one.replica.close()

    assert [each.result().body["items"] for each in waiting] == [[], []]
    assert time.monotonic() - began < WAIT_S / 2


def sent_in(found: list[Decoded]) -> dict[int, set[str]]:
    """Number of a message -> ids of the events that report that it was sent."""
    by_number = defaultdict(set)
    for one in found:
        if isinstance(one.event, MessageSent):
            by_number[one.event.seq].add(one.envelope.id)
    return by_number


def test_while_kafka_is_away_people_talk_and_whatever_is_killed_meanwhile_all_is_told_once_and_in_order(
    issuer: Issuer, tmp_path: Path, broker: Server
) -> None:
    """Twice: with a service that lives on, and with one that is for certain killed between write and publish."""
    deployment = deployed(issuer, tmp_path, bootstrap=broker.address)
    with serving(deployment) as service:
        conversation = service.conversation()
        broker.freeze()
        last = talked_for_a_while(service, conversation)
        broker.thaw()
        assert told_in_order(deployment, last) == list(range(1, last + 1))

        broker.freeze()
        acknowledged = killed_amid_talk(service, conversation)
    broker.thaw()
    with serving(deployment) as service:
        kept = service.messages(STUDENT, conversation, after=last).body["items"]
        assert acknowledged <= {message["id"] for message in kept}
        assert [message["seq"] for message in kept] == list(range(last + 1, last + 1 + len(kept)))

        assert told_in_order(deployment, last + len(kept)) == list(range(1, last + 1 + len(kept)))


def talked_for_a_while(service: Talking, conversation: str) -> int:
    """Send until Kafka must have been missed; returns the number of the last message."""
    ends_at, last = time.monotonic() + AWAY_S, 0
    while time.monotonic() < ends_at:
        answer = service.send(STUDENT, conversation, "Anybody?")
        assert answer.status == 201, answer
        last = int(answer.body["seq"])
    return last


def told_in_order(deployment: ChatDeployment, last: int) -> list[int]:
    """Numbers of messages as they were first told, once the last one is; a repeat has the id of its first."""
    until(lambda: last in sent_in(deployment.events()), "all to be told")
    told = deployment.events()
    assert all(len(ids) == 1 for ids in sent_in(told).values())
    return list(dict.fromkeys(one.event.seq for one in told if isinstance(one.event, MessageSent)))


def killed_amid_talk(service: Talking, conversation: str) -> set[str]:
    """Kill a service in which two people talk; returns the messages that it acknowledged."""
    acknowledged, many = set[str](), threading.Event()

    def talk(who: str) -> None:
        while True:
            try:
                answer = service.send(who, conversation, "And then?")
            except httpx.TransportError:
                return
            assert answer.status == 201, answer
            acknowledged.add(answer.body["id"])
            if len(acknowledged) >= 20:
                many.set()

    crowd = [threading.Thread(target=talk, args=(who,)) for who in (STUDENT, TRAINER)]
    for each in crowd:
        each.start()
    assert many.wait(30), service.replica.log
    service.kill()
    for each in crowd:
        each.join()
    return acknowledged
