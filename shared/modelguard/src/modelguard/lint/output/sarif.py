"""SARIF 2.1.0, which code scanning services read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from modelguard.lint.finding import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def log(findings: Sequence[Finding], paths: Sequence[str], explanations: Mapping[str, str]) -> str:
    """One run with all findings; each rule with its explanation."""
    rules = [_rule(code, text) for code, text in explanations.items()]
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [_result(finding, path, numbers) for finding, path in zip(findings, paths, strict=True)]
    driver = {"name": "modelguard", "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str, text: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": text.partition("\n")[0]},
        "fullDescription": {"text": text.partition("\nDo: ")[0]},
        "help": {"text": text, "markdown": _markdown(text)},
        "defaultConfiguration": {"level": "error"},
    }


def _markdown(text: str) -> str:
    """The explanation with its examples as code: they are what is indented."""
    lines = (line if not line or line.startswith("    ") else _prose(line) for line in text.splitlines())
    return "\n".join(lines).rstrip() + "\n"


def _prose(line: str) -> str:
    return line.replace("__", r"\_\_") + "\n"  # `__import__` is no bold word


def _result(finding: Finding, path: str, numbers: Mapping[str, int]) -> dict[str, Any]:
    said = f"{finding.message}; {finding.fix}" if finding.fix else finding.message
    place = {
        "artifactLocation": {"uri": _uri(path)},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": numbers[finding.code],
        "level": "error",
        "message": {"text": said},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"modelguard/v1": f"{finding.code}:{finding.path}:{finding.subject}"},
    }


def _uri(path: str) -> str:
    return ("file://" if path.startswith("/") else "") + quote(path, errors="surrogateescape")
