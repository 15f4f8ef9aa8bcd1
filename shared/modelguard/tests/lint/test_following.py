"""Names are followed to their end, however they got there, and whatever circles they run in."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from modelguard.lint.answers import Answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.modelguard.tests.lint.conftest import Sources

MODEL = "from modelguard import Document\nclass Shop(Document): pass\n"
LADDER = "".join(f"a{n} = a{n - 1}\na{n} = a{n - 1}\n" for n in range(1, 26))
DIAMONDS = "".join(
    f"class L{n}(L{n - 1}, R{n - 1}): x = 1\nclass R{n}(L{n - 1}, R{n - 1}): x = 1\n" for n in range(1, 25)
)
# What takes for ever, or more calls than Python allows, if each way to an answer is gone separately.
ENDLESS = {
    "a walk in two directions": "def f(node):\n    while node:\n        node = node.left\n        node = node.right\n        node = node.up\n    node.objects.all()\n",
    "aliases given twice": f"a0 = print\n{LADDER}a25.connect()\n",
    "two names for each other": "a = b\nb = a\na = b.x\nb = a.y\nclass A(a): pass\na.connect()\n",
    "a text that doubles": "import importlib\nx = 'a'\n" + "x = x + x\n" * 40 + "importlib.reload(x)  # modelguard: allow MG04 because it is measured\n",
    "texts that double": "import importlib\nx0 = 'a'\n" + "".join(f"x{n} = x{n - 1} + x{n - 1}\n" for n in range(1, 60)) + "importlib.import_module(x59)  # modelguard: allow MG04 because it is measured\n",
    "diamonds": f"class L0: pass\nclass R0: pass\n{DIAMONDS}",
    "diamonds of models": f"class L0(Document):\n    meta = {{'abstract': True}}\nR0 = L0\n{DIAMONDS}",
    "a long line of classes": "class A0: pass\n" + "".join(f"class A{n}(A{n - 1}): pass\n" for n in range(1, 1_200)),
    "a long line of models": "class A0(Document):\n    meta = {'allow_inheritance': True}\n" + "".join(f"class A{n}(A{n - 1}): pass\n" for n in range(1, 600)),
    "classes in a circle": "class A(B): pass\nclass B(A): pass\n",
    "a long chain of elif": "if 1: pass\n" + "elif 2: pass\n" * 1_200,
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.timeout(60)
def test_nothing_is_followed_twice(sources: Sources, name: str) -> None:
    sources.write("shop.py", MODEL + ENDLESS[name])

    assert sources.found() == []


def test_a_net_of_star_imports_is_followed_once(sources: Sources) -> None:
    stars = "".join(f"from m{n} import *\n" for n in range(20))
    for number in range(20):
        sources.write(f"m{number}.py", stars)
    sources.write(
        "shop.py", "from m0 import *\nfrom modelguard import Document\nclass A(Document): pass\nclass B(Nobody): pass\n"
    )
    started = time.process_time()

    assert sources.found() == []
    assert time.process_time() - started < 30  # two to the power of twenty, else


def test_the_answers_of_a_circle_do_not_depend_on_who_asked_first() -> None:
    ways = {"a": ["b", "x"], "b": ["a", "y"], "c": ["b", "c", "z"], "x": [], "y": [], "z": []}

    def asked(*questions: str) -> list[set[str]]:
        answers: Answers[str] = Answers(lambda found: list(dict.fromkeys(found)))

        def follow(name: str) -> Iterable[str]:
            for each in ways[name]:
                yield from answers.to(each, partial(follow, each)) if ways[each] else [each]

        return [set(answers.to(each, partial(follow, each))) for each in questions]

    assert asked("a", "b", "c") == [{"x", "y"}, {"x", "y"}, {"x", "y", "z"}]
    assert asked("c", "b", "a") == [{"x", "y", "z"}, {"x", "y"}, {"x", "y"}]


BASES = {
    "mongoengine's star last": ("from modelguard import Document\nfrom mongoengine import *\nclass A(Document): pass\n", [3]),
    "mongoengine.document's star last": ("from modelguard import Document\nfrom mongoengine.document import *\nclass A(Document): pass\n", [3]),
    "modelguard's star last": ("from mongoengine import *\nfrom modelguard import *\nclass A(Document): x = StringField()\n", []),
    "modelguard's name last": ("from mongoengine import *\nfrom modelguard import Document\nclass A(Document): pass\n", []),
    "the fields' star last": ("from modelguard import Document\nfrom mongoengine.fields import *\nclass A(Document): pass\n", []),
    "a star under a condition": ("import os\nfrom modelguard import Document\nif os.name:\n    from mongoengine import *\nclass A(Document): pass\n", [5]),
    "another name than the star's": ("from modelguard import Document as Q1\nfrom mongoengine import *\nclass A(Q1): pass\n", []),
    "an own star last": ("from modelguard import Document\nfrom plain import *\nclass A(Document): pass\n", [3]),
    "an own star without it": ("from modelguard import Document\nfrom other import *\nclass A(Document): pass\n", []),
    "an own star that keeps it": ("from modelguard import Document\nfrom closed import *\nclass A(Document): pass\n", []),
    "walrus": ("import mongoengine\nif (D := mongoengine.Document):\n    pass\nclass A(D): pass\n", [4]),
    "walrus as a base": ("import mongoengine\nclass A(D := mongoengine.Document): pass\n", [2]),
    "either of two": ("import os, mongoengine, modelguard\nD = mongoengine.Document if os.name else modelguard.Document\nclass A(D): pass\n", [3]),
    "either of two guarded ones": ("import os, modelguard\nD = modelguard.Document if os.name else modelguard.DynamicDocument\nclass A(D): pass\n", []),
    "one of a tuple": ("import mongoengine\nD, E = mongoengine.Document, mongoengine.EmbeddedDocument\nclass A(D): pass\n", [3]),
    "an alias in a class": ("import mongoengine\nclass Bases:\n    D = mongoengine.Document\nclass A(Bases.D): pass\n", [4]),
    "an imported module": ("import importlib\nme = importlib.import_module('mongoengine')\nclass A(me.Document): pass\n", [3]),
    "sys.modules": ("import sys\nclass A(sys.modules['mongoengine'].Document): pass\n", [2]),
    "global": ("import mongoengine\ndef f():\n    global D\n    D = mongoengine.Document\nf()\nclass A(D): pass\n", [6]),
    "nothing as a fallback": ("try:\n    from modelguard import Document\nexcept ImportError:\n    Document = object\nclass A(Document): pass\n", []),
    "a plain class as a fallback": ("try:\n    from modelguard import Document\nexcept ImportError:\n    class Document: pass\nclass A(Document): pass\n", []),
    "a plain model as a fallback": ("import mongoengine\ntry:\n    from modelguard import Document\nexcept ImportError:\n    class Document(mongoengine.Document): pass  # modelguard: allow MG01, MG05 because it is tried\nclass A(Document): pass\n", [6]),
    "the class of its name above": ("from modelguard import Document\nclass A(Document): pass\nclass A(A): pass\nclass A(A): pass\n", []),
    "a class below, in a function": ("import mongoengine\ndef f():\n    class A(B): pass\nclass B(mongoengine.Document): pass\n", [3, 4]),
    "spread": ("import mongoengine\nclass A(*[mongoengine.Document]): x = mongoengine.StringField()\n", [2]),
}  # fmt: skip


@pytest.mark.parametrize("name", BASES)
def test_a_base_is_what_its_name_means_last(sources: Sources, name: str) -> None:
    text, lines = BASES[name]
    sources.write("plain.py", "from mongoengine import Document\n")
    sources.write("other.py", "import mongoengine\n")
    sources.write("closed.py", "from mongoengine import Document\n__all__ = ['x']\nx = 1\n")
    sources.write("shop.py", text)

    assert sources.places("MG01") == [("shop.py", line) for line in lines]


COLLECTIONS = {
    "by name": "M = {'collection': 'a'}\nclass B(Document):\n    meta = M\n",
    "spread": "M = {'collection': 'a'}\nclass B(Document):\n    meta = {**M, 'strict': True}\n",
    "joined": "M = {'collection': 'a'}\nclass B(Document):\n    meta = M | {'strict': True}\n",
    "joined, on the right": "M = {}\nclass B(Document):\n    meta = M | {'collection': 'a'}\n",
    "copied": "M = dict(collection='a')\nclass B(Document):\n    meta = dict(M)\n",
    "copied by method": "M = {'collection': 'a'}\nclass B(Document):\n    meta = M.copy()\n",
    "copied from a copy": "M = {'collection': 'a'}\nN = {**M}\nclass B(Document):\n    meta = {**N, 'db_alias': 'default'}\n",
    "set later": "class B(Document):\n    meta = {}\n    meta['collection'] = 'a'\n",
    "of a base in another file": "from base import Base\nNAME = 'b'\nclass B(Base): pass\n",
}
COLLECTIONS |= {
    "spread over by others": "M = {'strict': True}\nclass B(Document):\n    meta = {'collection': 'a', **M}\n",
    "spread over by the unknown": "from elsewhere import M\nclass B(Document):\n    meta = {'collection': 'a', 'db_alias': 'default', **M}\n",
    "spread of two": "M = {'collection': 'a'}\nN = {'strict': True}\nclass B(Document):\n    meta = {**M, **N}\n",
}
OTHERS = {
    "spread of two, the last": "M = {'collection': 'a'}\nN = {'collection': 'b'}\nclass B(Document):\n    meta = {**M, **N}\n",
    "abstract, spread over": "M = {'collection': 'a'}\nclass B(Document):\n    meta = {'abstract': True, **M}\n",
    "spread over": "M = {'collection': 'b'}\nclass B(Document):\n    meta = {'collection': 'a', **M}\n",
    "spread under": "M = {'collection': 'a'}\nclass B(Document):\n    meta = {**M, 'collection': 'b'}\n",
    "given twice": "M = {'collection': 'a'}\nM = {'collection': 'b'}\nclass B(Document):\n    meta = {**M}\n",
    "added to": "M = {'collection': 'a'}\nM |= {'collection': 'b'}\nclass B(Document):\n    meta = {**M}\n",
    "unknown": "from elsewhere import M\nclass B(Document):\n    meta = {**M}\n",
    "a circle": "M = {**N}\nN = {**M}\nclass B(Document):\n    meta = {**M}\n",
    "abstract by name": "M = {'abstract': True, 'collection': 'a'}\nclass B(Document):\n    meta = {**M}\n",
}


@pytest.mark.parametrize("name", [*COLLECTIONS, *OTHERS])
def test_settings_are_followed_into_the_dicts_they_come_from(sources: Sources, name: str) -> None:
    sources.write(
        "base.py",
        "from modelguard import Document\nNAME = 'a'\nclass Base(Document):\n    meta = {'abstract': True, 'collection': NAME}\n",
    )
    text = {**COLLECTIONS, **OTHERS}[name]
    sources.write("shop.py", f"from modelguard import Document\nclass A(Document): pass\n{text}")

    assert len(sources.places("MG09")) == (name in COLLECTIONS)


REFERENCES = {
    "two at once": ("x = y = ReferenceField('B')\n", 2),
    "one of a tuple": ("x, y = ReferenceField('B'), ReferenceField('A')\n", 1),
    "in a loop": ("for _ in range(1):\n        x = ReferenceField('B')\n", 1),
    "in an except": ("try: pass\n    except ValueError:\n        x = ReferenceField('B')\n", 1),
    "in a match": ("match 1:\n        case 1:\n            x = ReferenceField('B')\n", 1),
    "walrus": ("(x := ReferenceField('B'))\n", 1),
    "a list with a name": ("x = GenericReferenceField(choices=NAMES)\n", 1),
    "references with a name": ("x = StringField(references=NAMES)\n", 1),
    "a list with a name, imported": ("x = StringField(references=conf.NAMES)\n", 1),
    "a list that changes": ("x = StringField(references=MORE)\n", 0),
    "either": ("x = ReferenceField('A' if NAMES else 'A')\n", 0),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_references_are_found_wherever_a_field_is_given(sources: Sources, name: str) -> None:
    text, count = REFERENCES[name]
    sources.write("conf.py", "NAMES = ('A', 'C')\n")
    sources.write(
        "shop.py",
        "import conf\nfrom mongoengine import *\nfrom modelguard import Document\nNAMES = ['A', 'B']\nMORE = ['A']\nMORE += ['B']\n"
        f"class A(Document):\n    {text}",
    )

    assert sources.codes() == ["MG10"] * count


NAMED = {
    "in an expression": "[name := 1 for _ in ()]\n",
    "in a call": "print(name := 1)\n",
    "in globals": "globals()['name'] = 1\n",
    "in vars": "vars().update(name=1)\n",
    "of the module": "import sys\nsetattr(sys.modules[__name__], 'name', 1)\n",
    "by exec": "exec('name = 1')\n",
    "by a global": "def f():\n    global name\n    name = 1\n",
    "by a pattern": "match 1:\n    case [*name]: pass\n",
    "by a mapping": "match 1:\n    case {1: 2, **name}: pass\n",
    "by a target in a target": "(a, [b, *name]) = 1, [2, 3]\n",
}
NAMELESS = {
    "in a function": "def f():\n    print(name := 1)\n",
    "in a class": "class A:\n    name = 1\n",
    "of another": "other = 1\nother.name = 1\n",
}


@pytest.mark.parametrize("name", [*NAMED, *NAMELESS])
def test_a_module_has_the_names_it_is_given(sources: Sources, name: str) -> None:
    sources.write("shop.py", MODEL + {**NAMED, **NAMELESS}[name])
    sources.write("app.py", "from shop import name\n")

    assert [code for code in sources.codes() if code != "MG04"] == ["MG07"] * (name in NAMELESS)
