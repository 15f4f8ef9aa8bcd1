"""What an operator does with what this service keeps: click groups, offered as `lyceum.commands`."""

from course_service.commands.course_commands import courses
from course_service.commands.payment_commands import payment_events

__all__ = ["courses", "payment_events"]
