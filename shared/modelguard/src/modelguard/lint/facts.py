"""What one file says, as far as the rules care: plain values only, so that they can be stored as JSON.

An expression is a list whose first item says what the others are:
`["text", str]`, `["name", dotted]`, `["call", dotted, positional, {keyword: expression}, line, column]`,
`["many", items]`, `["joined", parts]`, `["either", values]`, `["copy"]` for a new dict, `["none"]`, `["other"]`.
A dotted name that begins with `MODULE` starts at a module, whatever the file binds: `@importlib.reload`.

A scope is the way to a block of names: `""` is the module, `"f:send/c:Helper/"` a class in a function.
A nesting is one letter per block around a statement, from the outside in: see `BLOCKS`. Before a block after which
models are put back as they were, it has `ISOLATED`.
"""

from typing import Any, NamedTuple

Expression = list[Any]
UNKNOWN: Expression = ["other"]
MODULE = "@"

BLOCKS = {
    "f": "function",
    "c": "class",
    "i": "if",
    "t": "try",
    "w": "with",
    "o": "for",
    "l": "while",
    "m": "match",
}
ISOLATED = "x"


class Import(NamedTuple):
    """`import module`, or one name of `from module import name`; a star is a name.

    Attributes:
        module: as written, without the dots of a relative import.
        level: how many dots.
        name: None for `import module`.
        alias: the name it is bound to.
        typing: whether it stands under `TYPE_CHECKING`, and never runs.
    """

    module: str
    level: int
    name: str | None
    alias: str
    line: int
    column: int
    scope: str
    nesting: str
    typing: bool


class Binding(NamedTuple):
    """A name given a value in a scope, other than by an import.

    Attributes:
        kind: `class`, `value`, or `other` if what it holds cannot be said.
        value: the expression of a `value`.
    """

    scope: str
    name: str
    kind: str
    value: Expression


class Field(NamedTuple):
    """A call assigned in a class body: a field, if its callee turns out to be one."""

    name: str
    call: Expression


class Decorator(NamedTuple):
    """A decorator of a class: its dotted name, without arguments; empty if it has none."""

    name: str
    line: int
    column: int


class Class(NamedTuple):
    """A class statement.

    Attributes:
        scope: where its name is bound and its bases are looked up.
        inner: the scope of its body.
        bases: dotted names, subscripts dropped; empty for what has no name.
        branches: `number:arm` of each `if`, `try` or `match` around it, to tell arms that exclude each other.
        meta: the expression assigned to `meta`; None without one.
        options: the literal settings in `meta`: texts, truths, and expressions of the rest.
        text: digest of the statement without its place, where the file has another of that name; else empty.
    """

    name: str
    qualname: str
    line: int
    column: int
    scope: str
    inner: str
    nesting: str
    branches: list[str]
    bases: list[str]
    decorators: list[Decorator]
    meta: Expression | None
    meta_line: int
    options: dict[str, Any]
    fields: list[Field]
    has_init: bool
    text: str


class Call(NamedTuple):
    """A call that may import something, or that happens while the module is imported."""

    call: Expression
    scope: str
    runs_at_import: bool


class Use(NamedTuple):
    """A watched dotted name that is read, not called.

    Attributes:
        is_handed_over: whether it is an argument of a call, which may call it in turn.
    """

    is_handed_over: bool
    name: str
    line: int
    column: int
    scope: str


class Comment(NamedTuple):
    """`# modelguard: ...`.

    Attributes:
        codes: what it allows; empty if it could not be understood.
        reason: why; empty if it says nothing.
        line: the line whose findings it is about: its own, or the next one with code.
        first: the first line of further ones: of the statement that it stands behind, only that is.
        last: the last of them; of the statement below it, all are.
        place: the line it stands on.
    """

    codes: list[str]
    reason: str
    line: int
    first: int
    last: int
    place: int
    column: int


class Facts(NamedTuple):
    """Everything about one file.

    Attributes:
        exported: the names in `__all__`; None without one, or if it is computed.
        computes_exports: whether `__all__` is there but computed.
        trouble: why the file could not be read, `[line, column, text]`; everything else is empty then.
    """

    imports: list[Import]
    bindings: list[Binding]
    classes: list[Class]
    calls: list[Call]
    uses: list[Use]
    comments: list[Comment]
    exported: list[str] | None
    exported_line: int
    computes_exports: bool
    trouble: list[Any] | None


def nothing(trouble: list[Any] | None = None) -> Facts:
    """The facts of a folder without `__init__.py`, or of a file that could not be read."""
    return Facts([], [], [], [], [], [], None, 1, computes_exports=False, trouble=trouble)


def from_json(stored: list[Any]) -> Facts:
    """Facts as they were before they became JSON."""
    imports, bindings, classes, calls, uses, comments, *rest = stored
    return Facts(
        [Import(*each) for each in imports],
        [Binding(*each) for each in bindings],
        [_class(each) for each in classes],
        [Call(*each) for each in calls],
        [Use(*each) for each in uses],
        [Comment(*each) for each in comments],
        *rest,
    )


def _class(stored: list[Any]) -> Class:
    found = Class(*stored)
    return found._replace(
        decorators=[Decorator(*each) for each in found.decorators], fields=[Field(*each) for each in found.fields]
    )
