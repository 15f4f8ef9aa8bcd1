"""Which calls in class bodies are fields, and which models they name."""

from collections.abc import Iterator
from typing import NamedTuple

from modelguard.lint.facts import Expression
from modelguard.lint.models import Classes, Model
from modelguard.lint.symbols import Symbol

SELF = "self"
# Mongoengine's fields whose first argument names a model.
_NAMING = {
    "ReferenceField": "document_type",
    "CachedReferenceField": "document_type",
    "LazyReferenceField": "document_type",
    "EmbeddedDocumentField": "document_type",
    "EmbeddedDocumentListField": "document_type",
}
_GENERIC = frozenset({"GenericReferenceField", "GenericLazyReferenceField", "GenericEmbeddedDocumentField"})


class Reference(NamedTuple):
    """A model that a field names by a text.

    Attributes:
        owner: the class whose body has the field.
        field: its name.
        name: the registry name asked for.
        line: of the call that asks.
        column: from 0.
    """

    owner: Model
    field: str
    name: str
    line: int
    column: int


class Fields:
    """Reads the fields of classes."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes

    def has_any(self, model: Model) -> bool:
        """Whether the body of a class has a field of mongoengine, or of a kind derived from one."""
        return any(self._kind(model, field.call) for field in model.fact.fields)

    def references(self, model: Model) -> Iterator[Reference]:
        """The models that the fields in a class body name by text, lists and maps included."""
        for field in model.fact.fields:
            for name, line, column in self._named(model, field.call):
                yield Reference(model, field.name, name, line, column)

    def _named(self, model: Model, call: Expression) -> Iterator[tuple[str, int, int]]:
        kind = self._kind(model, call)
        if kind is None:
            return
        _, _, positional, keywords, line, column = call
        asked = [keywords["references"]] if "references" in keywords else []
        if kind in _NAMING:
            asked += [keywords.get(_NAMING[kind]) or (positional or [["other"]])[0]]
        elif kind in _GENERIC and "choices" in keywords:
            asked.append(keywords["choices"])
        for expression in asked:
            yield from ((name, line, column) for name in self._texts(model, expression))
        for inner in (*positional[:1], keywords.get("field", ["other"])):
            if inner[0] == "call":
                yield from self._named(model, inner)

    def _texts(self, model: Model, expression: Expression) -> Iterator[str]:
        """The texts in an expression, in a list, or in the list that a name is bound to; "self" apart."""
        symbols, module, scope = self._classes.symbols, model.module, model.fact.inner
        source = symbols.single(module, scope, expression)
        if source is not None and source.module is not None and source.value is not None:
            module, scope, expression = source.module, "", source.value
        listed = expression[1] if expression[0] == "many" else [expression]
        for each in listed:
            text = symbols.text(module, scope, each)
            if text is not None and text != SELF:
                yield text

    def _kind(self, model: Model, call: Expression) -> str | None:
        """The name of mongoengine's field that a call makes, or that its class derives from; None for other calls."""
        if call[0] != "call" or not call[1]:
            return None
        symbol = self._classes.symbols.meaning(model.module, model.fact.inner, call[1])
        return None if symbol is None else self._library_field(symbol)

    def _library_field(self, symbol: Symbol) -> str | None:
        if symbol.kind == "outside":
            last = symbol.name.rpartition(".")[2]
            return last if symbol.name.startswith("mongoengine.") and last.endswith("Field") else None
        linked = self._classes.of(symbol) if symbol.kind == "class" else None
        if linked is None:
            return None
        for each in (linked, *linked.ancestors):
            for _, base in each.bases:
                found = self._library_field(base) if base is not None and base.kind == "outside" else None
                if found:
                    # A field with arguments of its own: what they mean is its own affair.
                    own = any(one.fact.has_init for one in (linked, *linked.ancestors))
                    return "Field" if own and found in _NAMING else found
        return None
