"""What an operator does with users, signing keys and sessions: click groups, offered as `lyceum.commands`."""

from auth_service.commands.key_commands import keys
from auth_service.commands.session_commands import sessions
from auth_service.commands.user_commands import users

__all__ = ["keys", "sessions", "users"]
