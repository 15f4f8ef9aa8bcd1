"""What a finding says to write for an import can be written as it stands: then the finding is gone, and there is no other."""

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


def late(line: str) -> str:
    return MODELS + f"# shop/tasks.py\ndef run():\n    {line}\n"


def top(lines: str) -> str:
    return f"# shop/tasks.py\n{lines}\ndef run(): pass\n"


# Files with a finding, its code, what it says to do, the files that change then, and what the settings gain.
CASES: dict[str, tuple[str, ...]] = {
    "02 one name": (
        late("from shop.models import User"), "MG02",
        "write at the top of the file: from shop.models import User", top("from shop.models import User"),
    ),
    "02 a relative one": (
        late("from .models.user import User as U"), "MG02",
        "write at the top of the file: from .models.user import User as U", top("from .models.user import User as U"),
    ),
    "02 a module": (
        late("import shop.models.user"), "MG02",
        "write at the top of the file: import shop.models.user", top("import shop.models.user"),
    ),
    "02 twice": (
        MODELS + "# shop/tasks.py\nfrom shop.models import Role, User\ndef run():\n    from shop.models import User\n", "MG02",
        "drop it: line 1 imports the same", top("from shop.models import Role, User"),
    ),
    "02 in a class": (
        MODELS + "# shop/tasks.py\nclass Task:\n    from shop.models import User\n", "MG02",
        "write at the top of the file: from shop.models import User", top("from shop.models import User"),
    ),
    "02 a circle through the index": (
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nclass User(Document):\n"
        "    def role(self):\n        from shop.models import Role as R\n        return R\n",
        "MG02",
        "write at the top of the file, from where it is defined: from shop.models.role import Role as R",
        ("# shop/models/user.py\nfrom modelguard import Document\nfrom shop.models.role import Role as R\n"
        "class User(Document):\n    def role(self):\n        return R\n"),
    ),
    "02 a circle": (
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.models.role import Role\n"
        "class User(Document):\n    role = Role\n"
        "# shop/models/role.py\nfrom modelguard import Document\nclass Role(Document):\n"
        "    def users(self):\n        from shop.models.user import User\n        return User\n",
        "MG02",
        ("at the top it would close a circle, for shop.models.user leads back to shop.models.role; "
        'write here: User = modelguard.require("User"), and at the top: import modelguard'),
        ("# shop/models/role.py\nimport modelguard\nfrom modelguard import Document\nclass Role(Document):\n"
        '    def users(self):\n        User = modelguard.require("User")\n        return User\n'),
    ),
    "02 no circle, where the way back is for types or late": (
        MODELS + "# shop/models/user.py\nfrom typing import TYPE_CHECKING\nfrom modelguard import Document\n"
        "if TYPE_CHECKING:\n    from shop.models.role import Role\nclass User(Document):\n    def role(self) -> 'Role':\n"
        "        from shop.models.role import Role  # modelguard: allow MG02 because of the circle\n        return Role\n"
        "# shop/models/role.py\nfrom modelguard import Document\nclass Role(Document):\n"
        "    def users(self):\n        from shop.models.user import User\n        return User\n",
        "MG02", "write at the top of the file: from shop.models.user import User",
        ("# shop/models/role.py\nfrom modelguard import Document\nfrom shop.models.user import User\n"
        "class Role(Document):\n    def users(self):\n        return User\n"),
    ),
    "02 a circle through an index that gives another name": (
        MODELS + "# shop/models/__init__.py\nfrom shop.models.role import Role\nfrom shop.models.user import User as Member\n"
        '__all__ = ["Member", "Role"]\n'
        "# shop/models/role.py\nfrom modelguard import Document\nclass Role(Document):\n"
        "    def users(self):\n        from shop.models import Member\n        return Member\n",
        "MG02", "write at the top of the file, from where it is defined: from shop.models.user import User as Member",
        ("# shop/models/role.py\nfrom modelguard import Document\nfrom shop.models.user import User as Member\n"
        "class Role(Document):\n    def users(self):\n        return Member\n"),
    ),
    "02 a circle through the package around a module": (
        MODELS + "# shop/models/__init__.py\nfrom shop.models.role import Role\nfrom shop.models.user import User\n"
        '__all__ = ["Role", "User"]\ndef run():\n    from shop.tasks import Task\n'
        "# shop/tasks.py\nfrom modelguard import Document\nfrom shop.models.user import User\n"
        "class Task(Document):\n    user = User\n",
        "MG02",
        ("at the top it would close a circle, for shop.tasks leads back to shop.models; "
        'write here: Task = modelguard.require("Task"), and at the top: import modelguard'),
        ("# shop/models/__init__.py\nimport modelguard\nfrom shop.models.role import Role\nfrom shop.models.user import User\n"
        '__all__ = ["Role", "User"]\ndef run():\n    Task = modelguard.require("Task")\n'),
    ),
    "02 no circle between a package and its own modules": (
        MODELS + "# shop/models/__init__.py\nfrom shop.models.role import Role\n__all__ = ['Role', 'User']\n"
        "def run():\n    from shop.models.user import User\n"
        "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.models.role import Role\n"
        "class User(Document):\n    role = Role\n",
        "MG02", "write at the top of the file: from shop.models.user import User",
        ("# shop/models/__init__.py\nfrom shop.models.role import Role\nfrom shop.models.user import User\n"
        "__all__ = ['Role', 'User']\n"),
    ),
    "02 a circle through the package above the target": (
        ("# shop/__init__.py\nfrom tool import run\nRUN = run\n"
        "# shop/user.py\nfrom modelguard import Document\nclass User(Document): pass\n"
        "# tool.py\ndef run():\n    from shop.user import User\n    return User\n"),
        "MG02",
        ("at the top it would close a circle, for shop.user leads back to tool; "
        'write here: User = modelguard.require("User"), and at the top: import modelguard'),
        '# tool.py\nimport modelguard\ndef run():\n    User = modelguard.require("User")\n    return User\n',
    ),
    "02 a circle, and no model": (
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.tasks import run\n"
        "class User(Document):\n    run = run\nLIMIT = 3\n"
        "# shop/tasks.py\ndef run():\n    from shop.models.user import LIMIT\n",
        "MG02",
        ("at the top it would close a circle, for shop.models.user leads back to shop.tasks; "
        "move what both need into a file of its own"),
        ("# shop/limits.py\nLIMIT = 3\n# shop/tasks.py\nfrom shop.limits import LIMIT\ndef run(): return LIMIT\n"
        "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.tasks import run\n"
        "class User(Document):\n    run = run\n"),
    ),
    "03 try": (
        MODELS + "# shop/tasks.py\ntry:\n    from shop.models import User\nexcept ImportError:\n    User = None\n", "MG03",
        "write at the top of the file: from shop.models import User", top("from shop.models import User"),
    ),
    "03 a circle under a condition, where no look-up helps": (
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.models.role import Role\n"
        "class User(Document):\n    role = Role\n"
        "# shop/models/role.py\nimport os\nfrom modelguard import Document\nif os.name:\n"
        "    from shop.models.user import User\nclass Role(Document): pass\n",
        "MG03",
        ("at the top it would close a circle, for shop.models.user leads back to shop.models.role; "
        "move what both need into a file of its own"),
        MODELS,
    ),
    "02 a circle, and a module that is imported for what it does": (
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nfrom shop import hooks\n"
        "class User(Document):\n    hooks = hooks\n"
        "# shop/hooks.py\ndef init():\n    from shop.models import user\n",
        "MG02",
        ("at the top it would close a circle, for shop.models.user leads back to shop.hooks; "
        "import shop.models.user where the program starts"),
        "# shop/hooks.py\n# shop/program.py\nimport shop.hooks\nimport shop.models.user\n",
    ),
    "03 a circle under a condition": (
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nimport os\nif os.name:\n"
        "    import shop.models\nclass User(Document): pass\n",
        "MG03",
        ("at the top it would close a circle, for shop.models leads back to shop.models.user; "
        "import shop.models where the program starts"),
        "# shop/models/user.py\nfrom modelguard import Document\nclass User(Document): pass\n",
    ),
    "04 a name": (
        MODELS + "# shop/tasks.py\nimport importlib\nimportlib.import_module('shop.models.user')\n", "MG04",
        "write at the top of the file: import shop.models.user", "# shop/tasks.py\nimport shop.models.user\n",
    ),
    "04 a walk": (
        MODELS + "# shop/tasks.py\nimport pkgutil\nimport shop.models\nNAMES = list(pkgutil.iter_modules(shop.models.__path__))\n",
        "MG04",
        (
            "write at the top of the file: import shop.models; "
            "and let its __init__.py import each by name, as in: from shop.models.role import Role"
        ),
        "# shop/tasks.py\nimport shop.models\n",
    ),
    "04 a reload": (
        MODELS + "# shop/tasks.py\nimport importlib\nimport shop.models\nimportlib.reload(shop.models)\n", "MG04",
        "drop it, and start the process again when code has changed", "# shop/tasks.py\nimport shop.models\n",
    ),
    "04 a computed name": (
        MODELS + "# shop/tasks.py\nimport importlib, sys\nimportlib.import_module(sys.argv[1])\n", "MG04",
        (
            "write the imports out, at the top of the package that owns the models, as in: from shop.models.role import Role; "
            'or, add to [tool.modelguard]: loader = "shop.tasks"'
        ),
        "", 'loader = "shop.tasks"\n',
    ),
    "04 a computed text": (
        MODELS + "# shop/tasks.py\nimport sys\nexec(sys.argv[1])\n", "MG04",
        'write the code out, or call a function by its name; or, add to [tool.modelguard]: loader = "shop.tasks"',
        "", 'loader = "shop.tasks"\n',
    ),
    "11 a second name": (
        MODELS + "# shop/a.py\nfrom shop.models.user import User\n# shop/b.py\nfrom models.user import User as U, User\n", "MG11",
        "write: from shop.models.user import User as U, User; and keep one folder of the two on sys.path",
        "# shop/b.py\nfrom shop.models.user import User as U, User\n",
    ),
    "11 a module": (
        MODELS + "# shop/a.py\nfrom shop.models import user\n# shop/b.py\nfrom models import user\n", "MG11",
        "write: from shop.models import user; and keep one folder of the two on sys.path",
        "# shop/b.py\nfrom shop.models import user\n",
    ),
    "11 import": (
        ("# shop/__init__.py\n# shop/user.py\nfrom modelguard import Document\nclass User(Document): pass\n"
        "# shop/a.py\nimport shop.user\n# shop/b.py\nimport user\n"),
        "MG11", "write: import shop.user as user; and keep one folder of the two on sys.path",
        "# shop/b.py\nimport shop.user as user\n",
    ),
    "14 through the index": (
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nfrom shop.models import Role\n"
        "class User(Document):\n    role = Role\n",
        "MG14", "write, from where it is defined: from shop.models.role import Role",
        ("# shop/models/user.py\nfrom modelguard import Document\nfrom shop.models.role import Role\n"
        "class User(Document):\n    role = Role\n"),
    ),
    "14 the index as a whole": (
        MODELS + "# shop/models/user.py\nfrom modelguard import Document\nfrom shop import models\nclass User(Document): pass\n", "MG14",
        ('drop this import, and name its models: in fields by a text, as in ReferenceField("Role"), '
        'in methods by modelguard.require("Role")'),
        MODELS,
    ),
    "14 the index as a whole, with an abstract base in front": (
        MODELS + "# shop/models/__init__.py\nfrom shop.models.base import Base\nfrom shop.models.role import Role\n"
        'from shop.models.user import User\n__all__ = ["Base", "Role", "User"]\n'
        "# shop/models/base.py\nfrom modelguard import Document\nclass Base(Document):\n    meta = {'abstract': True}\n"
        "# shop/models/role.py\nfrom shop import models\nfrom shop.models.base import Base\nclass Role(Base): pass\n",
        "MG14",
        (
            'drop this import, and name its models: in fields by a text, as in ReferenceField("User"), '
            'in methods by modelguard.require("User")'
        ),
        "# shop/models/role.py\nfrom shop.models.base import Base\nclass Role(Base): pass\n",
    ),
    "14 two": (
        ("# shop/__init__.py\n# shop/a.py\nfrom modelguard import Document\nfrom mongoengine import ReferenceField\n"
        "from shop.b import B\nclass A(Document):\n    b = ReferenceField(B)\n"
        "# shop/b.py\nfrom modelguard import Document\nfrom shop.a import A\nclass B(Document):\n    a = A\n"),
        "MG14",
        ('drop this import, and name its models: in fields by a text, as in ReferenceField("B"), '
        'in methods by modelguard.require("B")'),
        ("# shop/a.py\nfrom modelguard import Document\nfrom mongoengine import ReferenceField\n"
        'class A(Document):\n    b = ReferenceField("B")\n'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_taking_the_advice_leaves_no_finding(take_advice: Callable[..., None], name: str) -> None:
    take_advice(*CASES[name])


def test_a_conditional_star_is_told_the_names(sources: Sources) -> None:
    sources.write_all(MODELS + "# shop/tasks.py\nimport os\nif os.name:\n    from shop.models import *\n")

    assert [each.fix for each in sources.found() if each.code == "MG03"] == [
        "write at the top of the file: from shop.models import Role, User"
    ]


def test_where_there_is_a_loader_a_computed_name_belongs_there(sources: Sources) -> None:
    sources.write_all(
        MODELS + "# shop/loader.py\n# shop/tasks.py\nimport importlib, sys\nimportlib.import_module(sys.argv[1])\n"
    )
    sources.settings('loader = "shop.loader"\n')

    assert [each.fix.rpartition("; ")[2] for each in sources.found()] == ["or, do it in shop.loader, which may"]


@pytest.mark.parametrize("path", ["tests/fakes.py", "shop/test_user.py", "benchmarks/load.py"])
def test_a_model_of_tests_is_no_example(sources: Sources, path: str) -> None:
    sources.write(path, "from modelguard import Document\nclass Fake(Document): pass\n")
    sources.write("z.py", "import importlib, sys\nimportlib.import_module(sys.argv[1])\n")

    [fix] = [each.fix for each in sources.found()]
    assert "Fake" not in fix
    sources.write("shop/user.py", "from modelguard import Document\nclass User(Document): pass\n")
    [fix] = [each.fix for each in sources.found()]
    assert "as in: from shop.user import User;" in fix
