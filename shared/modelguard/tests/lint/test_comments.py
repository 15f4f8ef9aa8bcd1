"""Which findings a comment is about: those of its line, of its statement, or of the statement below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shared.modelguard.tests.lint.conftest import Sources

ALLOW = "# modelguard: allow {} because it is tried"
CODE = {"A": ALLOW.format("MG01"), "F": ALLOW.format("MG02"), "C": ALLOW.format("MG04"), "R": ALLOW.format("MG10"), "D": ALLOW.format("MG06")}  # fmt: skip
TAKEN = {
    "behind the class": "class User(Plain): pass  {A}\n",
    "behind a part of its head": "class User(\n    Plain,  {A}\n):\n    pass\n",
    "behind the end of its head": "class User(\n    Plain,\n):  {A}\n    pass\n",
    "above it": "{A}\nclass User(\n    Plain,\n):\n    pass\n",
    "above it, one on another": "{A}\n# more\n{D}\n@mark\nclass User(Plain): pass\n",
    "above its decorators": "{A}\n@final\n@mark  {D}\nclass User(Plain): pass\n",
    "above a long decorator": "{A}\n@mark(  {D}\n    1,\n)\nclass User(Plain): pass\n",
    "between decorator and class": "@final\n{A}\nclass User(Plain): pass\n",
    "behind a decorator": "{A}\n@mark  {D}\nclass User(Plain): pass\n",
    "behind a name of an import": "def f():\n    from shop import (\n        Shop,  {F}\n    )\n",
    "behind the end of an import": "def f():\n    from shop import (\n        Shop,\n    )  {F}\n",
    "behind the end of a call": "importlib.import_module(\n    'shop'\n)  {C}\n",
    "above a call in a list": "{C}\nX = [\n    1,\n    importlib.import_module('shop'),\n]\n",
    "above a call, in a list": "X = [\n    {C}\n    importlib.import_module('shop'),\n]\n",
    "behind a field in a field": "class A(Document):\n    x = ListField(\n        ReferenceField('B'),  {R}\n    )\n",
    "behind the end of a field": "class A(Document):\n    x = ReferenceField(\n        'B',\n    )  {R}\n",
    "behind a backslash": "X = 1 + \\\n    importlib.import_module('shop')  {C}\n",
    "after blank lines": "{A}\n\n\nclass User(Plain): pass\n",
    "after another comment for others": "class User(Plain): pass  # noqa: N801  {A}\n",
    "before another comment for others": "class User(Plain): pass  {A}  # noqa: N801\n",
}
# One finding stays, and so does the comment that is not about it.
LEFT = {
    "above the statement before": "{A}\nx = 1\nclass User(Plain): pass\n",
    "above the first decorator of another": "{A}\n@mark  {D}\ndef f(): pass\nclass User(Plain): pass\n",
    "below": "class User(Plain):\n    {A}\n    pass\n",
    "behind another line of the list": "X = [\n    1,  {C}\n    importlib.import_module('shop'),\n]\n",
    "above another line of the list": "X = [\n    {C}\n    1,\n    importlib.import_module('shop'),\n]\n",
    "at the end of the file": "class User(Plain): pass\n{A}",
    "in a text": "class User(Plain):\n    '''\n    {A}\n    '''\n",
}


def prepare(sources: Sources, text: str) -> None:
    sources.write("shop.py", "from modelguard import Document\nclass Shop(Document): pass\n")
    (sources.root / "tried.py").write_text(
        "import importlib\nfrom typing import final\nfrom mongoengine import *\nfrom mongoengine import Document as Plain\n"
        "from modelguard import Document\nfrom marks import mark\n" + text.format_map(CODE),
        encoding="utf-8",
    )


@pytest.mark.parametrize("name", TAKEN)
def test_it_allows_its_line_and_its_statement(sources: Sources, name: str) -> None:
    prepare(sources, TAKEN[name])

    assert sources.found() == []


@pytest.mark.parametrize("name", LEFT)
def test_it_allows_nothing_else(sources: Sources, name: str) -> None:
    prepare(sources, LEFT[name])

    left = [each.code for each in sources.found()]
    assert len([code for code in left if code != "MG99"]) == 1
    assert ("MG99" in left) == (name != "in a text")


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_lines_end_as_the_parser_ends_them(sources: Sources, end: str) -> None:
    text = "from mongoengine import Document\n{A}\nclass User(Document): pass\n".format_map(CODE)
    (sources.root / "shop.py").write_bytes(text.replace("\n", end).encode())

    assert sources.found() == []
