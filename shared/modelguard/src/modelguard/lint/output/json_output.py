"""All findings as one JSON document."""

import json
from collections.abc import Sequence

from modelguard.lint.finding import Finding


def document(findings: Sequence[Finding], paths: Sequence[str]) -> str:
    """A list of objects with the attributes of `Finding`; `paths` are those to show."""
    listed = [finding._asdict() | {"path": path} for finding, path in zip(findings, paths, strict=True)]
    return json.dumps(listed, indent=2)
