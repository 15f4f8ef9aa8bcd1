"""How far everybody is, for whoever shows it."""

import time
from collections import Counter, deque
from enum import StrEnum

RECENT = 6


class Step(StrEnum):
    """What has been done; by each student at most once, but for messages."""

    SIGNED_UP = "signed up"
    SIGNED_IN = "signed in"
    FOUND = "found a course"
    ORDERED = "ordered it"
    PAID = "paid for it"
    SERVED = "have a trainer"
    WAITING = "wait in the queue"
    TALKED = "talked with the trainer"
    RETURNED = "had their money back"
    DONE = "are done for today"


class Board:
    """What has happened so far.

    Attributes:
        students: how many there are.
        reached: how many have reached each step.
        messages: that were sent, both ways.
        recent: the last moments, in words.
        seconds_to_trainer: from the payment to the trainer's name, one figure for each student who has one.
        seconds_to_answer: from a student's message to the trainer's answer.
    """

    def __init__(self, students: int) -> None:
        self.students = students
        self.reached: Counter[Step] = Counter()
        self.messages = 0
        self.recent: deque[str] = deque(maxlen=RECENT)
        self.seconds_to_trainer: list[float] = []
        self.seconds_to_answer: list[float] = []
        self._began_at = time.monotonic()

    def begin(self) -> None:
        """The doors open now."""
        self._began_at = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the doors opened."""
        return time.monotonic() - self._began_at

    def reach(self, step: Step) -> None:
        """Somebody has come so far."""
        self.reached[step] += 1

    def tell(self, moment: str) -> None:
        """Something happened that is worth a line."""
        self.recent.append(moment)

    def line(self) -> str:
        """Say it in one line, the most important first."""
        shown = (Step.SIGNED_UP, Step.SIGNED_IN, Step.PAID, Step.SERVED, Step.WAITING, Step.TALKED, Step.DONE)
        counts = ", ".join(f"{self.reached[step]} {step}" for step in shown if self.reached[step])
        return f"{counts or 'everybody is on the way'}; {self.messages} messages"
