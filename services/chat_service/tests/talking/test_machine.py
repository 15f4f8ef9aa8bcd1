"""Two devices and two processes: sending, retrying, editing, deleting, reading, while the trainer is handed over.

Every call to the database is a step, and whoever is at work may be held before it, or die there.
"""

from collections.abc import Callable
from contextlib import ExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chat_service.conversations import rules
from chat_service.conversations.exceptions import ConversationClosed, ConversationUnknown
from chat_service.conversations.rules import Seat
from chat_service.messages.exceptions import MessageGone, MessageUnknown, TooLateToEdit, TooManyEdits
from chat_service.models import ChatMessage, Participant
from chat_service.talking import MODELS
from lyceum_contracts import Event
from lyceum_database import Contended
from lyceum_database.testing import ManualClock
from lyceum_database.testing.stepping import Process, stepped_database

from .school import TALK, School, allocated, caller, moment, moved, over
from .watcher import Watcher

REFUSALS = (
    ConversationClosed,
    ConversationUnknown,
    MessageGone,
    MessageUnknown,
    TooLateToEdit,
    TooManyEdits,
    Contended,
)
FACTS: dict[str, Event] = {
    "1": allocated(1, "t1"),
    "2": moved(2, "t2"),
    "2 over": over(2, "t2"),
    "3": allocated(3, "t1"),
    "4": moved(4, "t3"),
    "4 over": over(4, "t3"),
}
users = st.sampled_from(["ana", "ana", "t1", "t2", "t3"])
devices = st.integers(0, 1)
names = st.sampled_from(["c1", "c2", "c3"])
whoever = st.integers(0, 3)


class Talking(RuleBasedStateMachine):
    @initialize()
    def opens(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(stepped_database(MODELS))
        self.clock = ManualClock()
        self.processes = [School(clock=self.clock), School(clock=self.clock)]
        self.watcher = Watcher(self.clock)
        self.at_work: list[Process] = []
        self.answers: dict[tuple[str, str], tuple[str, int]] = {}
        self.wanted: set[tuple[str, str]] = set()
        self.read: dict[str, int] = {}
        self.told: set[str] = {"1"}
        self.processes[0].told(FACTS["1"])

    # --- who begins to do what; a device talks to the process of its number ------------------------------------

    @rule(user=users, device=devices, name=names)
    def sends(self, user: str, device: int, name: str) -> None:
        self.wanted.add((user, name))
        self.begins(lambda: self.send(user, device, name))

    @rule(user=users, device=devices, name=names, body=st.sampled_from(["x", "y"]))
    def edits(self, user: str, device: int, name: str, body: str) -> None:
        message_id = self.message_id(user, name)
        self.begins(lambda: self.processes[device].edits(user, message_id, body))

    @rule(user=users, device=devices, name=names)
    def deletes(self, user: str, device: int, name: str) -> None:
        message_id = self.message_id(user, name)
        self.begins(lambda: self.processes[device].deletes(user, message_id))

    @rule(user=users, device=devices, seq=st.integers(0, 12))
    def reads(self, user: str, device: int, seq: int) -> None:
        self.begins(lambda: self.reads_up_to(user, device, seq))

    @rule(fact=st.sampled_from(sorted(FACTS)), device=devices)
    def hears(self, fact: str, device: int) -> None:
        self.told.add(fact)
        self.begins(lambda: self.processes[device].told(FACTS[fact]))

    @rule(device=devices)
    def sweeps(self, device: int) -> None:
        self.begins(self.processes[device].sweeps)

    # --- who goes on, and who dies -----------------------------------------------------------------------------

    @precondition(lambda self: self.at_work)
    @rule(index=whoever, calls=st.integers(1, 6))
    def goes_on(self, index: int, calls: int) -> None:
        self.at_work[index % len(self.at_work)].steps(calls)
        self.leave()

    @precondition(lambda self: self.at_work)
    @rule(index=whoever)
    def finishes(self, index: int) -> None:
        self.at_work[index % len(self.at_work)].steps(None)
        self.leave()

    @precondition(lambda self: self.at_work)
    @rule(index=whoever)
    def dies(self, index: int) -> None:
        self.at_work.pop(index % len(self.at_work)).end()

    @rule(dies=st.booleans())
    def relays(self, dies: bool) -> None:
        self.watcher.relays(dies=dies)

    @invariant()
    def everything_holds(self) -> None:
        if hasattr(self, "watcher"):
            self.watcher.look()

    # --- the end -----------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        with self.stack:
            try:
                self.end()
            finally:
                for process in self.at_work:
                    process.end()

    def end(self) -> None:
        for process in self.at_work:
            process.steps(None)
            self.watcher.look()
        self.leave()
        for fact in sorted(self.told):
            self.processes[1].told(FACTS[fact])
        for user, name in sorted(self.wanted):
            self.comes_through(user, name)
        for school in [*self.processes, *self.processes]:
            school.sweeps()
        self.watcher.relays()
        self.watcher.at_rest()
        self.all_are_equal()

    def comes_through(self, user: str, name: str) -> None:
        """Whoever asks until he has an answer has been heard once, or is told that he may not."""
        for device in (0, 1):
            try:
                self.send(user, device, name)
            except (ConversationClosed, ConversationUnknown):
                continue
        self.watcher.look()

    def all_are_equal(self) -> None:
        talk = self.processes[0].talk()
        inside = [one.user_id for one in talk.members if one.left_at is None]
        views = [
            [(one.id, one.seq, one.body, one.status) for one in process.sees(user)]
            for process in self.processes
            for user in inside
        ]
        assert all(view == views[0] for view in views)
        assert list(talk.members) == self.members()
        for user, seq in self.read.items():
            assert rules.last_read_seq(talk, user) >= seq

    def members(self) -> list[Participant]:
        """What the facts say, in their order."""
        members: list[Participant] = []
        for fact in sorted(self.told):
            epoch, is_over = int(fact[0]), "over" in fact
            at = moment(epoch).replace(second=30 * is_over)
            trainer = {1: "t1", 2: "t2", 3: "t1", 4: "t3"}[epoch]
            members = rules.seated("ana", members, Seat(epoch=epoch, trainer_id=trainer, over=is_over, at=at))
        return members

    # --- what is done ------------------------------------------------------------------------------------------

    def begins(self, work: Callable[[], object]) -> None:
        if len(self.at_work) < 4:
            self.at_work.append(Process(work, gives_up=REFUSALS))

    def leave(self) -> None:
        for process in [one for one in self.at_work if one.is_done]:
            assert not process.failures, process.failures
            self.at_work.remove(process)

    def send(self, user: str, device: int, name: str) -> None:
        message = self.processes[device].sends(user, name, body=f"{name} of {user}").message
        assert self.answers.setdefault((user, name), (message.id, message.seq)) == (message.id, message.seq)

    def reads_up_to(self, user: str, device: int, seq: int) -> None:
        before = self.read.get(user, 0)
        talk = self.processes[device].talks.read(TALK, caller(user), seq)
        mark = rules.last_read_seq(talk, user)
        assert mark >= before
        self.read[user] = max(self.read.get(user, 0), mark)

    def message_id(self, user: str, name: str) -> str:
        found = ChatMessage.objects(sender_id=user, client_id=name).first()
        return "none" if found is None else str(found.id)


TestTalking = Talking.TestCase
TestTalking.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
