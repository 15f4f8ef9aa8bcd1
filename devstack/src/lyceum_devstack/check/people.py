"""What people did over HTTP, and what their screens showed at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lyceum_devstack.check.facts import Skill


class Text(NamedTuple):
    """A message as it was written: whose, under which id of theirs, and what."""

    sender_id: str
    client_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Order:
    """One wish to buy, and what was told of its payment.

    Attributes:
        answers: The purchase that each click on `buy` was answered with.
        paid_minor: What was paid, in minor units.
        refunded_minor: What was given back of it.
    """

    answers: tuple[str, ...]
    paid_minor: int
    refunded_minor: int

    @property
    def purchase_id(self) -> str:
        """The purchase; the first, should there be several."""
        return self.answers[0]

    @property
    def gives_access(self) -> bool:
        """Whether some of its money is still with the school."""
        return self.paid_minor > self.refunded_minor


@dataclass(frozen=True, slots=True)
class Learner:
    """What one student did, and what he is owed for it.

    Attributes:
        name: For people to read.
        student_id: The account.
        skill: What he asks of a trainer.
        texts: What he wrote, in this order.
        troubles: Where he could not go on.
    """

    name: str
    student_id: str
    course_id: str
    skill: Skill
    orders: tuple[Order, ...]
    texts: tuple[Text, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def may_attend(self) -> bool:
        """Whether he paid and did not get all of it back."""
        return any(order.gives_access for order in self.orders)


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """A purchase on its student's screen."""

    purchase_id: str
    status: str
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class SeenAccess:
    """A course on its student's screen."""

    status: str
    purchase_ids: tuple[str, ...]
    trainer_id: str | None
    waits: bool


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A line of a conversation. Lines of the platform itself are no texts."""

    seq: int
    sender_id: str | None
    client_id: str | None
    body: str | None
    is_text: bool = True


@dataclass(frozen=True, slots=True)
class SeenConversation:
    """A conversation on one screen."""

    conversation_id: str
    course_id: str
    student_id: str
    trainer_id: str | None
    trainer_name: str | None
    status: str
    messages: tuple[SeenMessage, ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """All that one person sees: a student his purchases and courses, everybody their conversations."""

    orders: tuple[SeenOrder, ...] = ()
    access: SeenAccess | None = None
    conversations: tuple[SeenConversation, ...] = ()


@dataclass(frozen=True, slots=True)
class Teacher:
    """A trainer: what he offers, what he wrote, and what he sees."""

    trainer_id: str
    name: str
    skills: frozenset[Skill]
    texts: tuple[Text, ...]
    screen: Screen


@dataclass(frozen=True, slots=True)
class Forgery:
    """A payment event that nobody should believe, and how it was answered."""

    kind: str
    wanted: str
    answered: str


@dataclass(frozen=True, slots=True)
class School:
    """Everything that the promises over HTTP are judged by.

    Attributes:
        screens: By student.
        teachers: By id.
        forgeries: What was tried on the payments.
        troubles: Of everybody who is no student.
    """

    learners: tuple[Learner, ...]
    screens: Mapping[str, Screen]
    teachers: Mapping[str, Teacher]
    forgeries: tuple[Forgery, ...] = ()
    troubles: tuple[str, ...] = ()
