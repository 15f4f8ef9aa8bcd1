"""The one question before everything else: may this person, at this moment?"""

from chat_service.caller import Caller
from chat_service.conversations import rules
from chat_service.conversations.exceptions import ConversationClosed, ConversationUnknown
from chat_service.models import Conversation
from chat_service.repositories import ConversationRepository
from chat_service.states import ConversationStatus


class Membership:
    """Asks the database each time: nobody keeps an access that was taken."""

    def __init__(self, conversations: ConversationRepository) -> None:
        self._conversations = conversations

    def readable(self, conversation_id: str, caller: Caller) -> Conversation:
        """Return a conversation that the caller takes part in.

        Raises:
            ConversationUnknown: there is none, or he does not.
        """
        found = self._conversations.find(conversation_id, org_id=caller.org_id)
        if found is None or rules.member(found, caller.user_id) is None:
            raise ConversationUnknown(conversation_id)
        return found

    def writable(self, conversation_id: str, caller: Caller) -> Conversation:
        """Return a conversation that the caller may write in.

        Raises:
            ConversationUnknown: there is none, or he takes no part in it.
            ConversationClosed: he may only read it.
        """
        found = self.readable(conversation_id, caller)
        check_open(found)
        return found


def check_open(conversation: Conversation) -> None:
    """Refuse to write where there is only to be read.

    Raises:
        ConversationClosed: it is read-only, or archived.
    """
    if conversation.status != ConversationStatus.OPEN.value:
        raise ConversationClosed
