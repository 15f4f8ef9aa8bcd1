"""A Kafka worker runtime: key order, retries that hold up nobody, dead letters, effects once."""

from keylane.dead_letter import Cause, DeadLetter
from keylane.dead_letters import DeadLetters
from keylane.errors import (
    EXIT_CONFIGURATION,
    MAX_RETRY_AFTER,
    BrokerUnavailableError,
    ConfigurationError,
    Fatal,
    FencedError,
    KeylaneError,
    Retry,
    SelectionError,
    Skip,
    StoreUnavailableError,
    UnavailableError,
    UnstorableError,
)
from keylane.every import Every
from keylane.inbox import Inbox
from keylane.letter_index import LetterIndex, LetterState, Mark
from keylane.memory import MemoryInbox
from keylane.message import Handler, Message
from keylane.places import dead_letter_topic, replay_topic
from keylane.replaying import Action, Report, Step
from keylane.retry import RetryPolicy
from keylane.selection import Selection
from keylane.settings import KafkaSettings
from keylane.topics import TopicSpec, ensure_topics, missing_topics
from keylane.trace_context import trace_headers
from keylane.worker import Worker

__all__ = [
    "EXIT_CONFIGURATION",
    "MAX_RETRY_AFTER",
    "Action",
    "BrokerUnavailableError",
    "Cause",
    "ConfigurationError",
    "DeadLetter",
    "DeadLetters",
    "Every",
    "Fatal",
    "FencedError",
    "Handler",
    "Inbox",
    "KafkaSettings",
    "KeylaneError",
    "LetterIndex",
    "LetterState",
    "Mark",
    "MemoryInbox",
    "Message",
    "Report",
    "Retry",
    "RetryPolicy",
    "Selection",
    "SelectionError",
    "Skip",
    "Step",
    "StoreUnavailableError",
    "TopicSpec",
    "UnavailableError",
    "UnstorableError",
    "Worker",
    "dead_letter_topic",
    "ensure_topics",
    "missing_topics",
    "replay_topic",
    "trace_headers",
]
