"""Names and what they are given."""

import ast
from collections.abc import Container, Iterable, Iterator

from modelguard.lint.blocks import Where
from modelguard.lint.class_bodies import is_dict, options_of
from modelguard.lint.dotted_names import dotted
from modelguard.lint.expressions import pairwise, reduced
from modelguard.lint.facts import UNKNOWN, Binding, Expression

_KEPT = frozenset({"text", "name", "joined", "call", "either", "options"})  # of values, what is kept
_LONGEST_LIST = 100
Assignment = ast.Assign | ast.AnnAssign | ast.AugAssign


class Bindings:
    """Everything in a file that gives a name something, other than imports from modules."""

    def __init__(self) -> None:
        self.found: list[Binding] = []
        self._globals: set[tuple[str, str]] = set()  # scope and name

    def declare_global(self, names: Iterable[str], where: Where) -> None:
        """`global names`: what a function gives them, it gives the module's."""
        self._globals.update((where.scope, name) for name in names)

    def add(self, name: str, kind: str, value: Expression, where: Where) -> None:
        """Bind a name."""
        scope = "" if (where.scope, name) in self._globals else where.scope
        self.found.append(Binding(scope, name, kind, value))

    def add_opaque(self, name: str | None, where: Where) -> None:
        """Bind a name, if there is one, to what cannot be said."""
        if name:
            self.add(name, "other", UNKNOWN, where)

    def add_value(self, name: str, value: ast.expr | None, where: Where) -> None:
        """Bind a name to the value of an expression."""
        self.add(name, "value", _kept(value), where)

    def add_assignment(self, node: Assignment, where: Where) -> None:
        """Bind the targets of an assignment."""
        if node.value is None:
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            pairs = dict(pairwise(target, node.value))
            for name, value in pairs.items():
                self.add_value(name, None if isinstance(node, ast.AugAssign) else value, where)
            if isinstance(target, (ast.Tuple, ast.List)):
                self.add_target(target, where, pairs)

    def add_target(self, target: ast.expr, where: Where, known: Container[str] = ()) -> None:
        """Bind every name in the target of a loop, of a `with`, or of an assignment that cannot be told apart."""
        for each in ast.walk(target):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) and each.id not in known:
                self.add_opaque(each.id, where)

    def add_captures(self, cases: Iterable[ast.match_case], where: Where) -> None:
        """Bind what the patterns of a `match` capture."""
        for each in (node for case in cases for node in ast.walk(case.pattern)):
            match each:
                case ast.MatchAs(name=name) | ast.MatchStar(name=name) | ast.MatchMapping(rest=name):
                    self.add_opaque(name, where)

    def add_arguments(self, arguments: ast.arguments, where: Where, inner: Where) -> None:
        """Bind the arguments of a function; to their defaults, evaluated outside of it, where these are names."""
        defaults = dict(_defaults(arguments))
        for argument in arguments_of(arguments):
            default = defaults.get(argument)
            if default is not None and dotted(default):
                alias = f"{argument.arg}={argument.lineno}:{argument.col_offset}"
                self.add_value(alias, default, where)
                self.add(argument.arg, "value", ["name", alias], inner)
            else:
                self.add_opaque(argument.arg, inner)


def arguments_of(arguments: ast.arguments) -> Iterator[ast.arg]:
    """Every argument of a function."""
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from filter(None, (arguments.vararg, arguments.kwarg))


def _defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    placed = [*arguments.posonlyargs, *arguments.args]
    yield from zip(reversed(placed), reversed(arguments.defaults), strict=False)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)


def _kept(value: ast.expr | None) -> Expression:
    """What facts keep of a value that a name is given."""
    if value is not None and is_dict(value):
        return ["options", options_of(value)]
    found = reduced(value)
    return found if found[0] in _KEPT or _is_short_list(found) else [found[0]]


def _is_short_list(value: Expression) -> bool:
    return (
        value[0] == "many" and len(value[1]) <= _LONGEST_LIST and all(each[0] in {"text", "name"} for each in value[1])
    )
