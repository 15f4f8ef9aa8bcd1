"""MG01: a model is guarded through whatever way its base takes, or it is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shared.modelguard.tests.lint.conftest import Sources

PLAIN = {
    "from": "from mongoengine import Document\nclass User(Document): pass\n",
    "renamed": "from mongoengine import Document as Doc\nclass User(Doc): pass\n",
    "module": "import mongoengine\nclass User(mongoengine.Document): pass\n",
    "module renamed": "import mongoengine as me\nclass User(me.EmbeddedDocument): pass\n",
    "submodule": "from mongoengine.document import DynamicDocument\nclass User(DynamicDocument): pass\n",
    "submodule by dots": "import mongoengine.document\nclass User(mongoengine.document.Document): pass\n",
    "star": "from mongoengine import *\nclass User(Document): pass\n",
    "assigned": "import mongoengine\nBase = mongoengine.Document\nclass User(Base): pass\n",
    "subscript": "from mongoengine import Document\nclass User(Document[int]): pass\n",
    "either": "try:\n    from modelguard import Document\nexcept ImportError:\n    from mongoengine import DynamicDocument as Document\nclass User(Document): pass\n",
    "in a function": "def f():\n    from mongoengine import Document\n    class User(Document): pass\n",
    "beside a mixin": "from mongoengine import Document\nclass Mixin: pass\nclass User(Mixin, Document): pass\n",
}
GUARDED = {
    "from": "from modelguard import Document\nclass User(Document): pass\n",
    "module": "import modelguard as mg\nclass User(mg.EmbeddedDocument): pass\n",
    "beside a plain one": "import mongoengine, modelguard\nclass User(modelguard.Document, mongoengine.Document): pass\n",
    "star after star": "from mongoengine import *\nfrom modelguard import *\nclass User(Document): pass\n",
    "named after both": "from mongoengine import *\nfrom modelguard import Document\nclass User(Document): pass\n",
    "another Document": "class Document: pass\nclass User(Document): pass\n",
    "a third party's Document": "from docx import Document\nclass Letter(Document):\n    size = property()\n",
    "standard library": "import enum\nclass Colour(enum.Enum): RED = 1\n",
    "a mixin with fields": "from mongoengine import StringField\nclass Named:\n    name = StringField()\n",
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_base_is_found_however_it_is_named(sources: Sources, name: str) -> None:
    sources.write("shop.py", PLAIN[name])

    assert "MG01" in sources.codes()


@pytest.mark.parametrize("name", GUARDED)
def test_a_guarded_base_and_no_model_are_silent(sources: Sources, name: str) -> None:
    sources.write("shop.py", GUARDED[name])

    assert "MG01" not in sources.codes()


def test_a_chain_through_three_files_and_a_re_export_is_followed(sources: Sources) -> None:
    sources.write_all(
        """
# base/records.py
from mongoengine import Document
class Record(Document):
    meta = {"abstract": True}
# base/__init__.py
from base.records import Record as Stored
# shop/documents.py
import base
Kept = base.Stored
# shop/user.py
from . import documents
class User(documents.Kept): pass
# shop/__init__.py
""".replace("documents.py\n", "documents.py\n")
    )

    found = [each for each in sources.found() if each.code == "MG01"]
    assert [(each.path, each.line) for each in found] == [("base/records.py", 2), ("shop/user.py", 2)]
    assert "derives from Record (base/records.py:2)" in found[1].message
    assert found[0].fix == "write: from modelguard import Document"


@pytest.mark.parametrize(
    "base", ["db.Document", "make()", "flask_mongoengine.Document"], ids=["an instance", "a call", "a third party"]
)
def test_a_base_that_cannot_be_followed_is_reported_as_such(sources: Sources, base: str) -> None:
    sources.write(
        "shop.py",
        f"""
        import flask_mongoengine
        from mongoengine import StringField
        db = flask_mongoengine.MongoEngine()
        class User({base}):
            name = StringField()
        """,
    )

    [found] = sources.found()
    assert (found.code, found.line) == ("MG01", 5)
    assert "cannot be followed" in found.message
    assert "not guarded:" not in found.message


def test_bases_named_in_the_settings_are_known(sources: Sources) -> None:
    sources.write_all(
        """
# shop/engine.py
db = object()
# shop/models.py
from shop.engine import db
class User(db.Document): pass
class Role(db.Guarded): pass
"""
    )
    sources.settings('plain-bases = ["shop.engine.db.Document"]\nguarded-bases = ["shop.engine.db.Guarded"]\n')

    assert [(each.code, each.line) for each in sources.found()] == [("MG01", 2)]


def test_a_package_in_a_folder_of_its_own_name_has_its_name_once(sources: Sources) -> None:
    sources.write("shop/setup.py", "from shop import models\n")
    sources.write("shop/shop/__init__.py")
    sources.write("shop/shop/models.py", "from modelguard import Document\nclass User(Document): pass\n")
    sources.write("shop/shop/tasks.py", "def f():\n    from shop.models import User\n")

    [found] = sources.found()
    assert found.message.startswith("imports the model module shop.models inside")


def test_a_class_that_derives_from_itself_ends(sources: Sources) -> None:
    sources.write("shop.py", "from other import A as B\nclass A(B): pass\n")
    sources.write("other.py", "from shop import A as C\nclass A(C): pass\n")

    assert sources.found() == []


def test_a_document_of_an_extension_object_is_reported_though_its_fields_are_hidden(sources: Sources) -> None:
    sources.write(
        "shop.py",
        "from ext import Engine, field\ndb = Engine()\nclass User(db.Document):\n    name = field(db.StringField())\nclass Plain(db.Other):\n    name = field(1)\n",
    )

    assert sources.places("MG01") == [("shop.py", 3)]
