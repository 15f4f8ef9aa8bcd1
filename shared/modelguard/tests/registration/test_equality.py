"""Neither what a program does to its classes after the body ran, nor an import under another name, is an edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from modelguard import ModelChangedError

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

# Body, and what the program does to the class later.
RAN_ON = {
    "dict": ("    cache = {}\n", "model.cache['a'] = model"),
    "list": ("    plugins = []\n", "model.plugins.append(1)"),
    "set": ("    seen = set()\n", "model.seen.add(1)"),
    "default dict": ("    cache = collections.defaultdict(list)\n", "model.cache['a'].append(1)"),
    "queue": ("    recent = collections.deque(maxlen=3)\n", "model.recent.append(1)"),
    "ordered dict": ("    cache = collections.OrderedDict()\n", "model.cache['a'] = 1"),
    "function attribute": ("    def f(self): pass\n    f.calls = 0\n", "model.f.calls += 1"),
    "new function attribute": ("    def f(self): pass\n    f.calls = 0\n", "model.f.label = 'x'"),
    "closure": ("    @counted\n    def f(self): pass\n", "model.f(None)"),
    "decorator object": ("    f = Counting(len)\n", "model.f.calls += 1; model.f.seen.append(1)"),
    "single dispatch": (
        "    @functools.singledispatchmethod\n    def f(self, x): pass\n",
        "vars(model)['f'].register(int, print)",
    ),
    "counter": ("    ids = itertools.count()\n", "next(model.ids)"),
    "dice": ("    dice = random.Random(1)\n", "model.dice.random()"),
    "meta": ("    meta = {'indexes': ['name'], 'extra': {}}\n", "model._meta['extra']['a'] = 1"),
    "option of a field": ("    other = StringField()\n", "model.other.max_length = 3"),
    "choices of a field": ("    other = StringField(choices=['a'])\n", "model.other.choices.append('b')"),
}
TOOLS = """
import collections, functools, itertools, random
class Counting:
    def __init__(self, function):
        self.calls, self.seen, self.function = 0, [], function
def counted(function):
    calls = 0
    def wrapper(*args):
        nonlocal calls
        calls += 1
    return wrapper
"""
# A module value, another one, and a body that uses it: only the value changes, not the body.
VALUES = {
    "time zone": ("zoneinfo.ZoneInfo('Europe/Lisbon')", "zoneinfo.ZoneInfo('Europe/Paris')"),
    "getter": ("operator.itemgetter('a')", "operator.itemgetter('b')"),
    "method": ("str.upper", "str.lower"),
    "caller": ("operator.methodcaller('a')", "operator.methodcaller('b')"),
    "default factory": ("collections.defaultdict(list)", "collections.defaultdict(set)"),
    "queue length": ("collections.deque(maxlen=1)", "collections.deque(maxlen=2)"),
    "text": ("Text('a')", "Text('b')"),
    "number": ("Number(1)", "Number(2)"),
    "decimal context": ("decimal.Context(prec=3)", "decimal.Context(prec=4)"),
    "partial": ("functools.partial(int, base=2)", "functools.partial(int, base=3)"),
    "pattern": ("re.compile('a')", "re.compile('b')"),
    "member": ("Colour.RED", "Colour.BLUE"),
    "container": ("{'a': [1]}", "{'a': [2]}"),
    "closure": ("multiply(2)", "multiply(3)"),
}
IMPORTS = """
import collections, decimal, enum, functools, operator, re, zoneinfo
class Text(str): pass
class Number(int): pass
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
def multiply(by):
    return lambda self: by
"""
ANNOTATED = """
import enum
class Kind(enum.Enum):
    A = 1
class Model(Document):
    kind: Kind | None = StringField()
    kinds: dict[Kind, list[Kind | int]] | None
"""


@pytest.mark.parametrize(("body", "then"), RAN_ON.values(), ids=RAN_ON)
def test_what_the_program_did_since_is_no_edit(guarded: Project, body: str, then: str) -> None:
    module = guarded.module("models", f"{TOOLS}\nclass Model(Document):\n    name = StringField()\n{body}")
    model: Any = module.Model
    exec(then, {"model": model})  # noqa: S102  # our own text

    assert guarded.reload(module).Model is model
    assert guarded.again(module).Model is model


@pytest.mark.parametrize("use", ["value = VALUE", "name = StringField(option=VALUE)", "def f(self, by=VALUE): pass"])
@pytest.mark.parametrize(("first", "second"), VALUES.values(), ids=VALUES)
def test_an_edited_value_is_an_edit_though_the_body_is_the_same(
    guarded: Project, first: str, second: str, use: str
) -> None:
    text = f"{IMPORTS}VALUE = {{}}\nclass Model(Document):\n    {use}\n"
    module = guarded.module("models", text.format(first))
    model: Any = module.Model
    assert guarded.again(module).Model is model

    guarded.write("models.py", text.format(second))
    with pytest.raises(ModelChangedError, match=r"value|name|f"):
        guarded.reload(module)


def test_annotations_with_a_union_are_no_edit(guarded: Project) -> None:
    module = guarded.module("models", ANNOTATED)
    model: Any = module.Model

    assert guarded.reload(module).Model is model
    assert guarded.again(module).Model is model


def test_another_union_is_an_edit(guarded: Project) -> None:
    module = guarded.module("models", ANNOTATED)
    guarded.write("models.py", ANNOTATED.replace("Kind | None", "Kind | str"))

    with pytest.raises(ModelChangedError, match="annotations"):
        guarded.reload(module)
