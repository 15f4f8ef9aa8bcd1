"""The command `modelguard`.

Exit codes: 0 clean, 1 problems found, 2 could not run.
"""

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from modelguard._adoption import watch
from modelguard._explaining import explanation, titles
from modelguard._explanations import EXPLANATIONS
from modelguard._lookup import models
from modelguard._mongoengine import is_abstract, is_embedded, is_top_level, settings
from modelguard._place import model_place
from modelguard._printing import CannotPrintError, flush, give_up, note, say
from modelguard._project_frame import place_in_project
from modelguard._written_place import class_place, field_place
from modelguard.checking import problems
from modelguard.errors import GuardError, UnsupportedError
from modelguard.lint import command as lint_command
from modelguard.lint.errors import LintError
from modelguard.problem import Problem

CLEAN, PROBLEMS, COULD_NOT_RUN = 0, 1, 2
_UNGUARDED = "unguarded-model"

_EXAMPLE = """\
example:
  modelguard check shop.models billing.models     import both, then report every problem
  modelguard check --adopting shop.models         the same of a project on mongoengine's own bases
  modelguard list shop.models                     name, kind, collection and place of each model
  modelguard lint shop                            read the code, import nothing, report what registers a model badly
  modelguard explain MG02                         what a code means and what to do

exit codes: 0 clean, 1 problems found, 2 could not run
"""
_CHECK = """\
example:
  modelguard check shop.models billing.models
  modelguard check --ignore unguarded-model shop.models     while some packages still stand on plain bases
  modelguard check --adopting shop.models                   before the first of them changes

modules are imported from the working directory, too
exit codes: 0 clean, 1 problems found, 2 could not run
"""
_LIST = """\
example:
  modelguard list shop.models
"""
_EXPLAIN = """\
example:
  modelguard explain                  all codes, each with its title
  modelguard explain missing-model    of a problem that `modelguard check` found
  modelguard explain MG02             of a finding of `modelguard lint`, with a bad and a good example
"""


class _CannotRunError(Exception):
    """The command cannot do its work; the message is for the user."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the answer is its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code = int(options.run(options))
        flush()
    except (_CannotRunError, LintError, UnsupportedError) as error:
        note(f"modelguard: {error}")
        return COULD_NOT_RUN
    except GuardError as error:
        note(f"modelguard: [{error.code}] {error}")
        return PROBLEMS
    except KeyboardInterrupt:
        note("modelguard: interrupted")
        return COULD_NOT_RUN
    except (BrokenPipeError, CannotPrintError) as error:
        if isinstance(error, CannotPrintError):  # else the reader, such as `head`, has seen enough
            note(f"modelguard: {error}")
        give_up()
        return COULD_NOT_RUN
    except Exception as error:  # noqa: BLE001 - the last door: a fault of this program is one line to its user, too
        note(f"modelguard: a fault in modelguard itself, please report it: {_one_line(error)} ({_innermost(error)})")
        return COULD_NOT_RUN
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="modelguard",
        description="Check that each mongoengine model is registered once, and that all of them fit together.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    check = _command(commands, "check", "import modules, then report every problem of the registered models", _CHECK)
    check.add_argument("modules", nargs="+", metavar="MODULE", help="dotted name, as in an import statement")
    check.add_argument(
        "--ignore", action="append", default=[], metavar="CODE", help="accept a kind of problem; may be repeated"
    )
    check.add_argument(
        "--adopting",
        action="store_true",
        help="judge models on mongoengine's own bases as the guard would, and only count them: what it would refuse, "
        "what names no model; nothing is changed",
    )
    check.set_defaults(run=_check)
    listing = _command(commands, "list", "import modules, then list the registered models", _LIST)
    listing.add_argument("modules", nargs="+", metavar="MODULE", help="dotted name, as in an import statement")
    listing.set_defaults(run=_list)
    linting = commands.add_parser("lint", help="read the code and report what registers a model badly")
    lint_command.configure(linting)
    linting.set_defaults(run=lint_command.run)
    explain = _command(commands, "explain", "say what a code means and what to do", _EXPLAIN)
    explain.add_argument("code", nargs="?", metavar="CODE", help="as printed with a problem; without it, all codes")
    explain.set_defaults(run=_explain)
    return parser


def _version() -> str:
    try:
        return version("modelguard")
    except PackageNotFoundError:  # run from its sources
        return "not installed"


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, what: str, example: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _check(options: argparse.Namespace) -> int:
    unknown = sorted(set(options.ignore) - set(EXPLANATIONS))
    if unknown:
        raise _CannotRunError(f"--ignore {unknown[0]}: no such code; `modelguard explain` lists them")
    accepted = {*options.ignore, *([_UNGUARDED] if options.adopting else [])}
    with watch() as watched:
        _load(options.modules)
        found = [each for each in (*watched.problems(), *problems()) if each.code not in accepted]
    for problem in map(_located, found):
        say(str(problem))
    left = f", {len(models.unguarded)} not guarded yet" if options.adopting else ""
    say(f"{_count(len(models), 'model')}{left}, {_count(len(found), 'problem')}")
    return PROBLEMS if found else CLEAN


def _located(problem: Problem) -> Problem:
    """With the line, if the model is not guarded and so keeps none."""
    if problem.site.rpartition(":")[2].isdigit() or problem.model not in models:
        return problem
    model = models[problem.model]
    return replace(problem, site=field_place(model, problem.field.partition(".")[0]))


def _list(options: argparse.Namespace) -> int:
    _load(options.modules)
    rows = [("NAME", "KIND", "COLLECTION", "PLACE"), *(_row(name) for name in sorted(models))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return CLEAN


def _row(name: str) -> tuple[str, str, str, str]:
    model = models[name]
    kind = "embedded" if is_embedded(model) else "document"
    kind = f"abstract {kind}" if is_abstract(model) else kind
    collection = str(settings(model).get("collection") or "-") if is_top_level(model) else "-"
    place = model_place(model) if models.is_guarded(name) else f"{class_place(model)} (not guarded)"
    return name, kind, collection, place


def _explain(options: argparse.Namespace) -> int:
    if options.code is None:
        for line in titles():
            say(line)
        return CLEAN
    try:
        say(explanation(options.code))
    except KeyError as error:
        raise _CannotRunError(error.args[0]) from error
    return CLEAN


def _load(names: Sequence[str]) -> None:
    """Import modules, from the working directory too, as `python -m` does.

    Raises:
        GuardError: a definition among them was refused.
    """
    if "" not in sys.path:
        sys.path.insert(0, "")
    for name in names:
        try:
            importlib.import_module(name)
        except GuardError:
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            place = place_in_project(error)
            at = f" (at {place})" if place else ""
            raise _CannotRunError(f"cannot import {name}: {_one_line(error)}{at}") from error


def _one_line(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an imported module's own exception: its text may fail as well
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _innermost(error: Exception) -> str:
    """Where it was raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno} in {frame.name}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
