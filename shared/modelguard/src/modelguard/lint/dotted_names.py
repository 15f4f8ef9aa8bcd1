"""Dotted names, however code spells them."""

import ast

from modelguard.lint.facts import MODULE


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of attributes, however they are asked for; empty for anything else.

    `getattr(a, "b")`, `vars(a)["b"]` and `a.__dict__["b"]` are attributes too; what `sys.modules["a.b"]` and
    `__import__("a")` are begins with `MODULE`.
    """
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Name):
            parts.append(node.id)
            return ".".join(reversed(parts))
        step = attribute(node)
        if step is None:
            module = _module(node)
            return ".".join([MODULE + module, *reversed(parts)]) if module else ""
        node = step[0]
        parts.append(step[1])


def attribute(node: ast.expr) -> tuple[ast.expr, str] | None:
    """The owner and the name of an attribute."""
    match node:
        case ast.Attribute(value=owner, attr=name):
            return owner, name
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(name)), *_]):
            return owner, name
        case ast.Subscript(
            value=ast.Attribute(value=owner, attr="__dict__") | ast.Call(func=ast.Name(id="vars"), args=[owner]),
            slice=ast.Constant(value=str(name)),
        ):
            return owner, name
        case ast.Subscript(value=ast.Name(id="__builtins__") as owner, slice=ast.Constant(value=str(name))):
            return owner, name
    return None


def _module(node: ast.expr) -> str:
    """The name of the module that an expression is, whatever the file imports."""
    match node:
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id="sys"), attr="modules"), slice=ast.Constant(value=str(name))
        ):
            return name
        case ast.Call(func=ast.Name(id="__import__"), args=[ast.Constant(value=str(name))], keywords=[]):
            return name.partition(".")[0]
    return ""


def base_name(node: ast.expr) -> str:
    """The dotted name of a base class or decorator, without its `[...]` or `(...)`."""
    while isinstance(node, (ast.Subscript, ast.NamedExpr)) and not dotted(node):
        node = node.value
    return dotted(node)


def summands(node: ast.expr) -> list[ast.expr]:
    """What a sum is of, from left to right; of anything else, the thing itself."""
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]
