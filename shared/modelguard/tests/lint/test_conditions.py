"""What never runs, what runs as a program only, and where models are put back afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shared.modelguard.tests.lint.conftest import Sources

IMPORT = "    from shop.models import User\n"
NEVER = {
    "TYPE_CHECKING": f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n{IMPORT}",
    "by another name": f"from typing import TYPE_CHECKING as TC\nif TC:\n{IMPORT}",
    "of a renamed module": f"import typing as t\nif t.TYPE_CHECKING:\n{IMPORT}",
    "and more": f"import os\nfrom typing import TYPE_CHECKING\nif os.name and TYPE_CHECKING:\n{IMPORT}",
    "elif": f"import os\nfrom typing import TYPE_CHECKING\nif os.name:\n    pass\nelif TYPE_CHECKING:\n{IMPORT}",
    "else of not": f"from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    pass\nelse:\n{IMPORT}",
    "elif after not": f"import os\nfrom typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    pass\nelif os.name:\n{IMPORT}",
    "not not": f"from typing import TYPE_CHECKING\nif not (not TYPE_CHECKING):\n{IMPORT}",
    "not and": f"import os\nfrom typing import TYPE_CHECKING\nif not (TYPE_CHECKING and os.name):\n    pass\nelif os.name:\n{IMPORT}",
    "False": f"if False:\n{IMPORT}",
    "0": f"if 0:\n{IMPORT}",
    "spelled out": f"TYPE_CHECKING = False\nif TYPE_CHECKING:\n{IMPORT}",
    "MYPY": f"MYPY = False\nif MYPY:\n{IMPORT}",
}
SOMETIMES = {
    "or": f"import os\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING or os.name:\n{IMPORT}",
    "else": f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n{IMPORT}",
    "not": f"from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n{IMPORT}",
    "elif after it": f"import os\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelif os.name:\n{IMPORT}",
    "a name that is true": f"TYPE_CHECKING = True\nif TYPE_CHECKING:\n{IMPORT}",
    "another flag": f"DEBUG = False\nif DEBUG:\n{IMPORT}",
    "True": f"if True:\n{IMPORT}",
    "main": f"if __name__ == '__main__':\n{IMPORT}",
}


@pytest.mark.parametrize("name", [*NEVER, *SOMETIMES])
def test_an_import_that_never_runs_is_no_import(sources: Sources, name: str) -> None:
    sources.write("shop/models.py", "from modelguard import Document\nclass User(Document): pass\n")
    text = {**NEVER, **SOMETIMES}[name]
    sources.write("shop/tasks.py", text)

    line = text[: text.index(IMPORT)].count("\n") + 1
    assert sources.places("MG03") == [("shop/tasks.py", line)] * (name in SOMETIMES)


NOT_AT_IMPORT = {
    "a program": "if __name__ == '__main__':\n    connect('shop')\n    print(User.objects)\n    for user in User.objects: pass\n",
    "the other way round": "if '__main__' == __name__:\n    connect('shop')\n",
    "a type checker": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    connect('shop')\n    USERS = User.objects\n",
    "a function": "def f():\n    for user in User.objects: pass\n    return [user for user in User.objects]\n",
    "a lambda": "f = lambda: [user for user in User.objects]\n",
}
AT_IMPORT = {
    "not a program": "if __name__ != '__main__':\n    connect('shop')\n",
    "another name": "if __name__ == 'shop':\n    connect('shop')\n",
    "else of a program": "if __name__ == '__main__':\n    pass\nelse:\n    connect('shop')\n",
    "a loop": "for user in User.objects: pass\n",
    "a comprehension": "NAMES = [user.name for user in User.objects]\n",
    "a default": "def f(user=User.objects.first()): pass\n",
    "a keyword of a class": "class A(user=User.objects.first()): pass\n",
    "an except": "try: pass\nexcept User.objects.wrong(): pass\n",
    "a guard": "match 1:\n    case 1 if User.objects.first(): pass\n",
}


@pytest.mark.parametrize("name", [*NOT_AT_IMPORT, *AT_IMPORT])
def test_only_what_importing_runs_is_state(sources: Sources, name: str) -> None:
    text = {**NOT_AT_IMPORT, **AT_IMPORT}[name]
    sources.write(
        "shop.py",
        f"from mongoengine import connect\nfrom modelguard import Document\nclass User(Document): pass\n{text}",
    )

    assert sources.codes() == ["MG12"] * (name in AT_IMPORT)


CLASS = "class Fake(Document): pass\n"
ISOLATED = {
    "fixture": f"def test(tmp_path, isolated_models):\n    {CLASS}",
    "async": f"async def test(*, isolated_models):\n    {CLASS}",
    "mark": f"@pytest.mark.usefixtures('a', 'isolated_models')\ndef test():\n    {CLASS}",
    "mark of a class": f"@pytest.mark.usefixtures('isolated_models')\nclass Test:\n    def test(self):\n        {CLASS}",
    "context": f"def test():\n    with modelguard.isolated():\n        {CLASS}",
    "context at the top": f"with modelguard.isolated():\n    {CLASS}",
    "beside another": f"from modelguard import isolated\ndef test():\n    with open('x'), isolated() as _:\n        {CLASS}",
    "mark of the file": f"pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures('isolated_models')]\ndef test():\n    {CLASS}",
    "deeper": f"def test(isolated_models):\n    for _ in range(2):\n        {CLASS}",
}
OPEN = {
    "another fixture": f"def test(isolated):\n    {CLASS}",
    "another mark": f"@pytest.mark.usefixtures('isolated')\ndef test():\n    {CLASS}",
    "another mark of the file": f"pytestmark = pytest.mark.asyncio('isolated_models')\ndef test():\n    {CLASS}",
    "another context": f"with open('x'):\n    {CLASS}",
    "no call": f"with modelguard.isolated:\n    {CLASS}",
    "after the context": f"def test():\n    with modelguard.isolated():\n        pass\n    {CLASS}",
    "beside the test": f"def test(isolated_models): pass\ndef other():\n    {CLASS}",
}


@pytest.mark.parametrize("name", [*ISOLATED, *OPEN])
def test_a_model_that_is_put_back_may_stand_anywhere(sources: Sources, name: str) -> None:
    sources.write("base.py", f"from modelguard import Document\n{CLASS}")
    text = {**ISOLATED, **OPEN}[name]
    sources.write("test_shop.py", f"import modelguard, pytest\nfrom modelguard import Document\n{text}")

    assert [code for code in sources.codes() if code != "MG08"] == ["MG05"] * (name in OPEN)
    assert ("MG08" in sources.codes()) == (name in {"another context", "no call"})  # both of them are for good
