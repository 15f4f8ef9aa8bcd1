"""Commands for operators, as click groups: `keylane dlq`, and the same for a platform that knows its own topics.

Needs `keylane[commands]`.
"""

from keylane.commands.connection import Connection, Given
from keylane.commands.dlq import dead_letter_commands
from keylane.commands.refusal import Refusal
from keylane.commands.servers import SERVER_OPTIONS, connected

__all__ = ["SERVER_OPTIONS", "Connection", "Given", "Refusal", "connected", "dead_letter_commands"]
