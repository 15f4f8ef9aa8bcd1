"""Annotations that GitHub shows beside the lines of a pull request."""

from modelguard.lint.finding import Finding
from modelguard.lint.output.plain import printable


def annotation(finding: Finding, path: str) -> str:
    """One workflow command.

    The escapes are those of the runner: `%`, carriage return and line feed everywhere, `:` and `,` in properties too.
    """
    properties = {
        "file": path,
        "line": str(finding.line),
        "col": str(finding.column),
        "title": f"modelguard {finding.code}",
    }
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    said = f"{finding.message}; {finding.fix}" if finding.fix else finding.message
    return printable(f"::error {listed}::{_data(said)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
