"""Writes what allocations tell into conversations, each once in effect."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from chat_service.conversations import rules
from chat_service.conversations.rules import Seat
from chat_service.messages.notices import Notices
from chat_service.models import Conversation
from chat_service.repositories import ConversationRepository, Seated, conversation_id
from lyceum_contracts import TrainerAllocated, TrainerDeallocated, TrainerReallocated
from lyceum_database import Clock, Duplicate, until_settled, utc_now

Fact = TrainerAllocated | TrainerReallocated | TrainerDeallocated


class Seating:
    """Opens conversations, hands them over and closes them. Any number of processes may tell the same, in any order.

    A newer epoch outweighs an older one, and within one epoch its end. Who takes part follows from what was told, not
    from when; each change of it that its members notice is noted in the same write, and becomes one message.
    """

    def __init__(
        self,
        conversations: ConversationRepository,
        notices: Notices,
        *,
        heard: Callable[[str], None],
        clock: Clock = utc_now,
    ) -> None:
        self._conversations = conversations
        self._notices = notices
        self._heard = heard
        self._clock = clock

    def allocated(self, event: TrainerAllocated, *, org_id: str) -> None:
        """The student has a trainer: there is a conversation, open."""
        self._seated(event, event.trainer_id, event.allocated_at, org_id, over=False)

    def reallocated(self, event: TrainerReallocated, *, org_id: str) -> None:
        """The student has another trainer: he takes over, and the former one loses everything at once."""
        self._seated(event, event.to_trainer_id, event.reallocated_at, org_id, over=False)

    def deallocated(self, event: TrainerDeallocated, *, org_id: str) -> None:
        """The student has no trainer any more: both may still read."""
        self._seated(event, event.trainer_id, event.deallocated_at, org_id, over=True)

    def _seated(self, event: Fact, trainer_id: str, at: datetime, org_id: str, *, over: bool) -> None:
        seat = Seat(epoch=event.epoch, trainer_id=trainer_id, over=over, at=at)
        conversation = until_settled(partial(self._try, event, seat, org_id))
        self._heard(conversation.id)
        if conversation.notices:
            self._notices.post(conversation)
            self._heard(conversation.id)

    def _try(self, event: Fact, seat: Seat, org_id: str) -> Conversation | None:
        """Join a fact with what is there; None if somebody was faster."""
        found = self._conversations.of(org_id, event.student_id, event.course_id)
        known = [] if found is None else list(found.members)
        members = rules.seated(event.student_id, known, seat)
        if members == known:
            return found
        seated = Seated(
            members=members,
            trainer_id=members[-1].user_id,
            allocation_id=event.allocation_id,
            status=rules.status_of(members),
            notice=rules.notice_of(known, members),
        )
        if found is None:
            return self._open(event, seated, org_id)
        return self._conversations.get(found.id) if self._conversations.seat(found, seated) else None

    def _open(self, event: Fact, seated: Seated, org_id: str) -> Conversation | None:
        now = self._clock()
        new = Conversation(
            id=conversation_id(org_id, event.student_id, event.course_id),
            org_id=org_id,
            student_id=event.student_id,
            course_id=event.course_id,
            trainer_id=seated.trainer_id,
            allocation_id=seated.allocation_id,
            members=seated.members,
            read_seqs={member.user_id: 0 for member in seated.members},
            notices=[seated.notice],
            notices_due=now,
            last_at=now,
            status=seated.status.value,
        )
        try:
            return self._conversations.insert(new)
        except Duplicate:
            return None
