"""What a class body may hold and still be the same definition when it runs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

SUPER = """
class Model(Document):
    name = StringField()
    def clean(self):
        super().clean()
        self.name = "clean"
    @classmethod
    def _get_collection_name(cls):
        return super()._get_collection_name() + "_v1"
    @property
    def key(self):
        return __class__.__name__, super().pk
"""
HOOK = """
SEEN = []
class Parent(Document):
    meta = {"allow_inheritance": True}
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        SEEN.append(cls.__name__)
class Model(Parent):
    pass
"""
MEMBERS = """
import functools, uuid, datetime

def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

class Remembered:
    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function = function
    def __get__(self, instance, owner):
        return self.function.__get__(instance, owner)

class Model(Document):
    '''A model with everything.'''
    LIMIT = 3
    id = StringField(primary_key=True, default=lambda: str(uuid.uuid4()))
    at = DateTimeField(default=datetime.datetime.now)
    marks = ListField(IntField(), default=lambda: [1, 2])
    numbers = DictField(default=dict)
    even = IntField(default=0, validation=lambda value: None)
    @property
    def total(self): return sum(self.marks)
    @total.setter
    def total(self, value): self.marks = [value]
    @classmethod
    def make(cls, **kwargs): return cls(**kwargs)
    @staticmethod
    def double(value, *, by=2): return value * by
    @queryset_manager
    def recent(doc_cls, queryset): return queryset.order_by("-at")
    @traced
    def halve(self, factor=0.5): return self.total * factor
    @functools.cached_property
    def slow(self): return [item for item in self.marks if item]
    @Remembered
    def kept(self): return self.halve()
    @functools.lru_cache(maxsize=2)
    def cached(self): return 1
    part = functools.partialmethod(halve, factor=2)
    def nested(self):
        def inner(): return (lambda: self.total)()
        return inner()
    meta = {"indexes": ["at", ("at", "-even"), {"fields": ["even"], "sparse": True}], "ordering": ["-at"]}
"""
ENUM = """
import enum
class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"
class Model(Document):
    colour = EnumField(Colour, default=Colour.RED)
    others = ListField(EnumField(Colour), default=lambda: [Colour.BLUE])
"""
NESTED = """
class Part(EmbeddedDocument):
    size = IntField(choices=(1, 2))
    inner = EmbeddedDocumentField("self")
class Model(Document):
    part = EmbeddedDocumentField(Part)
    parts = EmbeddedDocumentListField(Part)
    by_name = MapField(EmbeddedDocumentField(Part))
    either = GenericEmbeddedDocumentField(choices=[Part])
    parent = ReferenceField("self", reverse_delete_rule=CASCADE)
    friends = ListField(LazyReferenceField("self"))
"""
MIXIN = """
import re
class Named:
    PATTERN = re.compile("a+")
    name = StringField(regex="a+")
    def __str__(self): return f"named {self.name}"
class Model(Named, Document):
    weight = DecimalField(min_value=0)
"""
SLOTS = """
class Model(Document):
    __hash__ = Document.__hash__
    def __eq__(self, other): return super().__eq__(other)
    x: int
    class Options:
        verbose = True
"""
GENERIC = """
from typing import Annotated, Callable, ClassVar, Generic, Literal, Optional, TypeVar, Union
T = TypeVar("T")
class Model(Document, Generic[T]):
    x: ClassVar[Optional[T]] = None
    y: Annotated[int, "a"] = 1
    z: Literal["a"] | None = None
    f: Callable[[T], Union[int, str]]
    name = StringField()
"""
NAMED = """
import logging
class Model(Document):
    log = logging.getLogger(__name__)
    audit = logging.getLogger(f"{__name__}.Model")
    label = __name__
"""
VALUES = """
import collections, dataclasses, datetime, decimal, enum, itertools, operator, pathlib, random, re, threading, types, uuid
Pair = collections.namedtuple("Pair", "a b")
@dataclasses.dataclass
class Data:
    x: int = 1
    y: list = dataclasses.field(default_factory=list)
class Flags(enum.Flag):
    A = 1
    B = 2
class Text(str, enum.Enum):
    A = "a"
class Slots:
    __slots__ = ("a",)
    def __init__(self): self.a = 1
class Model(Document):
    span = datetime.timedelta(1); when = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    amount = decimal.Decimal("1.0"); path = pathlib.Path("x"); key = uuid.UUID(int=3); nan = float("nan")
    pair = Pair(1, 2); data = Data(); flags = Flags.A | Flags.B; text = Text.A; slots = Slots()
    space = types.SimpleNamespace(a=1); view = types.MappingProxyType({"a": 1}); lists = collections.defaultdict(list)
    getter = operator.itemgetter(1); lock = threading.Lock(); opaque = object(); count = itertools.count()
    dice = random.Random(3); span_of = slice(1, 2); some = frozenset({1}); chain = collections.ChainMap({"a": 1})
    kind = Data; module = re; builtin = len; bound = "x".upper; generator = (x for x in ())
    state = EnumField(Text, default=Text.A); match = StringField(regex=re.compile("x", re.I))
    at = DateTimeField(default=lambda: datetime.datetime.now(datetime.timezone.utc))
    price = DecimalField(default=decimal.Decimal("1"), precision=3); place = PointField(); number = SequenceField()
    file = FileField(); uid = UUIDField(default=uuid.uuid4, binary=False); any = DynamicField(); url = URLField()
    @functools.singledispatchmethod
    def on(self, x): return x
    @on.register
    def _(self, x: int): return x
    async def task(self): return 1
    class Inner:
        z = 1
        def q(self): return super().__init__
    for _i in range(3): pass
"""
BODIES = {
    "generic": GENERIC,
    "named": NAMED,
    "values": f"import functools\n{VALUES}",
    "members": MEMBERS,
    "enum": ENUM,
    "nested": NESTED,
    "mixin": MIXIN,
    "slots": SLOTS,
    "super": SUPER,
    "hook": HOOK,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_running_the_body_again_is_no_change(guarded: Project, body: str) -> None:
    module = guarded.module("models", body)
    model = module.Model

    assert guarded.again(module).Model is model
    assert guarded.reload(module).Model is model
    assert guarded.again(module).Model is model


def test_zero_argument_super_works_before_and_after(guarded: Project) -> None:
    module = guarded.module("models", SUPER)
    again = guarded.again(module)

    for model in (module.Model, again.Model):
        instance = model(name="dirty")
        instance.validate()
        assert instance.name == "clean"
        assert model._get_collection_name() == "model_v1"
        assert instance.key == ("Model", None)


def test_a_method_of_the_thrown_away_body_still_finds_its_class(guarded: Project) -> None:
    """The second body's functions close over a cell that only a finished class fills."""
    source = f"{SUPER}\n    KEPT.append(key.fget)\n"
    module = guarded.module("models", f"import builtins\nKEPT = []\n{source}")
    again = guarded.again(module)

    assert again.KEPT[0](again.Model(name="x")) == ("Model", None)


def test_a_subclass_hook_runs_once_per_class(guarded: Project) -> None:
    module = guarded.module("models", HOOK)
    again = guarded.again(module)

    assert module.SEEN == ["Model"]
    assert again.SEEN == []


def test_the_kept_class_works_with_its_own_enum(guarded: Project) -> None:
    module = guarded.module("models", ENUM)
    guarded.again(module)

    module.Model(colour=module.Colour.BLUE).validate()
    module.Model(colour="red", others=["blue"]).validate()


def test_defaults_still_make_a_new_value_each_time(guarded: Project) -> None:
    model: Any = guarded.again(guarded.module("models", MEMBERS)).Model
    first, second = model(), model()

    assert first.id != second.id
    assert first.marks is not second.marks
    assert first.halve() == 1.5
    assert first.nested() == 3
    assert model.double(2) == 4


def test_every_kind_of_class_may_use_zero_argument_super(guarded: Project, source: str) -> None:
    module = guarded.module(
        "models", f"{source}\n    def clean(self):\n        super().clean()\n        return __class__\n"
    )
    again = guarded.again(module).Model

    assert again is module.Model
    assert again.clean.__closure__[0].cell_contents is again
