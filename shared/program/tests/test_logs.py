"""A log line is one JSON object, whatever was said."""

import json
import logging

from lyceum_program.logs import JsonLines


def line(message: str, *arguments: object, **extra: object) -> dict[str, object]:
    record = logging.LogRecord("oven", logging.WARNING, __file__, 1, message, arguments, None)
    vars(record).update(extra)
    text = JsonLines().format(record)
    assert "\n" not in text
    written: dict[str, object] = json.loads(text)
    return written


def test_it_tells_when_how_grave_who_and_what() -> None:
    written = line("%s degrees\nand rising", 200, action="heat", oven={"id": 1})

    assert written["message"] == "200 degrees\nand rising"
    assert written["level"] == "WARNING"
    assert written["logger"] == "oven"
    assert written["action"] == "heat"
    assert written["oven"] == {"id": 1}
    assert str(written["time"]).endswith("+00:00")


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert line("x", seen=object)["seen"] == str(object)


def test_a_program_may_leave_something_out() -> None:
    class Fewer(JsonLines):
        def line(self, record: logging.LogRecord) -> dict[str, object]:
            return {name: value for name, value in super().line(record).items() if name != "oven"}

    record = logging.makeLogRecord({"msg": "hot", "oven": 7})

    assert json.loads(Fewer().format(record))["message"] == "hot"
    assert "oven" not in json.loads(Fewer().format(record))


def test_an_exception_is_part_of_the_line() -> None:
    record = logging.LogRecord("oven", logging.ERROR, __file__, 1, "burnt", (), None)
    error = ValueError("smoke")
    record.exc_info = (ValueError, error, None)

    written = json.loads(JsonLines().format(record))

    assert "ValueError: smoke" in written["traceback"]
