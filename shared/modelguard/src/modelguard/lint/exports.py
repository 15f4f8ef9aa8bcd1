"""What a module says in `__all__`."""

import ast

_NAME = "__all__"


class Exports:
    """The names that `__all__` was given so far.

    Attributes:
        line: of the last statement about it; 1 without one.
        are_computed: whether it has names that only running the module would tell.
    """

    def __init__(self) -> None:
        self.line = 1
        self.are_computed = False
        self._names: list[str] | None = None

    @property
    def names(self) -> list[str] | None:
        """Them; None if there is no `__all__`, or it is computed."""
        return None if self.are_computed else self._names

    def see_assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        """Take note of `__all__ = [...]` and `__all__ += [...]`."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(each, ast.Name) and each.id == _NAME for each in targets) and node.value is not None:
            kept = self._names if isinstance(node, ast.AugAssign) else None
            self._take(kept or [], node.value)

    def see_call(self, node: ast.stmt) -> None:
        """Take note of `__all__.extend([...])` and `__all__.append("...")`."""
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"), attr=how), args=[names])):
                items = {"append": ast.List([names]), "extend": names}.get(how, ast.Name(_NAME))
                self._take(self._names or [], ast.copy_location(items, names))

    def _take(self, known: list[str], value: ast.expr) -> None:
        self.line = value.lineno
        items = _items(value)
        names = [each.value for each in items or () if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if items is None or len(names) < len(items):
            self.are_computed = True
        self._names = [*known, *names]


def _items(value: ast.expr) -> list[ast.expr] | None:
    """The items of a list, a tuple, or a sum of them; None if only running it would tell."""
    match value:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return items
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            first, second = _items(left), _items(right)
            return None if first is None or second is None else [*first, *second]
    return None
