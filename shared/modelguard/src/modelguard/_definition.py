"""A definition as its class statement gave it, and what differs from a later run of the same statement."""

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any, NamedTuple

from modelguard._code import same_code
from modelguard._copies import Copies
from modelguard._equality import CLASS_BOOKKEEPING, Equality
from modelguard._fields import Declared, in_namespace
from modelguard._mongoengine import BaseField, is_model

_LONGEST_VALUE = 60  # characters of a value shown in a message
_ABSENT = object()


class Definition(NamedTuple):
    """What one run of a class statement said.

    Attributes:
        module: `__name__` of the module that ran it.
        body: code of the class body; None for a class made by calling the metaclass.
        bases: the bases as written.
        namespace: what the body left behind.
        declared: the state of its fields, and of inherited ones, before registration.
        copies: the containers inside its functions and plain classes, before the program used them.
    """

    module: str
    body: CodeType | None
    bases: tuple[type, ...]
    namespace: Mapping[str, Any]
    declared: Declared
    copies: Copies

    def changes(self, later: "Definition") -> list[str]:
        """What a later run changed, one line each; empty if it is the same definition."""
        equality = Equality(frozenset({self.module, later.module}), self.declared, self.copies)
        found = [*self._changed_bases(later, equality), *_changed_names(self.namespace, later.namespace, equality)]
        if not found and _field_order(self.namespace) != _field_order(later.namespace):
            found.append("order of the fields")
        if not found and not self._same_body(later):
            found.append("class body: other statements, with the same result")
        return [*found, *map(_held, dict.fromkeys(equality.replaced))]

    def _same_body(self, later: "Definition") -> bool:
        if self.body is None or later.body is None:
            return self.body is later.body
        return same_code(self.body, later.body)

    def _changed_bases(self, later: "Definition", equality: Equality) -> Iterator[str]:
        before, after = (", ".join(base.__qualname__ for base in each.bases) for each in (self, later))
        if before != after:
            yield f"bases: ({before}) -> ({after})"
            return
        for old, new in zip(self.bases, later.bases, strict=True):
            if is_model(new) and old is not new:
                yield f"base {old.__qualname__}: another class object, since it is not guarded itself"
            elif not equality.same(old, new):
                inside = [*_changed_names(vars(old), vars(new), equality)]
                yield f"base {old.__qualname__}: {', '.join(inside) or 'altered'}"


def _changed_names(old: Mapping[str, Any], new: Mapping[str, Any], equality: Equality) -> Iterator[str]:
    before, after = _said(old), _said(new)
    for name in [*before, *(name for name in after if name not in before)]:
        one, other = before.get(name, _ABSENT), after.get(name, _ABSENT)
        if one is _ABSENT or other is _ABSENT or not equality.same(one, other):
            yield from _described(name, one, other, equality)


def _held(model: str) -> str:
    return f"the class in use holds a {model!r} that is not registered any more: another class has taken its name"


def _field_order(namespace: Mapping[str, Any]) -> list[str]:
    """Names by creation, as mongoengine orders them: documents are written in this order."""
    fields = sorted(in_namespace(namespace).items(), key=lambda each: each[1].creation_counter)
    return [name for name, _ in fields]


def _said(namespace: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in namespace.items() if name not in CLASS_BOOKKEEPING}


def _described(name: str, old: Any, new: Any, equality: Equality) -> Iterator[str]:
    kind = _kind(name, new if old is _ABSENT else old)
    if old is _ABSENT or new is _ABSENT:
        yield f"{kind}: {'added' if old is _ABSENT else 'removed'}"
    elif isinstance(old, BaseField) and type(old) is type(new):
        before, after = equality.options(old), equality.options(new)
        for option in equality.altered_options(old, new):
            yield f"{kind}: {option} {_step(before.get(option, _ABSENT), after.get(option, _ABSENT))}"
    elif isinstance(old, BaseField) or isinstance(new, BaseField):
        yield f"{kind}: {type(old).__name__} -> {type(new).__name__}"
    elif name == "meta" and isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if not equality.same(old.get(key, _ABSENT), new.get(key, _ABSENT)):
                yield f"meta {key}: {_step(old.get(key, _ABSENT), new.get(key, _ABSENT))}"
    elif _is_method(old):
        yield f"{kind}: altered"
    else:
        yield f"{kind}: {_step(old, new)}"


def _kind(name: str, value: object) -> str:
    if isinstance(value, BaseField):
        return f"field {name}"
    if name == "meta":
        return "meta"
    if name == "__doc__":
        return "docstring"
    return f"method {name}" if _is_method(value) else f"attribute {name}"


def _is_method(value: object) -> bool:
    return not isinstance(value, type) and (callable(value) or hasattr(value, "__get__"))


def _step(old: object, new: object) -> str:
    before, after = _shown(old), _shown(new)
    return f"{before} -> {'another ' if before == after else ''}{after}"


def _shown(value: object) -> str:
    if value is _ABSENT:
        return "(none)"
    text = value.__qualname__ if isinstance(value, type) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
