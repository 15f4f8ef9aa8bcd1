"""The one pass over a file's syntax tree."""

import ast
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence

from modelguard.lint.blocks import Where
from modelguard.lint.class_bodies import Body, digest
from modelguard.lint.expressions import base_name, dotted, reduced, reduced_call
from modelguard.lint.facts import UNKNOWN, Binding, Call, Class, Comment, Decorator, Facts, Import, Use

# Last parts of the names that import at run time, or that are state when called at import time. Expressions are only
# searched in files that hold one of these words: most do not.
DYNAMIC = frozenset(
    {
        "import_module", "__import__", "spec_from_file_location", "spec_from_loader", "SourceFileLoader", "load_source",
        "load_module", "run_module", "run_path", "exec", "eval", "reload", "walk_packages", "iter_modules",
        "resolve_name", "locate",
    }
)  # fmt: skip
STATE = frozenset({"connect", "connect_via", "register_connection", "objects"})
_WORDS = tuple(word.encode() for word in DYNAMIC | STATE)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def extract(tree: ast.Module, data: bytes, comments: list[Comment]) -> Facts:
    """The facts of a parsed file.

    Raises:
        RecursionError: it is nested too deeply.
    """
    visitor = _Visitor(searches=any(word in data for word in _WORDS))
    visitor.block(tree.body, Where())
    return visitor.facts(comments)


class _Visitor:
    """Gathers facts on its way through the statements."""

    def __init__(self, *, searches: bool) -> None:
        self._searches = searches
        self._imports: list[Import] = []
        self._bindings: list[Binding] = []
        self._classes: list[tuple[Class, ast.ClassDef]] = []
        self._calls: list[Call] = []
        self._uses: list[Use] = []
        self._exported: list[str] | None = None
        self._exported_line = 1
        self._computes_exports = False
        self._blocks = 0

    def facts(self, comments: list[Comment]) -> Facts:
        """Everything gathered."""
        watched = DYNAMIC | STATE | self._renamed()
        return Facts(
            self._imports,
            self._bindings,
            list(self._distinguished()),
            [call for call in self._calls if _is_watched(call.call[1], watched)],
            [use for use in self._uses if _is_watched(use.name, watched)],
            comments,
            None if self._computes_exports else self._exported,
            self._exported_line,
            self._computes_exports,
            None,
        )

    def _renamed(self) -> set[str]:
        """Other names that this file gives to what is watched, through any number of steps."""
        steps = [(each.alias, each.name) for each in self._imports if each.name]
        steps += [(each.name, each.value[1]) for each in self._bindings if each.value[0] == "name"]
        found: set[str] = set()
        while new := {
            alias
            for alias, name in steps
            if alias not in found and name.rpartition(".")[2] in (DYNAMIC | STATE | found)
        }:
            found |= new
        return found

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
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"), attr=how), args=[names])):
                self._export_more(how, names)
            case _:
                self._search(node, where)

    def _export_more(self, how: str, names: ast.expr) -> None:
        """`__all__.extend([...])` and `__all__.append("...")`, as `+=` does."""
        items = ast.List([names]) if how == "append" else names
        known = items if how in {"append", "extend"} else ast.Name("__all__")  # remove, sort: computed
        self._export(ast.copy_location(ast.AugAssign(ast.Name("__all__"), ast.Add(), known), names))

    def _import(self, node: ast.Import, where: Where) -> None:
        for each in node.names:
            alias = each.asname or each.name.partition(".")[0]
            place = (node.lineno, node.col_offset, where.scope, where.nesting, where.typing)
            self._imports.append(Import(each.name, 0, None, alias, *place))
            if each.asname:  # binds the last module of the chain, not the first
                self._bindings.append(Binding(where.scope, each.asname, "module", ["text", each.name]))

    def _import_from(self, node: ast.ImportFrom, where: Where) -> None:
        for each in node.names:
            place = (node.lineno, node.col_offset, where.scope, where.nesting, where.typing)
            self._imports.append(Import(node.module or "", node.level, each.name, each.asname or each.name, *place))

    def _class(self, node: ast.ClassDef, where: Where) -> None:
        if where.typing:  # never runs, and registers nothing
            self._bindings.append(Binding(where.scope, node.name, "other", UNKNOWN))
            return
        body = Body(node.body)
        inner = where.inside("c", node.name, node.lineno)
        decorators = [Decorator(_called(each), each.lineno, each.col_offset) for each in node.decorator_list]
        bases = [base_name(each) for each in node.bases if not isinstance(each, ast.Starred)]
        found = Class(
            node.name, where.qualname + node.name, node.lineno, node.col_offset, where.scope, inner.scope,
            where.nesting, list(where.branches), bases, decorators, body.meta, body.meta_line, body.options,
            body.fields, body.has_init, "",
        )  # fmt: skip
        self._classes.append((found, node))
        self._bindings.append(Binding(where.scope, node.name, "class", ["text", found.inner]))
        for each in (*node.decorator_list, *node.bases):
            self._search(each, where)
        self.block(node.body, inner)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, where: Where) -> None:
        self._bindings.append(Binding(where.scope, node.name, "other", UNKNOWN))
        arguments = node.args
        for each in (*node.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults)):
            self._search(each, where)
            if each in node.decorator_list:
                self._use(each, where)
        inner = where.inside("f", node.name, node.lineno)
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            self._bindings.append(Binding(inner.scope, argument.arg, "other", UNKNOWN))
        self.block(node.body, inner)

    def _assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, where: Where) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            self._bind(target, node, where)
        if isinstance(node.value, (ast.Name, ast.Attribute)):
            self._use(node.value, where)
        if node.value is not None:
            self._search(node.value, where)

    def _bind(self, target: ast.expr, node: ast.Assign | ast.AnnAssign | ast.AugAssign, where: Where) -> None:
        if isinstance(target, ast.Name):
            if target.id == "__all__" and not where.scope:
                self._export(node)
            plain = not isinstance(node, ast.AugAssign) and node.value is not None
            value = reduced(node.value) if plain else UNKNOWN
            kept = value if value[0] in {"text", "name", "joined", "call"} else [value[0]]
            if node.value is not None:
                self._bindings.append(Binding(where.scope, target.id, "value", kept))
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._bind_names(target, where)

    def _bind_names(self, target: ast.expr, where: Where) -> None:
        for each in ast.walk(target):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                self._bindings.append(Binding(where.scope, each.id, "other", UNKNOWN))

    def _export(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        self._exported_line = node.lineno
        items = node.value.elts if isinstance(node.value, (ast.List, ast.Tuple)) else None
        names = [each.value for each in items or () if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if items is None or len(names) < len(items):
            self._computes_exports = True
        self._exported = [*(self._exported or []), *names] if isinstance(node, ast.AugAssign) else names

    def _branching(self, node: ast.If | ast.Try | ast.TryStar | ast.Match, where: Where) -> None:
        self._blocks += 1
        number = self._blocks
        arms: Sequence[tuple[list[ast.stmt], bool]]
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                self._search(test, where)
                letter, arms = "i", [(body, _is_type_checking(test)), (orelse, _is_not_type_checking(test))]
            case ast.Match(subject=subject, cases=cases):
                self._search(subject, where)
                letter, arms = "m", [(each.body, False) for each in cases]
            case _:
                # The else arm runs after the body, the finally arm after all of them.
                arms = [(node.body, False), *((each.body, False) for each in node.handlers)]
                self.block(node.orelse, where.under("t", f"{number}:0"))
                self.block(node.finalbody, where.under("t"))
                letter = "t"
                self._bind_handlers(node, where)
        for arm, (statements, typing) in enumerate(arms):
            self.block(statements, where.under("" if typing else letter, f"{number}:{arm}", typing=typing))

    def _bind_handlers(self, node: ast.Try | ast.TryStar, where: Where) -> None:
        for each in node.handlers:
            if each.name:
                self._bindings.append(Binding(where.scope, each.name, "other", UNKNOWN))

    def _plain_block(self, node: ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith, where: Where) -> None:
        match node:
            case ast.While(test=test):
                letter = "l"
                self._search(test, where)
            case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
                letter = "o"
                self._search(source, where)
                self._bind_names(target, where)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                letter = "w"
                for item in items:
                    self._search(item.context_expr, where)
                    if item.optional_vars is not None:
                        self._bind_names(item.optional_vars, where)
        self.block(node.body, where.under(letter))
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            self.block(node.orelse, where.under(letter))

    def _use(self, node: ast.expr, where: Where, *, is_handed_over: bool = False) -> None:
        name = dotted(node)
        if name:
            self._uses.append(Use(is_handed_over, name, node.lineno, node.col_offset, where.scope))

    def _search(self, node: ast.AST, where: Where) -> None:
        """Find calls, and functions handed over to calls, in an expression."""
        if not self._searches:
            return
        for each, runs in _walk(node, runs=where.runs_at_import):
            if isinstance(each, ast.NamedExpr):
                self._bindings.append(Binding(where.scope, each.target.id, "value", reduced(each.value)))
            elif isinstance(each, ast.Call):
                self._call(each, where, runs=runs)
            elif isinstance(each, ast.Subscript) and isinstance(each.value, ast.Attribute):
                self._use(each.value, where)

    def _call(self, node: ast.Call, where: Where, *, runs: bool) -> None:
        call = reduced_call(node)
        if call[0] == "call":
            self._calls.append(Call(call, where.scope, runs))
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(argument, (ast.Name, ast.Attribute)):
                self._use(argument, where, is_handed_over=True)


def _walk(node: ast.AST, *, runs: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every node inside, and whether it runs when the outermost one does: the body of a lambda runs later."""
    waiting = [(node, runs)]
    while waiting:
        each, now = waiting.pop()
        yield each, now
        later = each.body if isinstance(each, ast.Lambda) else None
        waiting += [(child, now and child is not later) for child in ast.iter_child_nodes(each)]


def _is_watched(name: str, watched: Container[str]) -> bool:
    return name.rpartition(".")[2] in watched or ".objects." in name


def _called(node: ast.expr) -> str:
    return base_name(node.func if isinstance(node, ast.Call) else node)


def _is_type_checking(test: ast.expr) -> bool:
    return dotted(test).rpartition(".")[2] == "TYPE_CHECKING"


def _is_not_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _is_type_checking(test.operand)
