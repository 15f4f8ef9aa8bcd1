"""What a finding says to write can be written as it stands: then the finding is gone, and there is no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.modelguard.tests.lint.conftest import Sources

MODELS = """
# shop/__init__.py
# shop/models/__init__.py
from shop.models.role import Role
from shop.models.user import User
__all__ = ["Role", "User"]
# shop/models/role.py
from modelguard import Document
class Role(Document): pass
# shop/models/user.py
from modelguard import Document
class User(Document): pass
"""

# Files with a finding, its code, what it says to do, the files that change then, and what the settings gain.
CASES: dict[str, tuple[str, ...]] = {
    "00 a file that does not parse": (
        "# a/b.py\ndef f(:\n", "MG00", 'correct it, or add to [tool.modelguard]: exclude = ["a/b.py"]', "", 'exclude = ["a/b.py"]\n',
    ),
    "99 no reason": (
        ("# a.py\nfrom modelguard import Document\n"
        "def f():\n    # modelguard: allow MG01, MG05\n    class A(Document): pass\n"),
        "MG99", "write: # modelguard: allow MG01, MG05 because REASON",
        ("# a.py\nimport mongoengine\n"
        "def f():\n    # modelguard: allow MG01, MG05 because REASON\n    class A(mongoengine.Document): pass\n"),
    ),
    "99 unused": (
        "# a.py\nx = 1  # modelguard: allow MG05 because of tests\n", "MG99", "drop it, or put it behind the line of the finding",
        "# a.py\nx = 1\n",
    ),
    "01 an attribute": (
        "# a.py\nimport mongoengine as me\nclass A(me.Document): pass\n", "MG01",
        "write: from modelguard import Document; and here: Document in place of me.Document",
        "# a.py\nfrom modelguard import Document\nclass A(Document): pass\n",
    ),
    "01 another name": (
        "# a.py\nfrom mongoengine import EmbeddedDocument as Part\nclass A(Part): pass\n", "MG01",
        "write: from modelguard import EmbeddedDocument as Part",
        "# a.py\nfrom modelguard import EmbeddedDocument as Part\nclass A(Part): pass\n",
    ),
    "01 a star": (
        "# a.py\nfrom mongoengine import *\nclass A(Document): pass\n", "MG01",
        "write: from modelguard import Document, below the star import that brings Document",
        "# a.py\nfrom mongoengine import *\nfrom modelguard import Document\nclass A(Document): pass\n",
    ),
    "01 a base that cannot be followed": (
        ("# db.py\nfrom flask_mongoengine import MongoEngine\ndb = MongoEngine()\n"
        "# a.py\nfrom db import db\nclass A(db.EmbeddedDocument): pass\n"),
        "MG01",
        ("derive it from modelguard's: from modelguard import EmbeddedDocument; or say what db.EmbeddedDocument is, "
        'in [tool.modelguard]: plain-bases = ["db.db.EmbeddedDocument"], or guarded-bases'),
        "# a.py\nfrom modelguard import EmbeddedDocument\nclass A(EmbeddedDocument): pass\n",
    ),
    "01 a base that is said to be guarded": (
        "# a.py\nfrom other.base import Base\nfrom mongoengine import StringField\nclass A(Base):\n    n = StringField()\n",
        "MG01",
        ("derive it from modelguard's: from modelguard import Document; or say what Base is, "
        'in [tool.modelguard]: plain-bases = ["other.base.Base"], or guarded-bases'),
        "", 'guarded-bases = ["other.base.Base"]\n',
    ),
    "05 in a function": (
        "# a.py\nfrom modelguard import Document\ndef f():\n    class A(Document): pass\n", "MG05",
        "move the class to the top level of a model module",
        "# a.py\nfrom modelguard import Document\nclass A(Document): pass\n",
    ),
    "06 a decorator": (
        "# a.py\nfrom modelguard import Document\nimport shop\n@shop.indexed('x')\nclass A(Document): pass\n", "MG06",
        ("do the work in a base class or in its __init_subclass__; or, if twice does no harm, add to [tool.modelguard]: "
        'idempotent-decorators = ["shop.indexed"]'),
        "", 'idempotent-decorators = ["shop.indexed"]\n',
    ),
    "06 an expression": (
        "# a.py\nfrom modelguard import Document\n@[print][0]\nclass A(Document): pass\n", "MG06",
        ("do the work in a base class or in its __init_subclass__; or, if twice does no harm, write behind it: "
        "# modelguard: allow MG06 because twice is as good as once"),
        ("# a.py\nfrom modelguard import Document\n"
        "@[print][0]  # modelguard: allow MG06 because twice is as good as once\nclass A(Document): pass\n"),
    ),
    "07 not handed on": (
        MODELS + "# shop/models/group.py\nfrom modelguard import Document\nclass Group(Document): pass\n", "MG07",
        'write in shop/models/__init__.py: from shop.models.group import Group, and "Group" in its __all__',
        ("# shop/models/__init__.py\nfrom shop.models.group import Group\nfrom shop.models.role import Role\n"
        'from shop.models.user import User\n__all__ = ["Group", "Role", "User"]\n'),
    ),
    "07 no list, another name": (
        ("# shop/__init__.py\n# shop/models/__init__.py\nfrom shop.models.user import User as Person\n"
        "# shop/models/user.py\nfrom modelguard import Document\nclass User(Document): pass\n"),
        "MG07", 'write: __all__ = ["Person"]',
        '# shop/models/__init__.py\nfrom shop.models.user import User as Person\n__all__ = ["Person"]\n',
    ),
    "07 a slip": (
        MODELS + "# shop/tasks.py\nfrom shop.models import Usre\n", "MG07",
        "did you mean User?", "# shop/tasks.py\nfrom shop.models import User\n",
    ),
    "07 nowhere": (
        MODELS + "# shop/tasks.py\nfrom shop.models import new_id\n", "MG07",
        "define it in shop/models/__init__.py, or drop the import", "# shop/tasks.py\n",
    ),
    "08 another file": (
        MODELS + "# shop/light.py\nfrom modelguard import Document\nclass User(Document): pass\n", "MG08",
        ("rename one of the two (its collection is named after it, unless its meta says another), "
        "or write: from shop.light import User"),
        "# shop/models/user.py\nfrom shop.light import User\n",
    ),
    "08 another kind": (
        ("# a.py\nfrom modelguard import Document\nclass A(Document): pass\n"
        "# b.py\nfrom modelguard import EmbeddedDocument\nclass A(EmbeddedDocument): pass\n"),
        "MG08", "rename one of the two", "# b.py\nfrom modelguard import EmbeddedDocument\nclass B(EmbeddedDocument): pass\n",
    ),
    "08 one file": (
        ("# a.py\nfrom modelguard import Document\nclass A(Document):\n    meta = {'collection': 'a'}\n"
        "class A(Document):\n    meta = {'collection': 'b'}\n"),
        "MG08", "rename one of the two, or drop one",
        "# a.py\nfrom modelguard import Document\nclass A(Document):\n    meta = {'collection': 'a'}\n",
    ),
    "09 a collection": (
        ("# a.py\nfrom modelguard import Document\nclass A(Document): pass\n"
        "class B(Document):\n    meta = {'collection': 'a'}\n"),
        "MG09",
        'give one of them another, to which its rows move: meta = {"collection": "a_2"}; or let one derive from the other',
        '# a.py\nfrom modelguard import Document\nclass A(Document): pass\nclass B(Document):\n    meta = {"collection": "a_2"}\n',
    ),
    "10 of another distribution": (
        ("# a.py\nfrom modelguard import Document\nfrom mongoengine import ReferenceField\n"
        "class Module(Document):\n    role = ReferenceField('Role')\n"),
        "MG10", 'define it; or, if another distribution does, add to [tool.modelguard]: known-models = ["Role"]',
        "", 'known-models = ["Role"]\n',
    ),
    "12 an enum": (
        ("# shop/__init__.py\n# shop/states.py\nfrom modelguard import Document\nclass State(Document): pass\n"
        "# shop/user.py\nfrom enum import Enum\nfrom modelguard import Document\n"
        "class Kind(Enum):\n    A = 1\nclass User(Document):\n    kind = Kind.A\n"),
        "MG12", "move it to a file without models, and write: from shop.enums import Kind",
        ("# shop/enums.py\nfrom enum import Enum\nclass Kind(Enum):\n    A = 1\n"
        "# shop/user.py\nfrom modelguard import Document\nfrom shop.enums import Kind\nclass User(Document):\n    kind = Kind.A\n"),
    ),
    "12 a connection": (
        "# a.py\nimport mongoengine as me\nfrom modelguard import Document\nme.connect('a')\nclass A(Document): pass\n", "MG12",
        "put it into a function that the program calls at start: def open_database(): me.connect(...)",
        ("# a.py\nimport mongoengine as me\nfrom modelguard import Document\nclass A(Document): pass\n"
        "def open_database():\n    me.connect('a')\n"),
    ),
    "12 a handler": (
        ("# a.py\nfrom mongoengine import signals\nfrom modelguard import Document\nclass User(Document): pass\n"
        "@signals.post_save.connect_via(User)\ndef saved(sender, document): pass\n"),
        "MG12",
        ("make the handler a method of a model, as in signals.post_save.connect(User.saved, sender=User); "
        "or connect it in a function that the program calls once, at start"),
        ("# a.py\nfrom mongoengine import signals\nfrom modelguard import Document\nclass User(Document):\n"
        "    @classmethod\n    def saved(cls, sender, document): pass\nsignals.post_save.connect(User.saved, sender=User)\n"),
    ),
    "12 a query": (
        MODELS + "# shop/forms.py\nfrom shop.models import User\nUSERS = User.objects(a=1)\n", "MG12",
        "put the query into a function: def find(): return User.objects(...)",
        "# shop/forms.py\nfrom shop.models import User\ndef find(): return User.objects(a=1)\n",
    ),
    "13 a dict": (
        "# a.py\nfrom modelguard import Document\nM = {}\nclass A(Document):\n    meta = M\nclass B(Document):\n    meta = M\n", "MG13",
        "write: meta = {**M}; if M names a collection, name another behind it",
        "# a.py\nfrom modelguard import Document\nM = {}\nclass A(Document):\n    meta = M\nclass B(Document):\n    meta = {**M}\n",
    ),
    "13 the dict of a class": (
        ("# a.py\nfrom modelguard import Document\nclass A(Document):\n    meta = {'strict': False}\n"
        "class B(Document):\n    meta = A._meta\n"),
        "MG13", 'write the options out, or move them from A to a base of both: meta = {"abstract": True, ...}',
        ("# a.py\nfrom modelguard import Document\nclass Loose(Document):\n    meta = {'abstract': True, 'strict': False}\n"
        "class A(Loose): pass\nclass B(Loose): pass\n"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_taking_the_advice_leaves_no_finding(take_advice: Callable[..., None], name: str) -> None:
    take_advice(*CASES[name])


def test_a_base_that_is_said_to_be_plain_is_told_the_base_to_take(sources: Sources) -> None:
    sources.write(
        "a.py",
        "from other import Base, PartEmbeddedDocument\nclass A(Base): pass\nclass B(PartEmbeddedDocument): pass\n",
    )
    sources.settings('plain-bases = ["other.Base", "other.PartEmbeddedDocument"]\n')

    assert [each.fix for each in sources.found()] == [
        "write: from modelguard import Document as Base",
        "write: from modelguard import EmbeddedDocument as PartEmbeddedDocument",
    ]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("tests/unit/test_a.py", '"tests/*" = ["MG05"]'),
        ("shop/tests/fakes.py", '"shop/tests/*" = ["MG05"]'),
        ("test_a.py", '"test_a.py" = ["MG05"]'),
    ],
)
def test_a_model_in_a_test_is_told_of_isolation(sources: Sources, path: str, pattern: str) -> None:
    sources.write(path, "from modelguard import Document\ndef test():\n    class A(Document): pass\n")

    assert [each.fix for each in sources.found()] == [
        (
            "let the test take the fixture isolated_models, or define it in modelguard.isolated(); where another fixture "
            f"does that for it, add to [tool.modelguard.per-file-ignores]: {pattern}"
        )
    ]
    sources.write(path, "from modelguard import Document\ndef test(isolated_models):\n    class A(Document): pass\n")
    assert sources.found() == []
    sources.write(path, "from modelguard import Document\ndef test():\n    class A(Document): pass\n")
    sources.settings(f"[tool.modelguard.per-file-ignores]\n{pattern}\n")
    assert sources.found() == []
