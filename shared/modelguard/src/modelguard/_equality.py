"""Whether a value that a class body evaluated means the same as when it ran before.

Running a body again makes new functions, fields, enums and mixins, so identity says nothing. Equal are:

- plain values, by type and content (a text made of the module's name means that name);
- functions, by code, defaults, attributes and what they close over (module globals are read when they run,
  so they belong to the module, not to the definition);
- containers, in the state in which the body left them; a dict without its order and an `OrderedDict` with it, as
  Python's own `==` has it;
- decimals with their digits, moments with their zone, though `==` finds `1.0` and `1.00` equal, and noon in two zones;
- fields and other objects, by class and by their readable state, or by their own `==`;
- classes, by identity, or by qualified name, file and content (a re-executed enum, mixin or query set class);
- mongoengine models, by identity: a guarded one that ran again is the same object. Another object of its name is the
  same only while the registry holds the earlier one: then it is the later run that holds a class which was dropped;
- variables of a decorator that its functions assign (`nonlocal`), not at all: they count what happened since;
- opaque objects (no `==` of their own, no readable state), by what pickle would write of them, such as the key of a
  time zone; those that have not even that (locks, sentinels, iterators), by class alone.
"""

import datetime as dt
import functools
import struct
from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping
from decimal import Decimal
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GenericAlias,
    MethodType,
    ModuleType,
    UnionType,
)
from typing import Any

from modelguard._code import PLACE, is_rebound, same_code
from modelguard._copies import Copies, cell_contents, is_namespace
from modelguard._fields import Declared, state_of
from modelguard._mongoengine import SELF, BaseField, is_model, registry
from modelguard._readable import claims_equal, pickled_parts, readable_state
from modelguard._site import real_file
from modelguard._values import (
    IN_C,
    by_attributes,
    by_repr,
    same_code_value,
    same_default,
    same_moment,
    same_number,
    same_ordered,
    same_queue,
    same_text,
)

_ATOMS = frozenset({type(None), bool, int, str, bytes, complex, type(Ellipsis), type(NotImplemented)})

# A field's state that registration writes, or that only says when the field was made.
_FIELD_BOOKKEEPING = frozenset({"creation_counter", "auto_creation_counter", "_owner_document", "name"})

# What Python writes into a class's namespace besides what the body says.
CLASS_BOOKKEEPING = PLACE | {
    "__module__",
    "__qualname__",
    "__dict__",
    "__weakref__",
    "__classcell__",
    "__classdictcell__",
    "__classdict__",
    "__annotate__",
    "__annotate_func__",
    "__annotations_cache__",
    "__conditional_annotations__",
    "__abstractmethods__",
    "_abc_impl",
}


class Equality:
    """Compares values of an earlier run of one module with those of a later one.

    Args:
        modules: the names under which the module that holds the definition was run: they mean the same.
        declared: the state of the earlier fields before registration.
        copies: the earlier containers before the program used them.

    Attributes:
        replaced: names of models that the earlier values hold, and that belong to other classes now.
    """

    def __init__(self, modules: frozenset[str], declared: Declared, copies: Copies) -> None:
        self._modules = modules
        self._declared = declared
        self._copies = copies
        # By identity; the values are kept so that no id is used twice.
        self._known: dict[tuple[int, int], tuple[bool, Any, Any]] = {}
        self.replaced: list[str] = []

    def same(self, old: Any, new: Any) -> bool:
        """Whether both mean the same; cycles count as the same while they are followed."""
        if old is new:
            return True
        if type(old) is type(new) and type(old) in _ATOMS:
            return bool(old == new) or (isinstance(old, str) and self._own(old) == self._own(new))
        pair = (id(old), id(new))
        if pair not in self._known:
            self._known[pair] = (True, old, new)
            self._known[pair] = (self._compare(old, new), old, new)
        return self._known[pair][0]

    def _own(self, text: str) -> str:
        """A text that starts with the module's name, as those of loggers do, without it."""
        for module in self._modules:
            if text == module or text.startswith(f"{module}."):
                return f"__name__{text[len(module) :]}"
        return text

    def _compare(self, old: Any, new: Any) -> bool:
        if isinstance(old, type) and isinstance(new, type):
            return self._same_class(old, new)
        if not self.same(type(old), type(new)):
            return False
        if isinstance(old, BaseField):
            return not self.altered_options(old, new)
        before = self._copies[id(old)][1] if id(old) in self._copies else old
        for kind, comparison in _COMPARISONS:
            if isinstance(old, kind):
                return bool(comparison(self, before, new))
        return self._same_object(old, new)

    def altered_options(self, old: Any, new: Any) -> list[str]:
        """Names of the options in which two fields of one class differ."""
        before, after = self.options(old), self.options(new)
        names = [*before, *(name for name in after if name not in before)]
        return [name for name in names if not self._same_option(name, before, after)]

    def options(self, field: Any) -> dict[str, Any]:
        """A field's state as declared, without what registration wrote into it."""
        found = {key: value for key, value in state_of(field, self._declared).items() if key not in _FIELD_BOOKKEEPING}
        found["db_field"] = found.get("db_field") or vars(field).get("name")
        return found

    def _same_option(self, name: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
        if name not in before or name not in after:
            return False
        old, new = before[name], after[name]
        if name == "db_field" and (old is None or new is None):
            return True  # a field that registration has not named yet
        if name == "document_type_obj" and isinstance(old, str) != isinstance(new, str):
            return _names(old, new)
        return self.same(old, new)

    def _same_class(self, old: type, new: type) -> bool:
        if is_model(old) or is_model(new):
            return self._same_model(old, new)
        return (
            self._same_name(old, new)
            and self.same(old.__bases__, new.__bases__)
            and self._same_namespace(vars(old), vars(new))
        )

    def _same_name(self, old: type, new: type) -> bool:
        return old.__qualname__ == new.__qualname__ and self._same_module(old.__module__, new.__module__)

    def _same_model(self, old: Any, new: Any) -> bool:
        """Of two objects: the class in use stays right only if what it holds is the registered one."""
        name: str | None = getattr(old, "_class_name", None)
        if name is None or name != getattr(new, "_class_name", None):  # a library's base has none
            return False
        held: Any = registry().get(name)
        if held is not old:
            self.replaced.append(name)
            return False
        return self._same_name(old, new)

    def _same_namespace(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        before = {key: value for key, value in old.items() if key not in CLASS_BOOKKEEPING}
        after = {key: value for key, value in new.items() if key not in CLASS_BOOKKEEPING}
        return self._same_mapping(before, after)

    def _same_module(self, old: str, new: str) -> bool:
        if old == new or {old, new} <= self._modules:
            return True
        file = real_file(old)
        return file is not None and file == real_file(new)

    def _same_mapping(self, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> bool:
        if is_namespace(old) and is_namespace(new):
            return self._same_module(old["__name__"], new["__name__"])
        if len(old) != len(new):
            return False
        if all(key in new for key in old):
            return all(self.same(value, new[key]) for key, value in old.items())
        return self._same_members([*old.items()], [*new.items()])  # keys made anew, like members of an enum

    def _same_sequence(self, old: Any, new: Any) -> bool:
        return len(old) == len(new) and all(map(self.same, old, new))

    def _same_set(self, old: Any, new: Any) -> bool:
        return len(old) == len(new) and (old == new or self._same_members([*old], [*new]))

    def _same_members(self, old: list[Any], new: list[Any]) -> bool:
        left = list(new)
        for one in old:
            match = next((index for index, other in enumerate(left) if self._twin(one, other)), None)
            if match is None:
                return False
            del left[match]
        return True

    def _twin(self, old: Any, new: Any) -> bool:
        """Compare without leaving answers behind: most pairs tried are not meant to match."""
        twin = Equality(self._modules, self._declared, self._copies)
        twin.replaced = self.replaced
        return twin.same(old, new)

    def _same_function(self, old: FunctionType, new: FunctionType) -> bool:
        return (
            same_code(old.__code__, new.__code__)
            and self.same(old.__defaults__, new.__defaults__)
            and self.same(old.__kwdefaults__, new.__kwdefaults__)
            and self._same_closure(old, new)
            and self._same_mapping(self._attributes_of(old), vars(new))
        )

    def _attributes_of(self, old: Any) -> dict[str, Any]:
        """As the body left them, if the record has that; the program may have written some since."""
        known = self._declared.get(id(old))
        return known[1] if known is not None else getattr(old, "__dict__", {})

    def _same_closure(self, old: FunctionType, new: FunctionType) -> bool:
        names = old.__code__.co_freevars
        pairs = zip(names, old.__closure__ or (), new.__closure__ or (), strict=True)
        return all(
            name == "__class__" or self.same(before, after) or is_rebound(old.__code__, name)
            for name, before, after in pairs
        )

    def _same_cell(self, old: CellType, new: CellType) -> bool:
        return self.same(cell_contents(old), cell_contents(new))

    def _same_object(self, old: Any, new: Any) -> bool:
        if claims_equal(old, new):
            return True
        before, after = readable_state(old, self._attributes_of(old)), readable_state(new, getattr(new, "__dict__", {}))
        if before or after:
            return self._same_mapping(before, after)
        parts = pickled_parts(old), pickled_parts(new)
        if None not in parts:
            return self.same(*parts)
        return "__eq__" not in _overridden(type(old))


def _names(old: Any, new: Any) -> bool:
    """Whether a name and a class, in either order, are a reference before and after its resolution."""
    name, model = (old, new) if isinstance(old, str) else (new, old)
    known = getattr(model, "_class_name", "")
    return name in (SELF, known) or known.endswith(f".{name.rpartition('.')[2]}")


def _overridden(kind: type) -> set[str]:
    return {name for each in kind.__mro__ if each is not object for name in vars(each)}


# In this order; the first kind that matches decides.
_COMPARISONS: tuple[tuple[Any, Any], ...] = (
    ((float, Decimal), by_repr),  # nan equals itself here, and -0.0 is not 0.0
    ((dt.datetime, dt.time), same_moment),
    (struct.Struct, by_attributes("format")),
    (str, same_text),
    ((int, bytes, complex), same_number),
    (defaultdict, same_default),
    (deque, same_queue),
    (OrderedDict, same_ordered),
    (Mapping, Equality._same_mapping),  # noqa: SLF001 - this module's own
    ((list, tuple), Equality._same_sequence),  # noqa: SLF001 - this module's own
    ((set, frozenset), Equality._same_set),  # noqa: SLF001 - this module's own
    (FunctionType, Equality._same_function),  # noqa: SLF001 - this module's own
    ((classmethod, staticmethod), by_attributes("__func__")),
    (property, by_attributes("fget", "fset", "fdel", "__doc__")),
    (functools.partial, by_attributes("func", "args", "keywords", "__dict__")),
    (MethodType, by_attributes("__func__", "__self__")),
    (functools._lru_cache_wrapper, by_attributes("__wrapped__")),  # noqa: SLF001 - the type has no public name
    (BuiltinFunctionType, by_attributes("__name__", "__self__")),
    (functools.singledispatchmethod, by_attributes("func")),  # others may register with it
    (IN_C, by_attributes("__name__", "__objclass__")),
    (GenericAlias, by_attributes("__origin__", "__args__")),
    (UnionType, by_attributes("__args__")),
    (ModuleType, by_attributes("__name__")),
    (CodeType, same_code_value),
    (CellType, Equality._same_cell),  # noqa: SLF001 - this module's own
)
