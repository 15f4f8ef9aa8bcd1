"""What counts as the same code and the same value when a class body has run again."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import re
import threading
import types
import uuid
import zoneinfo
from typing import TYPE_CHECKING, Any

import pytest
from mongoengine import IntField, ListField, ReferenceField, StringField

from modelguard._code import same_code
from modelguard._copies import keep
from modelguard._equality import Equality

if TYPE_CHECKING:
    from collections.abc import Callable

    from modelguard._copies import Copies

BODY = """
class Model:
    '''Text.'''
    LIMIT = 3
    def run(self, other=1):
        items = [item for item in range(3) if item]
        try:
            self.found = other
        except ValueError:
            return lambda: items
        class Inner:
            place = 1
        return Inner
"""


def compiled(source: str) -> types.CodeType:
    return next(const for const in compile(source, "models.py", "exec").co_consts if isinstance(const, types.CodeType))


SAME_CODE = {
    "itself": BODY,
    "moved down": "\n" * 3 + BODY,
    "moved past a byte": "\n" * 300 + BODY,
    "to the line of a constant": "\n" + BODY,
    "commented": BODY.replace("LIMIT = 3", "# Three.\n\n    LIMIT = 3"),
    "a line more inside": BODY.replace("        try:", "\n        try:"),
    "other quotes": BODY.replace("'''Text.'''", '"""Text."""'),
}
OTHER_CODE = {
    "a constant": BODY.replace("LIMIT = 3", "LIMIT = 4"),
    "its type": BODY.replace("LIMIT = 3", "LIMIT = 3.0"),
    "its sign": BODY.replace("place = 1", "place = -1"),
    "a name": BODY.replace("LIMIT", "BOUND"),
    "a method's name": BODY.replace("run", "go"),
    "a default": BODY.replace("other=1", "other=2"),
    "a condition": BODY.replace("if item", "if not item"),
    "a handler": BODY.replace("ValueError", "TypeError"),
    "a nested class": BODY.replace("Inner", "Outer"),
    "a method more": BODY + "    def more(self): pass\n",
    "the text": BODY.replace("Text.", "Other text."),
    "the order": BODY.replace("    LIMIT = 3\n", "") + "    LIMIT = 3\n",
}


@pytest.mark.parametrize("source", SAME_CODE.values(), ids=SAME_CODE)
def test_place_is_no_part_of_the_code(source: str) -> None:
    assert same_code(compiled(BODY), compiled(source))


@pytest.mark.parametrize("source", OTHER_CODE.values(), ids=OTHER_CODE)
def test_whatever_the_code_does_is_part_of_it(source: str) -> None:
    assert not same_code(compiled(BODY), compiled(source))


def test_constants_that_are_equal_and_not_the_same() -> None:
    values = ["0.0", "-0.0", "0", "False", "(0,)", "(0.0,)", "'0'", "b'0'", "0j"]
    codes = [compile(f"x = {value}", "models.py", "exec") for value in values]

    assert [[same_code(one, other) for other in codes] for one in codes] == [
        [one == other for other in values] for one in values
    ]


def both(make: Callable[..., Any], *values: Any) -> tuple[Any, Any]:
    one, other = (make(value) for value in values) if values else (make(), make())
    return one, other


def same(old: Any, new: Any) -> bool:
    return Equality(frozenset({"models", "alias"}), {}, {}).same(old, new)


def fresh_enum(value: str = "red", module: str = "models") -> Any:
    return enum.Enum("Colour", {"RED": value}, module=module)


def fresh_class(answer: int = 1, module: str = "models") -> Any:
    namespace: dict[str, Any] = {"__name__": module}
    exec(f"class Greeter:\n    def greet(self): return {answer}\n    def twin(self): return Greeter", namespace)  # noqa: S102  # our own text
    return namespace["Greeter"]


def fresh_globals(module: str, **values: Any) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": module, **values}
    exec("", namespace)  # noqa: S102  # our own text
    return namespace


def closing_over(value: Any) -> Any:
    def inner() -> Any:
        return value

    return inner


def with_default(value: Any) -> Any:
    def inner(a: Any = value, *, b: Any = value) -> Any:
        return a, b

    return inner


def with_keyword(value: Any) -> Any:
    def inner(*, b: Any = value) -> Any:
        return b

    return inner


class Settings:
    def __init__(self, value: Any) -> None:
        self.value = value

    def shown(self) -> str:
        return str(self.value)


class Slotted:
    __slots__ = ("__private", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.__private = value


class Refusing(Settings):
    __hash__ = None  # type: ignore[assignment]  # compared by value, so not hashable

    def __eq__(self, other: object) -> bool:
        raise TypeError(other)


NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
TWICE = dt.datetime(2026, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))
SAME_VALUE: dict[str, tuple[Any, Any]] = {
    "not a number": (float("nan"), float("nan")),
    "a date": both(lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
    "a moment": both(lambda: dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo.no_cache("Europe/Paris"))),
    "a naive moment": both(lambda: dt.datetime(2026, 1, 1)),  # noqa: DTZ001 - bodies may hold such
    "a decimal that is no number": both(lambda: decimal.Decimal("NaN")),
    "a decimal": both(lambda: decimal.Decimal("1.10")),
    "a pattern": both(lambda: re.compile("a+", re.IGNORECASE)),
    "an id": both(lambda: uuid.UUID(int=5)),
    "a container": both(lambda: {"a": [1, (2, {3})]}),
    "a function": both(lambda: lambda: 1),
    "a closure": both(closing_over, [1], [1]),
    "defaults": both(with_default, [1], [1]),
    "a partial": both(lambda: functools.partial(int, base=2)),
    "a cached function": both(lambda: functools.lru_cache(lambda: 1)),
    "a property": both(lambda: property(lambda _: 1)),
    "a class method": both(lambda: classmethod(lambda _: 1)),
    "a lock": both(threading.Lock),
    "a sentinel": both(object),
    "an object": both(Settings, 1, 1),
    "a slotted object": both(Slotted, 1, 1),
    "an object that refuses": both(Refusing, 1, 1),
    "a class that ran again": both(fresh_class),
    "a class under another name": (fresh_class(), fresh_class(module="alias")),
    "an enum that ran again": both(fresh_enum),
    "an enum under another name": (fresh_enum(), fresh_enum(module="alias")),
    "a member": (fresh_enum().RED, fresh_enum(module="alias").RED),
    "a set of members": ({fresh_enum().RED}, {fresh_enum().RED}),
    "members as keys": ({fresh_enum().RED: 1}, {fresh_enum().RED: 1}),
    "a field": both(lambda: StringField(max_length=5, choices=["a"], help_text="x")),
    "a nested field": both(lambda: ListField(ListField(IntField(min_value=1)))),
    "a built-in function": (len, len),
    "a bound method": both(lambda: Settings(1).shown),
    "an alias of a type": both(lambda: list[int]),
    "a module's globals": (fresh_globals("models", seen=1), fresh_globals("alias", calls=2)),
}
OTHER_VALUE: dict[str, tuple[Any, Any]] = {
    "types": (1, True),
    "zeros": (0.0, -0.0),
    "a container": ({"a": [1]}, {"a": [2]}),
    "its length": ([1], [1, 2]),
    "its keys": ({"a": 1}, {"b": 1}),
    "its kind": ([1], (1,)),
    "a set": ({1, 2}, {1, 3}),
    "a function": (lambda: 1, lambda: 2),
    "a closure": both(closing_over, [1], [2]),
    "defaults": both(with_default, [1], [2]),
    "a keyword's default": both(with_keyword, [1], [2]),
    "a partial": (functools.partial(int, base=2), functools.partial(int, base=3)),
    "a property": (property(lambda _: 1), property(lambda _: 2)),
    "a pattern": (re.compile("a"), re.compile("b")),
    "an object": both(Settings, 1, 2),
    "a slotted object": both(Slotted, 1, 2),
    "an object that refuses": both(Refusing, 1, 2),
    "a class": both(fresh_class, 1, 2),
    "a class of another file": (fresh_class(), fresh_class(module="elsewhere")),
    "an enum": both(fresh_enum, "red", "blue"),
    "a member": (fresh_enum("red").RED, fresh_enum("blue").RED),
    "a set of members": ({fresh_enum("red").RED}, {fresh_enum("blue").RED}),
    "an option": (StringField(max_length=5), StringField(max_length=6)),
    "an option more": (StringField(), StringField(help_text="x")),
    "a kind of field": (StringField(), IntField()),
    "a nested option": (ListField(ListField(IntField())), ListField(ListField(IntField(min_value=1)))),
    "a target": (ReferenceField("A"), ReferenceField("B")),
    "a built-in function": (len, sum),
    "a decimal's digits": (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
    "a moment's zone": (NOON, NOON.astimezone(dt.timezone(dt.timedelta(hours=1)))),
    "another module's globals": (fresh_globals("models"), fresh_globals("elsewhere")),
    "a moment that comes twice": (TWICE, TWICE.replace(fold=1)),
}  # fmt: skip


@pytest.mark.parametrize("pair", SAME_VALUE.values(), ids=SAME_VALUE)
def test_a_value_made_again_is_the_same(pair: tuple[Any, Any]) -> None:
    assert same(*pair)
    assert same(*reversed(pair))


@pytest.mark.parametrize("pair", OTHER_VALUE.values(), ids=OTHER_VALUE)
def test_another_value_is_another(pair: tuple[Any, Any]) -> None:
    assert not same(*pair)
    assert not same(*reversed(pair))


def test_a_modules_globals_are_not_copied() -> None:
    copies: Copies = {}
    own = {"a": [1]}
    keep(closing_over(globals()), copies)
    keep(closing_over(own), copies)

    assert copies[id(own)][1] == own
    assert id(globals()) not in copies


def test_cycles_are_followed_once() -> None:
    def ring(end: int) -> Any:
        one, other = Settings(None), Settings(None)
        one.value, other.value = [other, end], one
        return one

    assert same(ring(1), ring(1))
    assert not same(ring(1), ring(2))


def test_an_answer_is_not_forgotten_when_it_was_no() -> None:
    equality = Equality(frozenset(), {}, {})
    old, new = Settings(1), Settings(2)

    assert [equality.same(old, new), equality.same(old, new)] == [False, False]
