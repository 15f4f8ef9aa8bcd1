"""The promises that people can see on their own screens, each checked on its own."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from lyceum_devstack.check.people import Learner, Order, School, Screen, SeenConversation, SeenOrder, Text
from lyceum_devstack.check.verdict import Finding

ACTIVE, OPEN = "active", "open"
NOTHING = Screen()


def judge_screens(school: School) -> list[Finding]:
    """Check every promise."""
    return [Finding(promise, tuple(against(school))) for promise, against in _PROMISES.items()]


def _stuck(school: School) -> Iterator[str]:
    yield from school.troubles
    for learner in school.learners:
        yield from (f"{learner.name}: {trouble}" for trouble in learner.troubles)


def _doubled_orders(school: School) -> Iterator[str]:
    for learner in school.learners:
        for order in learner.orders:
            if len(set(order.answers)) > 1:
                yield f"{learner.name} meant one order and got {', '.join(sorted(set(order.answers)))}"
        made = Counter(seen.purchase_id for seen in _screen(school, learner).orders)
        wanted = Counter(order.purchase_id for order in learner.orders)
        if made != wanted:
            yield f"{learner.name} made {wanted.total()} orders and sees {made.total()}: {', '.join(sorted(made))}"


def _wrong_money(school: School) -> Iterator[str]:
    for learner in school.learners:
        seen = {order.purchase_id: order for order in _screen(school, learner).orders}
        for order in learner.orders:
            problem = _wrong_order(order, seen.get(order.purchase_id))
            if problem:
                yield f"{learner.name}: order {order.purchase_id} {problem}"


def _wrong_order(order: Order, seen: SeenOrder | None) -> str:
    if seen is None:
        return "is not shown"
    if seen.refunded_minor != order.refunded_minor:
        return f"shows {seen.refunded_minor} given back, and it was {order.refunded_minor}"
    if (seen.status in ("paid", "part_refunded")) != order.gives_access:
        return f"is {seen.status}, with {order.paid_minor} paid and {order.refunded_minor} given back"
    return ""


def _wrong_access(school: School) -> Iterator[str]:
    for learner in school.learners:
        seen = _screen(school, learner).access
        due = tuple(sorted(order.purchase_id for order in learner.orders if order.gives_access))
        has = tuple(sorted(seen.purchase_ids)) if seen and seen.status == ACTIVE else ()
        if has != due:
            yield f"{learner.name} may attend by {_listed(due)} and does by {_listed(has)}"


def _unserved(school: School) -> Iterator[str]:
    """Name each student who paid and has neither a trainer who teaches that nor a place in the queue, or both."""
    for learner in school.learners:
        seen = _screen(school, learner).access
        if not learner.may_attend or seen is None:
            continue  # no access at all is another promise
        if seen.trainer_id is None and not seen.waits:
            yield f"{learner.name} paid and has neither trainer nor place in the queue"
        elif seen.trainer_id is not None and seen.waits:
            yield f"{learner.name} waits though {seen.trainer_id} is his trainer"
        elif seen.trainer_id is not None and not _teaches(school, seen.trainer_id, learner):
            yield f"{learner.name} asked for {learner.skill} and has {seen.trainer_id}, who does not offer it"


def _teaches(school: School, trainer_id: str, learner: Learner) -> bool:
    teacher = school.teachers.get(trainer_id)
    return teacher is not None and learner.skill in teacher.skills


def _unjust(school: School) -> Iterator[str]:
    """Name each student without a paid purchase who still has something of it."""
    for learner in school.learners:
        if learner.may_attend:
            continue
        screen = _screen(school, learner)
        if screen.access and (screen.access.trainer_id or screen.access.waits):
            yield f"{learner.name} holds no purchase and has {screen.access.trainer_id or 'a place in the queue'}"
        for conversation in screen.conversations:
            if conversation.status == OPEN:
                yield f"{learner.name} holds no purchase and may write in {conversation.conversation_id}"


def _wrong_conversations(school: School) -> Iterator[str]:
    for learner in school.learners:
        screen = _screen(school, learner)
        found = screen.conversations
        per_course = Counter(conversation.course_id for conversation in found)
        for course_id, count in per_course.items():
            if count > 1:
                yield f"{learner.name} has {count} conversations about the course {course_id}"
        trainer_id = screen.access.trainer_id if screen.access else None
        if trainer_id is not None:
            yield from _with_trainer(school, learner, trainer_id)


def _with_trainer(school: School, learner: Learner, trainer_id: str) -> Iterator[str]:
    own = [one for one in _screen(school, learner).conversations if one.course_id == learner.course_id]
    if not own:
        yield f"{learner.name} has the trainer {trainer_id} and no conversation"
        return
    talk = own[0]
    if talk.trainer_id != trainer_id or talk.status != OPEN:
        yield f"{learner.name} has the trainer {trainer_id} and a conversation, {talk.status}, with {talk.trainer_id}"
    teacher = school.teachers.get(trainer_id)
    if teacher is None:
        return
    if talk.trainer_name != teacher.name:
        yield f"{learner.name} reads the name {talk.trainer_name!r} where {teacher.name!r} is meant"
    if talk.conversation_id not in {one.conversation_id for one in teacher.screen.conversations}:
        yield f"{teacher.name} does not see the conversation with {learner.name}"


def _sparse(school: School) -> Iterator[str]:
    for who, conversation in _all(school):
        found = [message.seq for message in conversation.messages]
        if found != list(range(1, len(found) + 1)):
            yield f"{who} sees {conversation.conversation_id} numbered {_listed(tuple(map(str, found)))}"


def _differing(school: School) -> Iterator[str]:
    """Name each conversation that its two sides do not see alike."""
    first: dict[str, tuple[str, SeenConversation]] = {}
    for who, conversation in _all(school):
        other, seen = first.setdefault(conversation.conversation_id, (who, conversation))
        if seen.messages != conversation.messages:
            yield f"{other} and {who} see different messages in {conversation.conversation_id}"


def _lost_texts(school: School) -> Iterator[str]:
    """Name each text that is missing, doubled, altered, in another order, or that nobody wrote."""
    written = [*(text for learner in school.learners for text in learner.texts)]
    written += [text for teacher in school.teachers.values() for text in teacher.texts]
    shown: dict[str, tuple[Text, ...]] = {}
    for _, conversation in _all(school):
        shown[conversation.conversation_id] = tuple(
            Text(message.sender_id or "", message.client_id or "", message.body or "")
            for message in conversation.messages
            if message.is_text
        )
    read = [text for texts in shown.values() for text in texts]
    for text, count in (Counter(written) - Counter(read)).items():
        yield f"{count} x {text.body!r} of {text.sender_id} is nowhere"
    for text, count in (Counter(read) - Counter(written)).items():
        yield f"{count} x {text.body!r} of {text.sender_id} is shown and was not written so"
    yield from _shuffled(written, shown)


def _shuffled(written: list[Text], shown: Mapping[str, tuple[Text, ...]]) -> Iterator[str]:
    order = {text: number for number, text in enumerate(written)}
    for conversation_id, texts in shown.items():
        for sender in {text.sender_id for text in texts}:
            places = [order[text] for text in texts if text.sender_id == sender and text in order]
            if places != sorted(places):
                yield f"the messages of {sender} in {conversation_id} are not in the order in which they were written"


def _believed(school: School) -> Iterator[str]:
    for forgery in school.forgeries:
        if forgery.answered != forgery.wanted:
            yield f"a payment event that was {forgery.kind} was answered {forgery.answered}, not {forgery.wanted}"


def _all(school: School) -> Iterator[tuple[str, SeenConversation]]:
    for learner in school.learners:
        for conversation in _screen(school, learner).conversations:
            yield learner.name, conversation
    for teacher in school.teachers.values():
        for conversation in teacher.screen.conversations:
            yield teacher.name, conversation


def _screen(school: School, learner: Learner) -> Screen:
    return school.screens.get(learner.student_id, NOTHING)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"


_PROMISES: Mapping[str, Callable[[School], Iterator[str]]] = {
    "Everybody got through the day": _stuck,
    "However often somebody clicks, it is one order": _doubled_orders,
    "Each order shows what was paid and given back, once": _wrong_money,
    "Whoever paid attends, by exactly those purchases": _wrong_access,
    "Each of them has one trainer who teaches it, or a place in the queue": _unserved,
    "Whoever paid nothing, or has all of it back, has neither": _unjust,
    "Each student with a trainer has one conversation, with that trainer": _wrong_conversations,
    "Messages are numbered without a gap": _sparse,
    "Both sides of a conversation see the same": _differing,
    "Every message is there once, as it was written, in order": _lost_texts,
    "Nobody believes a forged, altered or stale payment event": _believed,
}
