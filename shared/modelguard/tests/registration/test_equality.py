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
    "default argument": ("    def f(self, a=[]): return a\n", "model.f(None).append(1)"),
    "keyword default": ("    def f(self, *, a={}): return a\n", "model.f(None)['x'] = 1"),
    "default of a default": ("    other = StringField(default=growing)\n", "model.other.default()"),
    "default of a field": ("    other = ListField(default=['a'])\n", "model.other.default.append('b')"),
    "default in a property": ("    f = property(lambda self, a=[]: a)\n", "model.f.fget(None).append(1)"),
    "default in a class method": ("    @classmethod\n    def f(cls, a=[]): return a\n", "model.f().append(1)"),
    "default in a partial": ("    f = functools.partial(growing, b=[])\n", "model.f()"),
    "memory of a decorator": ("    @remembering\n    def f(self): pass\n", "model.f(None)"),
    "memory in globals()": ("    @counted_in_module\n    def f(self): pass\n", "model.f(None); model.f(None)"),
    "globals() as a default": ("    def f(self, a=globals()): a['calls'] = 1\n", "model.f(None)"),
    "memory of a property": ("    @property\n    @remembering\n    def f(self): pass\n", "model.f.fget(None)"),
    "memory of a validator": ("    other = StringField(validation=remembering(len))\n", "model.other.validation('x')"),
    "cache of an inner class": ("    class Inner:\n        cache = {}\n", "model.Inner.cache['a'] = 1"),
    "cache of a mixin": ("", "model.shared_cache['a'] = 1"),
    "default in a mixin": ("", "model.growing()"),
    "container in itself": ("    ring = []\n    ring.append(ring)\n", "model.ring.append(1)"),
    "register of a custom field": ("    other = Register()\n", "model.other.registered['a'] = int"),
    "register inside a list": ("    other = ListField(Register())\n", "model.other.field.registered['a'] = int"),
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
def counted_in_module(function):
    space = globals()
    def wrapper(*args):
        space["calls"] = space.get("calls", 0) + 1
        space.setdefault("seen", []).append(args)
    return wrapper
def remembering(function):
    known = {}
    @functools.wraps(function)
    def wrapper(*args):
        return known.setdefault(args, function(*args))
    return wrapper
def growing(a=[], b=None):
    a.append(1)
    if b is not None:
        b.append(1)
    return a
class Register(DictField):
    def __init__(self):
        self.registered = {}
        super().__init__()
class Mixin:
    shared_cache = {}
    @staticmethod
    def growing(a=[]):
        a.append(1)
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
    "closed-over container": ("multiply([2])", "multiply([3])"),
    "packed layout": ("struct.Struct('<i')", "struct.Struct('>i')"),
    "digits of a decimal": ("decimal.Decimal('1.0')", "decimal.Decimal('1.00')"),
    "zone of a moment": (
        "datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)",
        "datetime.datetime(2026, 1, 1, 13, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))",
    ),
    "zone of a time": (
        "datetime.time(12, tzinfo=datetime.UTC)",
        "datetime.time(13, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))",
    ),
    "order of an ordered dict": ("collections.OrderedDict(a=1, b=2)", "collections.OrderedDict(b=2, a=1)"),
}
IMPORTS = """
import collections, datetime, decimal, enum, functools, itertools, operator, random, re, struct, threading, zoneinfo
class Text(str): pass
class Number(int): pass
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
def multiply(by):
    return lambda self: by
"""
# A module value, and another one that counts as the same: the README says so.
TAKEN_AS_ONE = {
    "order of a dict": ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
    "position of a counter": ("itertools.count(1)", "itertools.count(5)"),
    "iterator": ("iter([1])", "iter([2])"),
    "seed": ("random.Random(1)", "random.Random(2)"),
    "lock": ("threading.Lock()", "threading.Lock()"),
}
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
    module = guarded.module("models", f"{TOOLS}\nclass Model(Mixin, Document):\n    name = StringField()\n{body}")
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


@pytest.mark.parametrize(("first", "second"), TAKEN_AS_ONE.values(), ids=TAKEN_AS_ONE)
def test_values_that_nobody_can_tell_apart_are_no_edit(guarded: Project, first: str, second: str) -> None:
    text = f"{IMPORTS}VALUE = {{}}\nclass Model(Document):\n    value = VALUE\n"
    module = guarded.module("models", text.format(first))
    model: Any = module.Model

    guarded.write("models.py", text.format(second))
    assert guarded.reload(module).Model is model


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
