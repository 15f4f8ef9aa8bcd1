"""The README's tables are what the code says."""

import inspect
import re
from pathlib import Path

from lyceum_web.problems import KIT_CODES
from lyceum_web.settings import WebSettings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def settings_table() -> str:
    words = dict(re.findall(r"^ +(\w+): (.*)$", inspect.getdoc(WebSettings) or "", re.MULTILINE))
    rows = ["| variable | default | |", "|---|---|---|"]
    for name, field in WebSettings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{name.upper()}` | {default} | {words[name]} |")
    return "\n".join(rows)


def codes_table() -> str:
    rows = ["| code | status | what the caller can do |", "|---|---|---|"]
    rows += [f"| `{entry.code}` | {entry.status} | {entry.advice} |" for entry in KIT_CODES]
    return "\n".join(rows)


def test_the_table_of_settings_is_what_is_read() -> None:
    assert settings_table() in README, settings_table()


def test_the_table_of_problem_codes_is_the_kits_own() -> None:
    assert codes_table() in README, codes_table()
