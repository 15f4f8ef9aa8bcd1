"""MG05 to MG14: what each rule finds, and near misses that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shared.modelguard.tests.lint.conftest import Sources

HEAD = "from modelguard import Document, EmbeddedDocument\nfrom mongoengine import *\nfrom modelguard import Document, EmbeddedDocument\n"
USER = "class User(Document):\n    meta = {'allow_inheritance': True}\n"

# One file, after the head; the codes found in it, each with its line counted after the head.
ONE_FILE: dict[str, tuple[str, list[tuple[str, int]]]] = {
    "05 function": ("def f():\n    class A(Document): pass\n", [("MG05", 2)]),
    "05 method": ("class B:\n    def f(self):\n        class A(Document): pass\n", [("MG05", 3)]),
    "05 if": ("import os\nif os.name:\n    class A(Document): pass\n", [("MG05", 3)]),
    "05 for": ("for x in (1, 2):\n    class A(EmbeddedDocument): pass\n", [("MG05", 2)]),
    "05 while": ("while True:\n    class A(Document): pass\n", [("MG05", 2)]),
    "05 with": ("with open('x'):\n    class A(Document): pass\n", [("MG05", 2)]),
    "05 try": ("try:\n    class A(Document): pass\nfinally:\n    pass\n", [("MG05", 2)]),
    "05 class in a class": ("class B:\n    class A(Document): pass\n", []),
    "05 no model in a function": ("def f():\n    class A: pass\n", []),
    "05 under TYPE_CHECKING": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    class A(Document): pass\n", []),
    "06 unknown": ("import shop\n@shop.indexed\nclass A(Document): pass\n", [("MG06", 2)]),
    "06 called": ("import shop\n@shop.indexed('a')\nclass A(Document): pass\n", [("MG06", 2)]),
    "06 own": ("def mark(c): return c\n@mark\nclass A(Document): pass\n", [("MG06", 2)]),
    "06 two": ("import shop\nfrom typing import final\n@final\n@shop.b\nclass A(Document): pass\n", [("MG06", 4)]),
    "06 an expression": ("f = [1]\n@f[0]\nclass A(Document): pass\n", [("MG06", 2)]),
    "06 final": ("import typing\n@typing.final\nclass A(Document): pass\n", []),
    "06 renamed": ("from functools import total_ordering as t\n@t\nclass A(Document): pass\n", []),
    "06 on no model": ("import dataclasses\n@dataclasses.dataclass\nclass A: pass\n", []),
    "08 twice": (USER + "class User(Document):\n    name = StringField()\n", [("MG08", 3)]),
    "08 the same text twice": ("class A(Document): pass\nclass A(Document): pass\n", []),
    "08 a comment more": ("class A(Document): pass\nclass A(Document):\n    # why\n    pass\n", []),
    "08 embedded and document": ("class A(Document): pass\nclass B:\n    class A(EmbeddedDocument): pass\n", [("MG08", 3)]),
    "08 subclasses of two": (USER + "class Admin(User): pass\nclass Admin(Document): pass\n", [("MG08", 4)]),
    "08 embedded have no prefix": ("class A(EmbeddedDocument):\n    meta = {'allow_inheritance': True}\nclass B(A): pass\nclass C:\n    class B(EmbeddedDocument): pass\n", [("MG08", 5)]),
    "08 abstract bases have a name": ("class A(Document):\n    meta = {'abstract': True}\nclass B:\n    class A(Document): pass\n", [("MG08", 4)]),
    "08 abstract gives no prefix": ("class A(Document):\n    meta = {'abstract': True}\nclass B(A): pass\nclass C:\n    class B(Document):\n        meta = {'collection': 'c'}\n", [("MG08", 5)]),
    "08 in functions": ("class B(Document): pass\nclass D:\n    def f(self):\n        class B(Document): pass  # modelguard: allow MG05 because it is here\n", []),
    "08 either": ("import os\nif os.name:\n    class A(Document): pass\nelse:\n    class A(Document):\n        x = IntField()\n", [("MG05", 3), ("MG05", 5)]),
    "09 default": ("class A(Document): pass\nclass B(Document):\n    meta = {'collection': 'a'}\n", [("MG09", 2)]),
    "09 camel case": ("class PdfFile(Document): pass\nclass B(Document):\n    meta = {'collection': 'pdf_file'}\n", [("MG09", 2)]),
    "09 by a constant": ("C = 'x'\nclass A(Document):\n    meta = {'collection': C}\nclass B(Document):\n    meta = dict(collection='x')\n", [("MG09", 4)]),
    "09 from an abstract base": ("class R(Document):\n    meta = {'abstract': True, 'collection': 'r'}\nclass A(R): pass\nclass B(R): pass\n", [("MG09", 4)]),
    "09 from a mixin": ("class M:\n    meta = {'collection': 'm'}\nclass A(M, Document): pass\nclass B(M, Document): pass\n", [("MG09", 4)]),
    "09 one tree": (USER + "class A(User): pass\nclass B(User): pass\n", []),
    "09 a subclass may not choose": (USER + "class A(User):\n    meta = {'collection': 'b'}\nclass B(Document): pass\n", []),
    "09 other databases": ("class A(Document): pass\nclass B(Document):\n    meta = {'collection': 'a', 'db_alias': 'archive'}\n", []),
    "09 embedded": ("class A(Document): pass\nclass B(EmbeddedDocument):\n    meta = {'collection': 'a'}\n", []),
    "09 computed": ("class A(Document):\n    meta = {'collection': 'a'.upper()}\nclass B(Document):\n    meta = {'collection': 'a'.upper()}\n", []),
    "10 reference": (USER + "class A(Document):\n    u = ReferenceField('Usre')\n", [("MG10", 4)]),
    "10 keyword": ("class A(Document):\n    u = ReferenceField(document_type='B')\n", [("MG10", 2)]),
    "10 lazy, cached, embedded": ("class A(Document):\n    a = LazyReferenceField('X')\n    b = CachedReferenceField('Y')\n    c = EmbeddedDocumentField('Z')\n    d = EmbeddedDocumentListField('Q')\n", [("MG10", 2), ("MG10", 3), ("MG10", 4), ("MG10", 5)]),
    "10 in lists": ("class A(Document):\n    u = ListField(ReferenceField('B'))\n    m = MapField(field=ListField(ReferenceField('C')))\n", [("MG10", 2), ("MG10", 3)]),
    "10 references": ("class A(Document):\n    u = StringField(references='B')\n    v = ListField(StringField(references=['A', 'C']))\n", [("MG10", 2), ("MG10", 3)]),
    "10 choices": ("class A(Document):\n    u = GenericReferenceField(choices=[('B'), 'A'])\n    v = StringField(choices=['X'])\n", [("MG10", 2)]),
    "10 constant": ("N = 'B'\nclass A(Document):\n    u = ReferenceField(N)\n", [("MG10", 3)]),
    "10 suffix": (USER + "class Admin(User): pass\nclass A(Document):\n    u = ReferenceField('Admin')\n", [("MG10", 5)]),
    "10 exact": (USER + "class Admin(User): pass\nclass A(Document):\n    u = ReferenceField('User.Admin')\n    v = ReferenceField('self')\n    w = ReferenceField(Admin)\n", []),
    "10 later": ("class A(Document):\n    u = ReferenceField('B')\nclass B(Document): pass\n", []),
    "10 abstract bases are registered": ("class R(Document):\n    meta = {'abstract': True}\n    u = ReferenceField('A')\nclass A(R):\n    v = ReferenceField('R')\n", []),
    "10 mixin": ("class M:\n    u = ReferenceField('B')\nclass A(M, Document): pass\n", [("MG10", 2)]),
    "10 unused mixin": ("class M:\n    u = ReferenceField('B')\n", []),
    "10 own field": ("class Id(StringField): pass\nclass A(Document):\n    u = Id(references='B')\n", [("MG10", 3)]),
    "10 own reference": ("class Ref(ReferenceField): pass\nclass A(Document):\n    u = Ref('B')\n", [("MG10", 3)]),
    "10 own arguments": ("class Ref(ReferenceField):\n    def __init__(self, label): super().__init__('A')\nclass A(Document):\n    u = Ref('B')\n", []),
    "10 another ReferenceField": ("import other\nclass A(Document):\n    u = other.ReferenceField('B')\n", []),
    "10 computed": ("class A(Document):\n    u = ReferenceField('B'.title())\n", []),
    "10 annotated": ("class A(Document):\n    u: object = ReferenceField('B')\n", [("MG10", 2)]),
    "12 enum": ("import enum\nclass K(enum.StrEnum):\n    A = 'a'\nclass U(Document): pass\n", [("MG12", 2)]),
    "12 enum by a call": ("from enum import Enum as E\nK = E('K', 'A B')\nclass U(Document): pass\n", [("MG12", 2)]),
    "12 enum by a call in a function": ("import enum\ndef f():\n    K = enum.Enum('K', 'A B')\nclass U(Document): pass\n", []),
    "12 an enum's value": ("import enum\nclass U(Document): pass\nA = enum.auto()\nB = enum.unique(print)\n", []),
    "12 own enum base": ("import enum\nclass K(int, enum.Enum): pass\nclass U(Document): pass\n", [("MG12", 2)]),
    "12 enum without models": ("import enum\nclass K(enum.Enum):\n    A = 'a'\n", []),
    "12 enum in a model": ("import enum\nclass U(Document):\n    class K(enum.Enum):\n        A = 'a'\n", []),
    "12 connect": ("class U(Document): pass\nconnect('db')\n", [("MG12", 2)]),
    "12 connect in a function": ("class U(Document): pass\ndef f():\n    connect('db')\n", []),
    "12 connect without models": ("connect('db')\n", []),
    "12 connect of another library": ("import sqlite3\nclass U(Document): pass\nC = sqlite3.connect(':memory:')\n", []),
    "12 signal": ("from mongoengine import signals\nclass U(Document): pass\ndef h(*_): pass\nsignals.post_save.connect(h, sender=U)\n", [("MG12", 4)]),
    "12 method of a model": ("from mongoengine import signals\nclass U(Document):\n    @classmethod\n    def h(cls, *_): pass\nsignals.post_save.connect(U.h, sender=U)\n", []),
    "12 method of a mixin": ("from mongoengine import signals\nclass M:\n    @staticmethod\n    def h(*_): pass\nclass U(M, Document): pass\nsignals.post_save.connect(M.h, sender=U)\n", [("MG12", 6)]),
    "12 decorated handler": ("from mongoengine import signals\nclass U(Document): pass\n@signals.post_save.connect\ndef h(*_): pass\n", [("MG12", 3)]),
    "12 query": ("class U(Document): pass\nQ = U.objects(a=1)\n", [("MG12", 2)]),
    "12 query chain": ("class U(Document): pass\nQ = U.objects.filter(a=1).first()\n", [("MG12", 2)]),
    "12 query attribute": ("class U(Document): pass\nQ = U.objects\n", [("MG12", 2)]),
    "12 query in a class": ("class U(Document): pass\nclass V:\n    q = U.objects(a=1)\n", [("MG12", 3)]),
    "12 query in a function": ("class U(Document): pass\ndef f():\n    return U.objects(a=1)\n", []),
    "12 query in a lambda": ("class U(Document): pass\nf = lambda: U.objects(a=1)\n", []),
    "12 another's objects": ("class U(Document): pass\nclass W: objects = dict\nQ = W.objects()\n", []),
    "13 shared": ("M = {}\nclass A(Document):\n    meta = M\nclass B(Document):\n    meta = M\n", [("MG13", 5)]),
    "13 of a class": ("class A:\n    meta = {}\nclass B(Document):\n    meta = A.meta\n", [("MG13", 4)]),
    "13 renamed": ("M = {}\nN = M\nclass A(Document):\n    meta: dict = M\nclass B(EmbeddedDocument):\n    meta = N\n", [("MG13", 6)]),
    "13 copies": ("M = {}\nclass A(Document):\n    meta = {**M}\nclass B(Document):\n    meta = M | {'a': 1}\nclass C(Document):\n    meta = dict(M)\nclass D(Document):\n    meta = M.copy()\n", []),
    "13 one class": ("M = {}\nclass A(Document):\n    meta = M\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_FILE)
def test_one_file(sources: Sources, name: str) -> None:
    text, expected = ONE_FILE[name]
    sources.write("shop.py", HEAD + text)
    above = HEAD.count("\n")

    found = [(each.code, each.line - above) for each in sources.found()]
    assert found == sorted(expected, key=lambda each: (each[1], each[0]))


EXPORTS = {
    "left out": ("from .user import User\n__all__ = ['User']\n", [("shop/models/role.py", 2)]),
    "not in __all__": ("from .user import User\nfrom .role import Role\n__all__ = ['User']\n", [("shop/models/role.py", 2)]),
    "no __all__": ("from .user import User\nfrom .role import Role\n", [("shop/models/__init__.py", 1)]),
    "empty": ("", [("shop/models/role.py", 2), ("shop/models/user.py", 2)]),
    "missing name": ("from .user import User\nfrom .role import Role\n\n__all__ = ['User', 'Role', 'Team']\n", [("shop/models/__init__.py", 4)]),
    "wrong import": ("from .user import User, Team\nfrom .role import Role\n__all__ = ['User', 'Role']\n", [("shop/models/__init__.py", 1)]),
    "star": ("from .user import *\nfrom .role import Role\n__all__ = ['User', 'Role']\n", [("shop/models/__init__.py", 1)]),
    "in a function only": ("from .user import User\ndef f():\n    from .role import Role\n__all__ = ['User']\n", [("shop/models/role.py", 2)]),
    "complete": ("from .user import User\nfrom .role import Role\n__all__ = ['User', 'Role']\n", []),
    "renamed": ("from .user import User as Person\nfrom .role import Role\n__all__ = ['Person', 'Role']\n", []),
    "in two parts": ("from .user import User\nfrom .role import Role\n__all__ = ['User']\n__all__ += ['Role']\n", []),
    "computed": ("from .user import User\nfrom .role import Role\n__all__ = [n for n in dir()]\n", []),
    "through another module": ("from .user import User\nfrom .hand import Role\n__all__ = ['User', 'Role']\n", []),
    "a submodule": ("from .user import User\nfrom .role import Role\n__all__ = ['User', 'Role', 'hand']\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_what_an_index_exports(sources: Sources, name: str) -> None:
    text, expected = EXPORTS[name]
    sources.write("shop/__init__.py")
    sources.write("shop/models/__init__.py", text)
    for model in ("User", "Role"):
        sources.write(
            f"shop/models/{model.lower()}.py", f"from modelguard import Document\nclass {model}(Document): pass\n"
        )
    sources.write("shop/models/hand.py", "from .role import Role\n")

    assert sources.places("MG07") == expected


def test_abstract_and_private_models_and_other_packages_need_no_export(sources: Sources) -> None:
    sources.write_all(
        """
# shop/__init__.py
from shop.user import User
__all__ = ["User"]
# shop/base.py
from modelguard import Document
class Record(Document):
    meta = {"abstract": True}
# shop/user.py
from shop.base import Record
class User(Record): pass
class _Draft(Record): pass
# tool/__init__.py
# tool/job.py
from shop.base import Record
class Job(Record): pass
"""
    )

    assert sources.found() == []


LASTING = {
    "imported": ("from handlers import saved\npost_save.connect(saved, sender=User)\n", False),
    "imported, by keyword": ("from handlers import saved\npost_save.connect(receiver=saved, sender=User)\n", False),
    "of a module": ("import handlers\npost_save.connect(handlers.saved)\n", False),
    "of a library": ("import library\npost_save.connect(library.saved, weak=False)\n", False),
    "built in": ("post_save.connect(print)\n", False),
    "of an imported mixin": ("from handlers import Mixin\npost_save.connect(Mixin.saved, sender=User)\n", False),
    "of an imported object": ("from handlers import RECORDER\npost_save.connect(RECORDER.saved)\n", False),
    "renamed": ("from handlers import saved as kept\nhandler = kept\npost_save.connect(handler)\n", False),
    "on a model's own signal": ("from handlers import saved\nUser.on_saved.connect(saved)\n", False),
    "one of two": ("from handlers import saved\ndef saved(*_): pass\npost_save.connect(saved)\n", True),
    "made of an imported one": ("from handlers import saved, wrap\npost_save.connect(wrap(saved))\n", True),
    "a lambda": ("post_save.connect(lambda *_: None)\n", True),
    "of an object here": ("from handlers import Mixin\nhere = Mixin()\npost_save.connect(here.saved)\n", True),
    "decorated, with an imported sender": (
        "from handlers import Mixin\n@post_save.connect_via(Mixin)\ndef saved(*_): pass\n",
        True,
    ),
    "a connection with imported settings": ("import handlers\nconnect(handlers.DATABASE)\n", True),
    "... of mongoengine": ("import handlers, mongoengine\nmongoengine.connect(handlers.DATABASE)\n", True),
    "of a loop": ("def one(*_): pass\nfor saved in (one,):\n    post_save.connect(saved)\n", True),
    "made here": ("saved = classmethod(print)\npost_save.connect(saved)\n", True),
}


@pytest.mark.parametrize("name", LASTING)
def test_a_handler_that_another_file_defines_may_be_connected(sources: Sources, name: str) -> None:
    text, is_found = LASTING[name]
    sources.write(
        "handlers.py",
        "class Mixin:\n    @classmethod\n    def saved(cls, *_): pass\nRECORDER = Mixin()\nDATABASE = 'db'\n"
        "def saved(*_): pass\ndef wrap(f): return f\n",
    )
    sources.write(
        "shop.py",
        f"{HEAD}from mongoengine.signals import post_save\nclass User(Document):\n    on_saved = post_save\n{text}",
    )

    assert [each.code for each in sources.found()] == ["MG12"] * is_found


def test_a_handler_that_nobody_knows_is_found(sources: Sources) -> None:
    sources.write(
        "shop.py",
        "from modelguard import Document\nfrom mongoengine.signals import post_save\nclass User(Document): pass\n"
        "post_save.connect(saved)\n",
    )

    assert [each.code for each in sources.found()] == ["MG12"]


def test_a_star_or_a_wrong_name_from_an_index_is_found_where_it_stands(sources: Sources) -> None:
    sources.write("shop.py", "from modelguard import Document\nclass User(Document): pass\n")
    sources.write("app.py", "from shop import *\nfrom shop import Usr\nfrom shop import __doc__\n")

    found = sources.found()
    assert [(each.code, each.line) for each in found] == [("MG07", 1), ("MG07", 2)]
    assert found[0].fix == "write: from shop import User"


def test_names_are_compared_across_members(sources: Sources) -> None:
    for member in ("billing", "shop"):
        sources.write(f"services/{member}/src/{member}/__init__.py")
        sources.write(
            f"services/{member}/src/{member}/user.py", "from modelguard import Document\nclass User(Document): pass\n"
        )

    [found] = sources.found()
    assert (found.code, found.path) == ("MG08", "services/shop/src/shop/user.py")
    assert "services/billing/src/billing/user.py:2" in found.message
    assert found.fix == (
        "rename one of the two (its collection is named after it, unless its meta says another), "
        "or write: from billing.user import User"
    )


def test_files_that_a_rule_leaves_alone_take_no_part(sources: Sources) -> None:
    sources.write("shop.py", "from modelguard import Document\nclass User(Document): pass\n")
    sources.write("a_test.py", "from modelguard import Document\nclass User(Document): pass\n")
    sources.settings('per-file-ignores = {"*_test.py" = ["MG08"]}\n')

    assert sources.found() == []


def test_near_names_and_known_models_help(sources: Sources) -> None:
    sources.write(
        "shop.py",
        "from mongoengine import ReferenceField\nfrom modelguard import Document\nclass User(Document):\n    a = ReferenceField('Usre')\n    b = ReferenceField('Site')\n",
    )
    assert [each.fix for each in sources.found()] == [
        "did you mean 'User' (shop.py)?",
        'define it; or, if another distribution does, add to [tool.modelguard]: known-models = ["Site"]',
    ]
    sources.settings('known-models = ["Site"]\n')

    assert [each.line for each in sources.found()] == [4]


def test_a_model_whose_base_is_unknown_may_be_what_is_meant(sources: Sources) -> None:
    sources.write(
        "shop.py",
        "import lib\nfrom mongoengine import *\nfrom modelguard import Document\nclass Site(lib.db.Document):\n    n = StringField()\nclass User(Document):\n    b = ReferenceField('Site')\n",
    )

    assert sources.codes() == ["MG01"]


def test_one_file_under_two_names_is_found_at_the_odd_one(sources: Sources) -> None:
    sources.write_all(
        """
# pkg/__init__.py
# pkg/svc/__init__.py
# pkg/svc/user.py
from modelguard import Document
class User(Document): pass
# pkg/svc/a.py
from pkg.svc.user import User
# pkg/svc/b.py
from svc.user import User
# pkg/svc/c.py
import user
# pkg/svc/d.py
from . import user
"""
    )

    assert sources.places("MG11") == [("pkg/svc/b.py", 1), ("pkg/svc/c.py", 1)]
    assert "imports as svc.user the file that pkg/svc/a.py:1 imports as pkg.svc.user" in sources.found()[0].message


@pytest.mark.parametrize(
    ("roots", "found"),
    [(["src"], 0), (["src", "src/shop"], 1), (["src", "lib"], 0), (["lib"], 1)],
)
def test_roots_inside_roots_and_packages_are_found(sources: Sources, roots: list[str], found: int) -> None:
    sources.write("src/shop/models.py", "from modelguard import Document\nclass User(Document): pass\n")
    sources.write("lib/tool.py")
    if found and roots == ["lib"]:
        sources.write("lib/__init__.py")
        sources.write("lib/role.py", "from modelguard import Document\nclass Role(Document): pass\n")
    sources.settings(f"roots = {roots}\n")

    assert len(sources.places("MG11")) == found


def test_a_symlink_is_a_second_name_and_no_second_model(sources: Sources) -> None:
    sources.write("shop/user.py", "from modelguard import Document\nclass User(Document): pass\n")
    (sources.root / "shop" / "alias.py").symlink_to(sources.root / "shop" / "user.py")

    assert [(each.code, each.path) for each in sources.found()] == [("MG11", "shop/alias.py")]


def test_a_shared_meta_is_found_across_files(sources: Sources) -> None:
    sources.write("a.py", "from modelguard import Document\nM = {}\nclass A(Document):\n    meta = M\n")
    sources.write("b.py", "from a import M as N\nfrom modelguard import Document\nclass B(Document):\n    meta = N\n")

    assert sources.places("MG13") == [("b.py", 4)]


CYCLE = """
# shop/a.py
from modelguard import Document
{a}
class A(Document): pass
# shop/b.py
from modelguard import Document
{b}
class B(Document): pass
# shop/c.py
from modelguard import Document
{c}
class C(Document): pass
"""
CYCLES = {
    "two": ("from shop.b import B", "from shop.a import A", "", ["shop.a -> shop.b -> shop.a"]),
    "three": ("import shop.b", "from . import c", "from shop import a", ["shop.a -> shop.b -> shop.c -> shop.a"]),
    "in a class body": ("from shop.b import B", "class X:\n    import shop.a", "", ["shop.a -> shop.b -> shop.a"]),
    "none": ("from shop.b import B", "from shop.c import C", "", []),
    "one for types only": ("from shop.b import B", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shop.a", "", []),
    "one in a function": ("from shop.b import B", "def f():\n    import shop.a", "", []),
}  # fmt: skip


@pytest.mark.parametrize("name", CYCLES)
def test_cycles(sources: Sources, name: str) -> None:
    a, b, c, expected = CYCLES[name]
    sources.write_all(CYCLE.format(a=a, b=b, c=c))

    assert [each.subject for each in sources.found() if each.code == "MG14"] == expected


def test_a_cycle_through_a_module_without_models_is_none_among_models(sources: Sources) -> None:
    sources.write_all(CYCLE.format(a="import shop.tool", b="", c=""))
    sources.write("shop/tool.py", "import shop.a\n")

    assert "MG14" not in sources.codes()


def test_the_fix_of_a_star_import_names_the_models_of_that_file(sources: Sources) -> None:
    sources.write_all("""
# shop/__init__.py
# shop/models/__init__.py
from shop.models.user import *
# shop/models/base.py
from modelguard import Document
class Base(Document):
    meta = {"abstract": True}
# shop/models/user.py
from shop.models.base import Base
class User(Base): pass
class Role(Base): pass
""")

    fixes = [each.fix for each in sources.found() if "imports everything" in each.message]
    assert fixes == ["write: from shop.models.user import Role, User"]


def test_the_fix_of_a_late_import_names_all_that_it_imports(sources: Sources) -> None:
    sources.write_all("""
# models.py
from modelguard import Document
class User(Document): pass
class Role(Document): pass
# tasks.py
def run():
    from models import User, Role as R
""")

    assert [each.fix for each in sources.found()] == [
        "write at the top of the file: from models import User, Role as R"
    ]


def test_names_added_to_all_by_its_methods_count(sources: Sources) -> None:
    sources.write_all("""
# shop/__init__.py
# shop/models/__init__.py
from shop.models.user import Role, User
__all__ = ["User"]
__all__.extend(["Role"])
__all__.append("Nope")
# shop/models/user.py
from modelguard import Document
class User(Document): pass
class Role(Document): pass
""")

    assert [each.message.partition(",")[0] for each in sources.found()] == ["__all__ lists 'Nope'"]
