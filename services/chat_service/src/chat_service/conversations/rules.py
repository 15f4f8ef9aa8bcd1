"""Who takes part in a conversation, and what that allows. Pure."""

from dataclasses import dataclass
from datetime import datetime

from chat_service.models import Conversation, Participant, PendingNotice
from chat_service.models.conversation import MOST_MEMBERS
from chat_service.states import ConversationStatus, Notice, ParticipantRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One fact about an allocation: at this epoch the student has this trainer, or has him no longer."""

    epoch: int
    trainer_id: str
    over: bool
    at: datetime


def member(conversation: Conversation, user_id: str) -> Participant | None:
    """Return somebody's part in a conversation; None if he has none, or has left."""
    return next((one for one in conversation.members if one.user_id == user_id and one.left_at is None), None)


def present(conversation: Conversation) -> list[str]:
    """Return who may read it now."""
    return [one.user_id for one in conversation.members if one.left_at is None]


def last_read_seq(conversation: Conversation, user_id: str) -> int:
    """Return the number up to which somebody has read."""
    return int(conversation.read_seqs.get(user_id, 0))


def unread(conversation: Conversation, user_id: str) -> int:
    """Count what somebody has not read; the same on each of his devices."""
    return max(0, conversation.last_seq - last_read_seq(conversation, user_id))


def seated(student_id: str, known: list[Participant], seat: Seat) -> list[Participant]:
    """Join a fact with what is known: the same facts give the same members, in any order and however often.

    Of each epoch there is one trainer; its end outweighs its beginning. The trainer of an epoch has left as soon as
    there is one of a newer epoch; of the last one `over` says whether the conversation is closed.
    """
    trainers = {one.epoch: _copy(one) for one in known if one.role == ParticipantRole.TRAINER.value}
    trainers[seat.epoch] = _joined(trainers.get(seat.epoch), seat)
    in_order = [trainers[epoch] for epoch in sorted(trainers)][-(MOST_MEMBERS - 1) :]
    for one, following in zip(in_order, [*in_order[1:], None], strict=True):
        one.left_at = None if following is None else max(one.joined_at, following.joined_at)
    students = [one.joined_at for one in known if one.role == ParticipantRole.STUDENT.value]
    student = Participant(user_id=student_id, role=ParticipantRole.STUDENT.value, joined_at=min([seat.at, *students]))
    return [student, *in_order]


def status_of(members: list[Participant]) -> ConversationStatus:
    """Say whether its members may write."""
    return ConversationStatus.READ_ONLY if members[-1].over else ConversationStatus.OPEN


def notice_of(before: list[Participant], after: list[Participant]) -> PendingNotice | None:
    """Say what the members are told of a change; None if nothing changed that concerns them."""
    was, now = before[-1] if before else None, after[-1]
    notice = _notice(was, now)
    if notice is None:
        return None
    over = "-over" if now.over else ""
    return PendingNotice(notice_id=f"seat-{now.epoch}{over}", notice=notice.value, about_id=now.user_id)


def _notice(was: Participant | None, now: Participant) -> Notice | None:
    if was is None:
        return Notice.CLOSED if now.over else Notice.OPENED
    if was.over != now.over:
        return Notice.CLOSED if now.over else Notice.REOPENED
    return None if now.over or was.user_id == now.user_id else Notice.HANDED_OVER


def _copy(one: Participant) -> Participant:
    return Participant(user_id=one.user_id, role=one.role, joined_at=one.joined_at, epoch=one.epoch, over=one.over)


def _joined(known: Participant | None, seat: Seat) -> Participant:
    facts = [(seat.over, seat.trainer_id)] + ([] if known is None else [(known.over, known.user_id)])
    over, trainer_id = max(facts)
    return Participant(
        user_id=trainer_id,
        role=ParticipantRole.TRAINER.value,
        joined_at=seat.at if known is None else min(seat.at, known.joined_at),
        epoch=seat.epoch,
        over=over,
    )
