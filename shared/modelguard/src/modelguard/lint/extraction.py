"""The one pass over a file's syntax tree."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from modelguard.lint.bindings import Assignment, Bindings
from modelguard.lint.blocks import Where
from modelguard.lint.class_bodies import Body, digest
from modelguard.lint.conditions import Conditions, tests_of
from modelguard.lint.dotted_names import base_name
from modelguard.lint.exports import Exports
from modelguard.lint.expressions import pairwise
from modelguard.lint.facts import Class, Comment, Decorator, Facts, Import
from modelguard.lint.isolation import is_isolated, isolates, isolates_all
from modelguard.lint.search import Search, watched_names

# How a module gives itself names that no statement binds.
_OPEN = (b"globals()", b"locals()", b"vars()", b"sys.modules[__name__]", b"exec(")


def extract(tree: ast.Module, data: bytes, comments: list[Comment]) -> Facts:
    """The facts of a parsed file.

    Raises:
        RecursionError: it is nested too deeply.
    """
    visitor = _Visitor(data)
    visitor.block(tree.body, Where(isolates=isolates_all(tree)))
    if any(way in data for way in _OPEN):
        visitor.open()
    return visitor.facts(comments)


class _Visitor:
    """Gathers facts on its way through the statements."""

    def __init__(self, data: bytes) -> None:
        self._imports: list[Import] = []
        self._classes: list[tuple[Class, ast.ClassDef]] = []
        self._bindings = Bindings()
        self._search = Search(data, self._bindings)
        self._exports = Exports()
        self._conditions = Conditions()
        self._blocks = 0

    def open(self) -> None:
        """Take the module for one that may have any name, as with a `__getattr__` of its own."""
        self._bindings.add_opaque("__getattr__", Where())

    def facts(self, comments: list[Comment]) -> Facts:
        """Everything gathered."""
        watched = watched_names(self._imports, self._bindings)
        return Facts(
            self._imports,
            self._bindings.found,
            list(self._distinguished()),
            self._search.calls(watched),
            self._search.uses(watched),
            comments,
            self._exports.names,
            self._exports.line,
            self._exports.are_computed,
            None,
        )

    def _distinguished(self) -> Iterator[Class]:
        """Classes; two of one name in one scope with a digest of what they say."""
        count = Counter(found.qualname for found, _ in self._classes)
        for found, node in self._classes:
            yield found._replace(text=digest(node)) if count[found.qualname] > 1 else found

    def block(self, statements: Iterable[ast.stmt], where: Where) -> None:
        """Read the statements of one block."""
        for statement in statements:
            self._statement(statement, where)

    def _statement(self, node: ast.stmt, where: Where) -> None:
        match node:
            case ast.Import():
                self._import(node, where)
            case ast.ImportFrom():
                self._import_from(node, where)
            case ast.ClassDef():
                self._class(node, where)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, where)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assignment(node, where)
            case ast.If() | ast.Try() | ast.TryStar() | ast.Match():
                self._branching(node, where)
            case ast.For() | ast.AsyncFor() | ast.While() | ast.With() | ast.AsyncWith():
                self._plain_block(node, where)
            case ast.Global(names=names):
                self._bindings.declare_global(names, where)
            case _:
                self._exports.see_call(node)
                self._search.into(node, where)

    def _import(self, node: ast.Import, where: Where) -> None:
        for each in node.names:
            alias = each.asname or each.name.partition(".")[0]
            place = (node.lineno, node.col_offset, where.scope, where.nesting, where.typing)
            self._imports.append(Import(each.name, 0, None, alias, *place))
            if each.asname:  # binds the last module of the chain, not the first
                self._bindings.add(each.asname, "module", ["text", each.name], where)

    def _import_from(self, node: ast.ImportFrom, where: Where) -> None:
        for each in node.names:
            alias = each.asname or each.name
            self._conditions.see_import(each.name, alias)
            place = (node.lineno, node.col_offset, where.scope, where.nesting, where.typing)
            self._imports.append(Import(node.module or "", node.level, each.name, alias, *place))

    def _class(self, node: ast.ClassDef, where: Where) -> None:
        if where.typing:  # never runs, and registers nothing
            self._bindings.add_opaque(node.name, where)
            return
        body = Body(node.body)
        inner = where.inside("c", node.name, node.lineno)
        decorators = [Decorator(_called(each), each.lineno, each.col_offset) for each in node.decorator_list]
        bases = [base_name(each) for each in node.bases]
        found = Class(
            node.name, where.qualname + node.name, node.lineno, node.col_offset, where.scope, inner.scope,
            where.nesting, list(where.branches), bases, decorators, body.meta, body.meta_line, body.options,
            body.fields, body.has_init, "",
        )  # fmt: skip
        self._classes.append((found, node))
        self._bindings.add(node.name, "class", ["text", found.inner], where)
        for each in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self._search.into(each, where)
        self.block(node.body, inner._replace(isolates=where.isolates or is_isolated(node)))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, where: Where) -> None:
        self._bindings.add_opaque(node.name, where)
        for decorator in node.decorator_list:
            self._search.read(decorator, where)
        for each in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            self._search.into(each, where)
        around = where.isolated() if where.isolates or is_isolated(node) else where
        inner = around.inside("f", node.name, node.lineno)
        self._bindings.add_arguments(node.args, where, inner)
        self.block(node.body, inner)

    def _assignment(self, node: Assignment, where: Where) -> None:
        self._bindings.add_assignment(node, where)
        self._conditions.see_assignment(node)
        if not where.scope:
            self._exports.see_assignment(node)
        for value in _parts(node):
            if isinstance(value, (ast.Name, ast.Attribute)):
                self._search.read(value, where)
            self._search.into(value, where)

    def _branching(self, node: ast.If | ast.Try | ast.TryStar | ast.Match, where: Where) -> None:
        self._blocks += 1
        number = self._blocks
        match node:
            case ast.If():
                self._if(node, where, number)
            case ast.Match(subject=subject, cases=cases):
                self._search.into(subject, where)
                self._bindings.add_captures(cases, where)
                for arm, case in enumerate(cases):
                    self._search.into(case.guard, where)
                    self.block(case.body, where.under("m", f"{number}:{arm}"))
            case _:
                self._try(node, where, number)

    def _if(self, node: ast.If, where: Where, number: int) -> None:
        for test in tests_of(node):
            self._search.into(test, where)
        for number_of_arm, arm in enumerate(self._conditions.arms(node)):
            inner = where.under("" if arm.never_runs else "i", f"{number}:{number_of_arm}", typing=arm.never_runs)
            self.block(arm.statements, inner._replace(is_script=where.is_script or arm.is_script))

    def _try(self, node: ast.Try | ast.TryStar, where: Where, number: int) -> None:
        # The else arm runs after the body, the finally arm after all of them.
        self.block(node.orelse, where.under("t", f"{number}:0"))
        self.block(node.finalbody, where.under("t"))
        self.block(node.body, where.under("t", f"{number}:0"))
        for arm, handler in enumerate(node.handlers, start=1):
            self._search.into(handler.type, where)
            self._bindings.add_opaque(handler.name, where)
            self.block(handler.body, where.under("t", f"{number}:{arm}"))

    def _plain_block(self, node: ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith, where: Where) -> None:
        match node:
            case ast.While(test=test):
                letter = "l"
                self._search.into(test, where)
            case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
                letter = "o"
                self._search.read(source, where)
                self._search.into(source, where)
                self._bindings.add_target(target, where)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                letter = "w"
                for item in items:
                    self._search.into(item.context_expr, where)
                    if item.optional_vars is not None:
                        self._bindings.add_target(item.optional_vars, where)
        self.block(node.body, (where.isolated() if isolates(node) else where).under(letter))
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            self.block(node.orelse, where.under(letter))


def _called(node: ast.expr) -> str:
    return base_name(node.func if isinstance(node, ast.Call) else node)


def _parts(node: Assignment) -> Iterable[ast.expr]:
    """What an assignment hands out one by one, or its whole value."""
    if node.value is None:
        return ()
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    pairs = [given for target in targets for _, given in pairwise(target, node.value)]
    return dict.fromkeys(pairs) or [node.value]
