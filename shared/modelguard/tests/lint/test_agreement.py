"""What the linter reads is what the guard and check() say when the same project is imported."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from shared.modelguard.tests.conftest import Project, imports_restored, plain_registry_restored

import modelguard
from modelguard.lint.linting import lint

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ["User", "Users", "Role", "Tag", "Base"]
TARGETS = [*NAMES, "Base.User", "Base.Role", "Role.User", "Usre", "Site", "Base.Base.Tag"]
KINDS = ["Document", "DynamicDocument", "EmbeddedDocument", "DynamicEmbeddedDocument"]
FIELDS = [
    "ReferenceField({0!r})",
    "LazyReferenceField(document_type={0!r})",
    "ListField(ReferenceField({0!r}))",
    "MapField(ListField(StringField(references={0!r})))",
    "StringField(references=[{0!r}])",
    "GenericReferenceField(choices=[{0!r}])",
    "StringField(choices=[{0!r}])",
]
numbers = itertools.count()


class Written(NamedTuple):
    """One class of a generated project.

    Attributes:
        parent: the number of an earlier class that it derives from, if there is one; else its kind counts.
    """

    name: str
    kind: str
    parent: int | None
    abstract: bool
    mixin: bool
    fields: Sequence[tuple[str, str]]


classes = st.builds(
    Written,
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(KINDS),
    parent=st.none() | st.integers(0, 4),
    abstract=st.booleans(),
    mixin=st.booleans(),
    fields=st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(TARGETS)), max_size=3),
)


def write(project: Project, written: Sequence[Written]) -> list[str]:
    """One module per class; the first class of each family allows inheritance, as it must."""
    package = f"generated_{next(numbers)}"
    (project.root / package).mkdir()
    (project.root / package / "__init__.py").touch()
    mixin = "".join(f"    mixed{n} = {FIELDS[n].format(target)}\n" for n, target in enumerate(["User", "Nobody"]))
    project.write(f"{package}/mixins.py", f"class Mixed:\n{mixin}")
    heirs = [each.parent for each in written]
    for number, each in enumerate(written):
        parent = each.parent if each.parent is not None and each.parent < number else None
        lines = [f"from {package}.mixins import Mixed"]
        base = each.kind
        abstract = each.abstract
        if parent is not None:
            lines.append(f"from {package}.m{parent} import {written[parent].name} as Parent")
            base, abstract = "Parent", False  # an abstract class has no concrete base
        bases = f"Mixed, {base}" if each.mixin and parent is None else base
        meta = {"abstract": True} if abstract else {"allow_inheritance": True} if number in heirs else {}
        collection = {} if "Embedded" in each.kind or parent is not None else {"collection": f"c{number}"}
        lines += [f"class {each.name}({bases}):", f"    meta = {meta | collection}"]
        lines += [f"    f{n} = {text.format(target)}" for n, (text, target) in enumerate(each.fields)]
        project.write(f"{package}/m{number}.py", "\n".join(lines) + "\n")
    return [f"{package}.m{number}" for number in range(len(written))]


def imported(project: Project, modules: Sequence[str]) -> tuple[set[str], set[tuple[str, str]], set[str]]:
    """Names that the guard refused, and references that check() complains about."""
    refused: set[str] = set()
    failed: set[str] = set()
    for module in modules:
        try:
            project.load(module)
        except (modelguard.ModelConflictError, modelguard.ModelChangedError) as error:
            refused.add(error.model)
            failed.add(module)
    found = {
        (each.field, each.message.split("'")[1])
        for each in modelguard.problems()
        if each.code in {"missing-model", "inexact-name"}
    }
    return refused, found, failed


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written=st.lists(classes, min_size=1, max_size=5))
def test_names_and_references_are_judged_as_at_run_time(written: list[Written]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        plain_registry_restored(),
        modelguard.isolated(),
        imports_restored(Path(folder)),
    ):
        project = Project(Path(folder).resolve(), "modelguard")
        modules = write(project, written)
        read = lint([project.root], cached=False).findings
        refused, found, failed = imported(project, modules)

    assert {each.code for each in read} <= {"MG08", "MG09", "MG10"}  # abstract bases hand on their collection
    static_names = {each.message.split("'")[1] for each in read if each.code == "MG08"}
    event(f"conflicts: {len(refused)}")
    event(f"references: {len(found)}")
    assert refused <= static_names
    if not {f"m{each.parent}" for each in written} & {module.rpartition(".")[2] for module in failed}:
        assert static_names == refused  # else classes are missing whose base was refused
    if not failed:  # else classes are missing that a reader sees
        static = {
            (each.subject.rpartition(":")[0].rpartition(".")[2], each.subject.rpartition(":")[2])
            for each in read
            if each.code == "MG10"
        }
        assert static == found


@pytest.mark.parametrize(
    "text",
    [
        "class A(Document): pass\nclass A(Document): pass\n",
        "class A(Document): pass\nclass A(Document):\n    n = IntField()\n",
        "class A(Document): pass\nclass A(EmbeddedDocument): pass\n",
        "class A(Document):\n    class B(EmbeddedDocument): pass\nclass B(EmbeddedDocument): pass\n",
        "class M:\n    def a(self): pass\nclass A(M, Document): pass\nclass A(Document, M): pass\n",
        "class R(Document):\n    meta = {'abstract': True}\nclass S(R):\n    meta = {'allow_inheritance': True}\nclass A(S): pass\nclass A(R): pass\n",
        "class A(Document):\n    meta = {'allow_inheritance': True}\nclass B(Document):\n    meta = {'allow_inheritance': True}\nclass C(A): pass\nclass C(B): pass\n",
        "import os\nif os:\n    class A(Document): pass\nelse:\n    class A(Document):\n        n = IntField()\n",
    ],
)
def test_two_statements_in_one_file_are_judged_as_at_run_time(guarded: Project, text: str) -> None:
    guarded.write("twice.py", text)
    refused, _, _ = imported(guarded, ["twice"])

    read = {each.message.split("'")[1] for each in lint([guarded.root], cached=False).findings if each.code == "MG08"}
    assert read == {name.rpartition(".")[2] for name in refused}


COLLECTIONS = """
class A(Document):
    meta = {{{a}}}
class B(Document):
    meta = {{{b}}}
class C({c}):
    meta = {{{d}}}
"""
META = [
    "",
    "'collection': 'a'",
    "'collection': 'b'",
    "'allow_inheritance': True",
    "'abstract': True",
    "'db_alias': 'x'",
]


@pytest.mark.filterwarnings("ignore:Trying to set a collection:SyntaxWarning")
@pytest.mark.parametrize("c", ["A", "B", "Document"])
@pytest.mark.parametrize("a", META)
def test_collections_are_judged_as_at_run_time(guarded: Project, a: str, c: str) -> None:
    for b, d in itertools.product(META, META):
        guarded.write("kept.py", COLLECTIONS.format(a=a, b=b, c=c, d=d))
        with modelguard.isolated():
            try:
                guarded.load("kept")
            except ValueError:  # mongoengine refuses the inheritance
                continue
            finally:
                guarded.forget("kept")
            clash = {
                each.model.rpartition(".")[2] for each in modelguard.problems() if each.code == "shared-collection"
            }
        read = {
            each.subject.rpartition(".")[2]
            for each in lint([guarded.root], cached=False).findings
            if each.code == "MG09"
        }
        assert read == clash, (a, b, c, d)


SPELLINGS = [
    "",
    "'collection': 'c1'",
    "'collection': COLLECTION",
    "'collection': values.COLLECTION",
    "'collection': f'c{1}'",
    "'collection': f'{COLLECTION}'",
    "'collection': 'c' + '1'",
    "'collection': None",
    "**SAME",
    "**values.SAME",
    "'collection': 'c1', **OTHER",
    "**SAME, **OTHER",
    "**OTHER, 'collection': 'c1'",
    "**ELSEWHERE",
    "**SAME, **ELSEWHERE",
    "'collection': 'model0'",
]
VALUES = "COLLECTION = 'c1'\nSAME = {'collection': COLLECTION}\nOTHER = dict(SAME, collection='c2')\nELSEWHERE = {'db_alias': 'x'}\n"


class Kept(NamedTuple):
    """One document of a generated project, whose name no other has."""

    spelling: str
    parent: int | None
    abstract: bool


kept = st.builds(
    Kept, spelling=st.sampled_from(SPELLINGS), parent=st.none() | st.integers(0, 4), abstract=st.booleans()
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents=st.lists(kept, min_size=2, max_size=6))
@example(
    documents=[Kept("'collection': None", None, abstract=False), Kept("'collection': 'model0'", None, abstract=False)]
)
@example(
    documents=[
        Kept("**SAME, **OTHER", None, abstract=True),
        Kept("", 0, abstract=False),
        Kept("**OTHER", None, abstract=False),
    ]
)
def test_collections_are_judged_as_at_run_time_however_they_are_spelled(documents: list[Kept]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        plain_registry_restored(),
        modelguard.isolated(),
        imports_restored(Path(folder)),
    ):
        project = Project(Path(folder).resolve(), "modelguard")
        package = f"collections_{next(numbers)}"
        project.write(f"{package}/__init__.py", "")
        project.write(f"{package}/values.py", VALUES)
        for number in range(len(documents)):
            project.write(f"{package}/m{number}.py", kept_in(package, number, documents))
            project.load(f"{package}.m{number}")
        clash = {each.model.rpartition(".")[2] for each in modelguard.problems() if each.code == "shared-collection"}
        found = lint([project.root], cached=False).findings

    event(f"clashes: {len(clash)}")
    read = {each.subject.rpartition(".")[2] for each in found if each.code == "MG09"}
    assert read == clash, documents


def kept_in(package: str, number: int, documents: Sequence[Kept]) -> str:
    """The text of one module; a subclass of a concrete document has no settings of its own, as it could not."""
    each = documents[number]
    parent = documents[each.parent] if each.parent is not None and each.parent < number else None
    lines = [f"from {package} import values", f"from {package}.values import COLLECTION, ELSEWHERE, OTHER, SAME"]
    base, said = "Document", [each.spelling]
    if parent is not None:
        lines.append(f"from {package} import m{each.parent}")
        base = f"m{each.parent}.Model{each.parent}"
        said = said if is_abstract(parent, documents) else []
    extra = "'abstract': True" if is_abstract(each, documents) else "'allow_inheritance': True"
    meta = ", ".join(filter(None, [extra, *said]))
    return "\n".join([*lines, f"class Model{number}({base}):", f"    meta = {{{meta}}}"]) + "\n"


def is_abstract(each: Kept, documents: Sequence[Kept]) -> bool:
    """Only what has no concrete parent can be: here, what has none at all."""
    return each.abstract and each.parent is None and len(documents) > 1
