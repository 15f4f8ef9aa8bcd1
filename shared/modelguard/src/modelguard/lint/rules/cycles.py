"""MG14: model modules that import each other."""

from collections.abc import Iterator, Mapping

from modelguard.lint.facts import Import
from modelguard.lint.finding import Finding
from modelguard.lint.import_statements import Advice
from modelguard.lint.index import Index
from modelguard.lint.modules import Module
from modelguard.lint.rule import Rule

_CODE = "MG14"
Graph = Mapping[Module, Mapping[Module, Import]]


def _find(index: Index) -> Iterator[Finding]:
    graph = _graph(index)
    advice = Advice(index)
    seen: set[Module] = set()
    for start in graph:
        if start in seen:
            continue
        way = _way_back(graph, start)
        if way:
            seen.update(way)
            yield _finding(advice, graph, way)


def _graph(index: Index) -> Graph:
    """Model modules, and the imports between them that run while they are imported."""
    found: dict[Module, dict[Module, Import]] = {}
    for module in index.modules:
        if not index.model_module(module) or not index.settings.looks_at(_CODE, module.path):
            continue
        edges = found.setdefault(module, {})
        for each in module.facts.imports:
            if "f" not in each.nesting and not each.typing:
                target = index.brings(module, each)
                if target is not None and target is not module and index.model_module(target):
                    edges.setdefault(target, each)
    return found


def _way_back(graph: Graph, start: Module) -> list[Module]:
    """The shortest way from a module back to itself; empty if there is none."""
    before: dict[Module, Module] = {}
    waiting = [start]
    while waiting:
        reached: list[Module] = []
        for module in waiting:
            for target in graph.get(module, ()):
                if target is start:
                    return _traced(before, module, start)
                if target not in before:
                    before[target] = module
                    reached.append(target)
        waiting = reached
    return []


def _traced(before: Mapping[Module, Module], last: Module, start: Module) -> list[Module]:
    way = [last]
    while way[-1] is not start:
        way.append(before[way[-1]])
    return way[::-1]


def _finding(advice: Advice, graph: Graph, way: list[Module]) -> Finding:
    names = " -> ".join(module.name for module in (*way, way[0]))
    module, target = _step_to_undo(way)
    each = graph[module][target]
    message = f"model modules import each other: {names}; whoever comes first finds the other half-imported"
    fix = advice.without_circle(module, each, target)
    return Finding(module.path, each.line, each.column + 1, _CODE, names, message, fix)


def _step_to_undo(way: list[Module]) -> tuple[Module, Module]:
    """The import of a package by one of its own modules, if there is one: the package needs the other."""
    steps = list(zip(way, [*way[1:], way[0]], strict=True))
    return next((step for step in steps if step[0].spot.startswith(f"{step[1].spot}/")), steps[0])


RULE = Rule(
    _CODE,
    "An import cycle among model modules.",
    "Which of them is imported first decides whether the import works. Where it fails half-way, it is tried again, and "
    "what had been defined until then is defined a second time.",
    'Refer to one of the two models by its name, as a string, and look it up in methods: modelguard.require("User"). '
    "Inside a package of models import from the file that defines the model, not from the package.",
    """
# shop/models/__init__.py
from shop.models.role import Role
from shop.models.user import User

__all__ = ["Role", "User"]
# shop/models/role.py
from mongoengine import ListField, ReferenceField
from modelguard import Document
from shop.models.user import User


class Role(Document):
    holders = ListField(ReferenceField(User))


# shop/models/user.py
from mongoengine import ReferenceField
from modelguard import Document
from shop.models.role import Role


class User(Document):
    role = ReferenceField(Role)
""",
    """
# shop/models/__init__.py
from shop.models.role import Role
from shop.models.user import User

__all__ = ["Role", "User"]
# shop/models/role.py
from mongoengine import ListField, ReferenceField
from modelguard import Document


class Role(Document):
    holders = ListField(ReferenceField("User"))


# shop/models/user.py
from mongoengine import ReferenceField
from modelguard import Document
from shop.models.role import Role


class User(Document):
    role = ReferenceField(Role)
""",
    _find,
)
