"""The log: one JSON object per line on standard error."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest was given by the caller, as `extra`."""

_WRITTEN = json.JSONEncoder(default=str, ensure_ascii=False)


class JsonLines(logging.Formatter):
    """Formats a record with its time, level, logger, message and everything that its caller gave as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line, whatever the message holds."""
        return _WRITTEN.encode(self.line(record))

    def line(self, record: logging.LogRecord) -> dict[str, Any]:
        """Give what the line says; the place for a program that has to leave something out."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return line


def log_to_stderr(level: str, *, formatter: logging.Formatter | None = None) -> None:
    """Send every record of this level or above to standard error.

    Args:
        level: its name, e.g. `INFO`.
        formatter: writes the records; `JsonLines` if None.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter or JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # aiokafka reports each failed reconnect as an error; keylane says once, in a line, what it waits for.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
