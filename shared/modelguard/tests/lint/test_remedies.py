"""What a finding says to write can be written as it stands: then the finding is gone, and there is no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
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


class Case(NamedTuple):
    """A project with one kind of finding, and the same after its advice was taken.

    Attributes:
        before: the files.
        fix: what the finding says.
        after: the files that change; `fix` is in their text, as far as it is code.
    """

    before: str
    code: str
    fix: str
    after: str


def late(line: str) -> str:
    return MODELS + f"# shop/tasks.py\ndef run():\n    {line}\n"


def top(lines: str) -> str:
    return f"# shop/tasks.py\n{lines}\ndef run(): pass\n"


CASES = {
    "02 one name": Case(
        late("from shop.models import User"), "MG02",
        "write at the top of the file: from shop.models import User", top("from shop.models import User"),
    ),
    "02 a relative one": Case(
        late("from .models.user import User as U"), "MG02",
        "write at the top of the file: from .models.user import User as U", top("from .models.user import User as U"),
    ),
    "02 a module": Case(
        late("import shop.models.user"), "MG02",
        "write at the top of the file: import shop.models.user", top("import shop.models.user"),
    ),
    "02 twice": Case(
        MODELS + "# shop/tasks.py\nfrom shop.models import Role, User\ndef run():\n    from shop.models import User\n", "MG02",
        "drop it: line 1 imports the same", top("from shop.models import Role, User"),
    ),
    "02 in a class": Case(
        MODELS + "# shop/tasks.py\nclass Task:\n    from shop.models import User\n", "MG02",
        "write at the top of the file: from shop.models import User", top("from shop.models import User"),
    ),
    "02 a circle through the index": Case(
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nclass User(Document):\n"
        "    def role(self):\n        from shop.models import Role as R\n        return R\n",
        "MG02",
        "write at the top of the file, from where it is defined: from shop.models.role import Role as R",
        "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.models.role import Role as R\n"
        "class User(Document):\n    def role(self):\n        return R\n",
    ),
    "02 a circle": Case(
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.models.role import Role\n"
        "class User(Document):\n    role = Role\n"
        "# shop/models/role.py\nfrom modelguard import Document\nclass Role(Document):\n"
        "    def users(self):\n        from shop.models.user import User\n        return User\n",
        "MG02",
        "at the top it would close a circle, for shop.models.user leads back to shop.models.role; "
        'write here: User = modelguard.require("User"), and at the top: import modelguard',
        "# shop/models/role.py\nimport modelguard\nfrom modelguard import Document\nclass Role(Document):\n"
        '    def users(self):\n        User = modelguard.require("User")\n        return User\n',
    ),
    "02 a circle, and no model": Case(
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.tasks import run\n"
        "class User(Document):\n    run = run\nLIMIT = 3\n"
        "# shop/tasks.py\ndef run():\n    from shop.models.user import LIMIT\n",
        "MG02",
        "at the top it would close a circle, for shop.models.user leads back to shop.tasks; "
        "move what both need into a file of its own",
        "# shop/limits.py\nLIMIT = 3\n# shop/tasks.py\nfrom shop.limits import LIMIT\ndef run(): return LIMIT\n"
        "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.tasks import run\n"
        "class User(Document):\n    run = run\n",
    ),
    "03 try": Case(
        MODELS + "# shop/tasks.py\ntry:\n    from shop.models import User\nexcept ImportError:\n    User = None\n", "MG03",
        "write at the top of the file: from shop.models import User", top("from shop.models import User"),
    ),
    "03 a circle under a condition": Case(
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nimport os\nif os.name:\n"
        "    import shop.models\nclass User(Document): pass\n",
        "MG03",
        "at the top it would close a circle, for shop.models leads back to shop.models.user; "
        "move what both need into a file of its own",
        "# shop/models/user.py\nfrom modelguard import Document\nclass User(Document): pass\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_advice_is_as_it_should_be(sources: Sources, name: str) -> None:
    case = CASES[name]
    sources.write_all(case.before)

    assert case.fix in [each.fix for each in sources.found() if each.code == case.code]


@pytest.mark.parametrize("name", CASES)
def test_taking_the_advice_leaves_no_finding(sources: Sources, name: str) -> None:
    case = CASES[name]
    sources.write_all(case.before)
    assert {each.code for each in sources.found()} >= {case.code}
    sources.write_all(case.after)

    assert sources.found() == []
    _, _, code = case.fix.partition(": ")
    if code.startswith(("from ", "import ", "class ", "meta = ", "__all__", "def ")):
        assert code in case.after


def test_a_conditional_star_is_told_the_names(sources: Sources) -> None:
    sources.write_all(MODELS + "# shop/tasks.py\nimport os\nif os.name:\n    from shop.models import *\n")

    assert [each.fix for each in sources.found() if each.code == "MG03"] == [
        "write at the top of the file: from shop.models import Role, User"
    ]
