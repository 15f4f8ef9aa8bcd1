"""One line per finding, for people and editors."""

from modelguard.lint.finding import Finding


def line(finding: Finding, path: str) -> str:
    """`file:line:column CODE what and why; the change to make`, whatever the names hold."""
    said = f"{finding.message}; {finding.fix}" if finding.fix else finding.message
    return printable(f"{path}:{finding.line}:{finding.column} {finding.code} {said}")


def printable(text: str) -> str:
    """A line that stays one line on every terminal: control characters and lone surrogates are escaped."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
