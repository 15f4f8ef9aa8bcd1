"""Expressions reduced to what can be followed: texts, dotted names, calls and lists of them."""

import ast
import re
import string
from collections.abc import Iterator

from modelguard.lint.dotted_names import attribute, base_name, dotted, summands
from modelguard.lint.facts import UNKNOWN, Expression

_FIRST_ARGUMENTS = 5  # more are never asked for
_PERCENT = re.compile(r"(%(?:\(\w*\))?[-#0 +]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[a-zA-Z%])")


def pairwise(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The names in the target of an assignment, with what each is given, as far as that can be told."""
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ((ast.Tuple(elts=names) | ast.List(elts=names)), (ast.Tuple(elts=values) | ast.List(elts=values))):
            starred = any(isinstance(each, ast.Starred) for each in (*names, *values))
            if len(names) == len(values) and not starred:
                for one, other in zip(names, values, strict=True):
                    yield from pairwise(one, other)


def reduced(node: ast.expr | None) -> Expression:  # noqa: PLR0911 - one per kind of expression
    """The expression as facts hold it."""
    match node:
        case None:
            return UNKNOWN
        case ast.Constant(value=str() | None as value):
            return ["none"] if value is None else ["text", value]
        case ast.Name() | ast.Attribute():
            name = dotted(node)
            return ["name", name] if name else UNKNOWN
        case ast.Call():
            return _joined_text(node) or _formatted_text(node) or reduced_call(node)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return ["many", [reduced(item) for item in items]]
        case ast.Dict() | ast.DictComp() | ast.BinOp(op=ast.BitOr()):
            return ["copy"]
    return _put_together(node) or _chosen(node) or UNKNOWN


def _put_together(node: ast.expr) -> Expression | None:
    """A text made of several."""
    match node:
        case ast.BinOp(op=ast.Add()):
            return ["joined", [reduced(each) for each in summands(node)]]
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(template)), right=values):
            return ["joined", list(_percent_pieces(template, values))]
        case ast.JoinedStr(values=values):
            return ["joined", [_piece(value) for value in values]]
    return None


def _chosen(node: ast.expr) -> Expression | None:
    """One of several values, whichever."""
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            return ["either", [reduced(body), reduced(orelse)]]
        case ast.BoolOp(values=values):
            return ["either", [reduced(each) for each in values]]
        case ast.NamedExpr(value=value):
            return reduced(value)
    return None


def reduced_call(node: ast.Call) -> Expression:
    """A call whose callee has a name; what is called otherwise has an empty one."""
    if attribute(node):  # getattr(module, "name")
        return ["name", dotted(node)]
    positional = [reduced(each) for each in node.args[:_FIRST_ARGUMENTS]]
    keywords = {each.arg: reduced(each.value) for each in node.keywords if each.arg}
    return ["call", base_name(node.func), positional, keywords, node.lineno, node.col_offset]


def _piece(value: ast.expr) -> Expression:
    if isinstance(value, ast.FormattedValue):
        if value.format_spec is not None or value.conversion != -1:
            return UNKNOWN
        return ["text", str(value.value.value)] if isinstance(value.value, ast.Constant) else reduced(value.value)
    return reduced(value)


def _joined_text(node: ast.Call) -> Expression | None:
    """`".".join(["a", "b"])`."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str(separator)), attr="join"),
            args=[ast.List(elts=items) | ast.Tuple(elts=items)],
        ):
            parts: list[Expression] = []
            for item in items:
                parts += [["text", separator], reduced(item)]
            return ["joined", parts[1:]]
    return None


def _formatted_text(node: ast.Call) -> Expression | None:
    """`"{}.{}".format("a", "b")`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(template)), attr="format")):
            try:
                return ["joined", list(_format_pieces(template, node))]
            except ValueError:
                return None
    return None


def _format_pieces(template: str, node: ast.Call) -> Iterator[Expression]:
    named = {each.arg: each.value for each in node.keywords if each.arg}
    placed = [] if any(isinstance(each, ast.Starred) for each in node.args) else node.args
    values = {**{str(number): each for number, each in enumerate(placed)}, **named}
    holes = 0
    for text, field, spec, conversion in string.Formatter().parse(template):
        yield ["text", text]
        if field is not None:
            name = field or str(holes)
            holes += not field
            yield UNKNOWN if spec or conversion else reduced(values.get(name))


def _percent_pieces(template: str, values: ast.expr) -> Iterator[Expression]:
    """`"%s.%s" % ("a", "b")`."""
    placed = list(values.elts) if isinstance(values, ast.Tuple) else [values]
    for piece in _PERCENT.split(template):
        if not _PERCENT.fullmatch(piece):
            yield ["text", piece]
        elif piece == "%%":
            yield ["text", "%"]
        else:
            value = placed.pop(0) if placed else None
            yield reduced(value) if piece == "%s" else UNKNOWN
