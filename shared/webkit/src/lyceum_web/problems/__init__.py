"""Every answer that is no success is an RFC 9457 problem, with a code from one table."""

from lyceum_web.problems.codes import KIT_CODES, CodeTable, ProblemCode
from lyceum_web.problems.error import FieldError, ProblemError

__all__ = ["KIT_CODES", "CodeTable", "FieldError", "ProblemCode", "ProblemError"]
