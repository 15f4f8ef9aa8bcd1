"""`modelguard lint`."""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from modelguard._printing import note, say
from modelguard.lint import baseline
from modelguard.lint.catalogue import EXPLANATIONS
from modelguard.lint.finding import Finding
from modelguard.lint.linting import Report, lint
from modelguard.lint.output import github, json_output, plain, sarif

CLEAN, FOUND = 0, 1
FORMATS = ("text", "json", "sarif", "github")
_EXAMPLE = """\
example:
  modelguard lint                               the project of the pyproject.toml at hand
  modelguard lint shop billing/models           only what is found below these
  modelguard lint --format sarif > lint.sarif
  modelguard lint --format github               in a workflow of GitHub: findings beside the lines of a pull request
  modelguard lint --write-baseline old.json     accept what is there now; then: --baseline old.json

the whole project is read in any case, for the rules need it; settings: [tool.modelguard] in pyproject.toml
what a rule means, with examples: modelguard explain MG02
a line is allowed by a comment behind it or above it:  # modelguard: allow MG02 because REASON
exit codes: 0 clean, 1 findings, 2 could not run
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Give the parser of the command its arguments."""
    parser.description = "Read the code of a project, import nothing, and report what registers a model badly."
    parser.epilog = _EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="file or folder to report on; without any, the whole project"
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how findings are printed: for people and editors, for programs, for code scanning, for pull requests",
    )
    parser.add_argument(
        "--baseline", metavar="FILE", type=Path, help="accept the findings in this file, and report the rest"
    )
    parser.add_argument("--write-baseline", metavar="FILE", type=Path, help="write the findings to this file instead")
    parser.add_argument("--config", metavar="FILE", type=Path, help="take the settings from this pyproject.toml")
    parser.add_argument("--no-cache", action="store_true", help="read every file anew")


def run(options: argparse.Namespace) -> int:
    """Lint and print; the answer is the exit code.

    Raises:
        LintError: it cannot run.
    """
    report = lint([Path(path) for path in options.paths], config=options.config, cached=not options.no_cache)
    if options.write_baseline is not None:
        looked_at = report.looked_at if options.paths else None
        count = baseline.write(report.findings, options.write_baseline, looked_at)
        note(f"{_count(count, 'finding')} written to {options.write_baseline}")
        return CLEAN
    findings, beside = report.findings, ""
    if options.baseline is not None:
        compared = baseline.compared(findings, options.baseline, report.looked_at)
        findings, beside = compared.new, f", {compared.accepted} accepted by {options.baseline}"
        beside += (
            f" ({compared.gone} of its findings {'is' if compared.gone == 1 else 'are'} gone: write it again)"
            if compared.gone
            else ""
        )
    _print(findings, report, options.format)
    found = f"{_count(len(findings), 'finding')}{_by_rule(findings)}"
    nothing = "" if report.files else ": no Python file is there"
    note(f"{_count(report.files, 'file')}, {_count(report.models, 'model')}, {found}{beside}{nothing}")
    return FOUND if findings else CLEAN


def _print(findings: Sequence[Finding], report: Report, shape: str) -> None:
    paths = [_from_here(report.folder / finding.path) for finding in findings]
    match shape:
        case "json":
            say(json_output.document(findings, paths))
        case "sarif":
            say(sarif.log(findings, paths, EXPLANATIONS))
        case "github":
            for finding, path in zip(findings, paths, strict=True):
                say(github.annotation(finding, path))
        case _:
            for finding, path in zip(findings, paths, strict=True):
                say(plain.line(finding, path))


def _from_here(file: Path) -> str:
    """Relative to the working directory, if it is below."""
    return os.fspath(file).removeprefix(f"{Path.cwd()}{os.sep}").replace(os.sep, "/")


def _by_rule(findings: Sequence[Finding]) -> str:
    """How many of each rule, if there are several rules."""
    counted = Counter(finding.code for finding in findings)
    listed = ", ".join(f"{number} {code}" for code, number in sorted(counted.items()))
    return f" ({listed})" if len(counted) > 1 else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
