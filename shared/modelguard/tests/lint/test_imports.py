"""MG02, MG03 and MG04: every import of models that is not static and at the top is found, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shared.modelguard.tests.lint.conftest import Sources

PROJECT = """
# shop/__init__.py
# shop/states.py
OPEN = "open"
# shop/tasks.py
def run(): pass
# shop/models/__init__.py
from shop.models.user import User

__all__ = ["User"]
# shop/models/user.py
from modelguard import Document


class User(Document):
    pass
"""

# The 13 ways, and variants of each: how it is written, and the rule that finds it.
PLANTED = {
    "function": ("def f():\n    from shop.models import User\n", "MG02"),
    "function, module": ("def f():\n    import shop.models.user\n", "MG02"),
    "function, renamed": ("def f():\n    import shop.models.user as u\n", "MG02"),
    "function, relative": ("def f():\n    from .models.user import User\n", "MG02"),
    "function, submodule": ("def f():\n    from shop.models import user\n", "MG02"),
    "function, package": ("def f():\n    from shop import models\n", "MG02"),
    "async function": ("async def f():\n    from shop.models import User\n", "MG02"),
    "method": ("class A:\n    def f(self):\n        from shop.models import User\n", "MG02"),
    "function, under if": ("def f(a):\n    if a:\n        from shop.models import User\n", "MG02"),
    "class body": ("class A:\n    from shop.models import User\n", "MG02"),
    "if": ("import os\nif os.name:\n    from shop.models import User\n", "MG03"),
    "else": ("import os\nif os.name:\n    pass\nelse:\n    from shop.models import User\n", "MG03"),
    "elif": ("import os\nif os.name:\n    pass\nelif os.sep:\n    import shop.models\n", "MG03"),
    "else of TYPE_CHECKING": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import shop.models\n", "MG03"),
    "not TYPE_CHECKING": ("from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import shop.models\n", "MG03"),
    "try": ("try:\n    from shop.models import User\nexcept ImportError:\n    pass\n", "MG03"),
    "except": ("try:\n    import json\nexcept ImportError:\n    from shop.models import User\n", "MG03"),
    "else of try": ("try:\n    import json\nexcept ImportError:\n    pass\nelse:\n    import shop.models\n", "MG03"),
    "finally": ("try:\n    import json\nfinally:\n    from shop.models import User\n", "MG03"),
    "except group": ("try:\n    from shop.models import User\nexcept* ImportError:\n    pass\n", "MG03"),
    "with": ("import contextlib\nwith contextlib.suppress(Exception):\n    from shop.models import User\n", "MG03"),
    "for": ("for _ in range(3):\n    from shop.models import User\n", "MG03"),
    "else of for": ("for _ in range(3):\n    pass\nelse:\n    from shop.models import User\n", "MG03"),
    "while": ("while True:\n    from shop.models import User\n    break\n", "MG03"),
    "match": ("import os\nmatch os.name:\n    case 'posix':\n        from shop.models import User\n", "MG03"),
    "main": ("if __name__ == '__main__':\n    from shop.models import User\n", "MG03"),
    "import_module": ("import importlib\nimportlib.import_module('shop.models.user')\n", "MG04"),
    "import_module by keyword": ("import importlib\nimportlib.import_module(name='shop.models')\n", "MG04"),
    "import_module, relative": ("import importlib\nimportlib.import_module('.user', 'shop.models')\n", "MG04"),
    "import_module, own package": ("import importlib\nimportlib.import_module('.models', package=__package__)\n", "MG04"),
    "import_module, two dots": ("import importlib\nimportlib.import_module('..models.user', 'shop.tasks')\n", "MG04"),
    "import_module, in a function": ("import importlib\ndef f():\n    return importlib.import_module('shop.models')\n", "MG04"),
    "import_module, in a lambda": ("import importlib\nf = lambda: importlib.import_module('shop.models')\n", "MG04"),
    "import_module, in a comprehension": ("import importlib\nf = [importlib.import_module('shop.models') for _ in '1']\n", "MG04"),
    "import_module, as a default": ("import importlib\ndef f(a=importlib.import_module('shop.models')): pass\n", "MG04"),
    "computed": ("import importlib\ndef f(name):\n    importlib.import_module(name)\n", "MG04"),
    "computed in a loop": ("import importlib\nfor n in ('user',):\n    importlib.import_module('shop.models.' + n)\n", "MG04"),
    "computed by a call": ("import importlib\nimportlib.import_module(input())\n", "MG04"),
    "constant": ("import importlib\nN = 'shop.models'\nimportlib.import_module(N)\n", "MG04"),
    "constant in a function": ("import importlib\ndef f():\n    n = 'shop.models'\n    importlib.import_module(n)\n", "MG04"),
    "sum of constants": ("import importlib\nP = 'shop'\nimportlib.import_module(P + '.' + 'models')\n", "MG04"),
    "f-string": ("import importlib\nP = 'models'\nimportlib.import_module(f'shop.{P}.user')\n", "MG04"),
    "join": ("import importlib\nimportlib.import_module('.'.join(['shop', 'models']))\n", "MG04"),
    "two bindings": ("import importlib\nN = 'shop.tasks'\nN = 'shop.models'\nimportlib.import_module(N)\n", "MG04"),
    "alias by import": ("from importlib import import_module as load\nload('shop.models')\n", "MG04"),
    "alias of the module": ("import importlib as i\ni.import_module('shop.models')\n", "MG04"),
    "alias by assignment": ("import importlib\nload = importlib.import_module\nload('shop.models')\n", "MG04"),
    "alias in a function": ("import importlib\ndef f():\n    load = importlib.import_module\n    load('shop.models')\n", "MG04"),
    "alias of an alias": ("from importlib import import_module as a\nb = a\nc = b\nc('shop.models')\n", "MG04"),
    "getattr": ("import importlib\ngetattr(importlib, 'import_module')('shop.models')\n", "MG04"),
    "handed over": ("import importlib\nlist(map(importlib.import_module, ['shop.models']))\n", "MG04"),
    "a fallback": ("try:\n    from six import import_module as load\nexcept ImportError:\n    from importlib import import_module as load\nload('shop.models')\n", "MG04"),
    "either of two": ("import importlib\nload = importlib.import_module if print else None\nload('shop.models')\n", "MG04"),
    "one of a tuple": ("import importlib\nload, other = importlib.import_module, 1\nload('shop.models')\n", "MG04"),
    "a walrus": ("import importlib\nif load := importlib.import_module:\n    load('shop.models')\n", "MG04"),
    "a default": ("import importlib\ndef f(name, load=importlib.import_module):\n    load('shop.models')\n", "MG04"),
    "a default by keyword": ("import importlib\ndef f(*, load=importlib.import_module):\n    load('shop.models')\n", "MG04"),
    "an alias in a class": ("import importlib\nclass A:\n    load = importlib.import_module\nA.load('shop.models')\n", "MG04"),
    "a global": ("import importlib\ndef f():\n    global load\n    load = importlib.import_module\ndef g():\n    load('shop.models')\n", "MG04"),
    "a star of importlib": ("from importlib import *\nimport_module('shop.models')\n", "MG04"),
    "vars": ("import importlib\nvars(importlib)['import_module']('shop.models')\n", "MG04"),
    "__dict__": ("import builtins\nbuiltins.__dict__['__import__']('shop.models')\n", "MG04"),
    "__builtins__": ("__builtins__.__import__('shop.models')\n", "MG04"),
    "an item of __builtins__": ("__builtins__['exec']('import shop.models')\n", "MG04"),
    "sys.modules": ("import sys\nsys.modules['importlib'].import_module('shop.models')\n", "MG04"),
    "importlib imported so": ("__import__('importlib').import_module('shop.models')\n", "MG04"),
    "importlib imported so, with a name": ("import importlib\ni = importlib.import_module('importlib')\ni.import_module('shop.models')\n", "MG04"),
    "put into a dict": ("import importlib\nLOADERS = {'a': importlib.import_module}\n", "MG04"),
    "returned": ("import importlib\ndef f():\n    return importlib.import_module\n", "MG04"),
    "in a lambda": ("import importlib\nf = lambda: importlib.import_module('shop.models')\n", "MG04"),
    "in a comprehension": ("import importlib\nM = [importlib.import_module(n) for n in ('shop.models',)]\n", "MG04"),
    "a decorator": ("import importlib\n@importlib.import_module('shop.models').User.wrap\ndef f(): pass\n", "MG04"),
    "an except": ("import importlib\ntry: pass\nexcept importlib.import_module('shop.models').User.DoesNotExist: pass\n", "MG04"),
    "a guard": ("import importlib\nmatch 1:\n    case 1 if importlib.import_module('shop.models'): pass\n", "MG04"),
    "a metaclass": ("import importlib\nclass A(metaclass=importlib.import_module('shop.models').Meta): pass\n", "MG04"),
    "fromlist": ("__import__('shop', globals(), locals(), ['tasks', 'models'])\n", "MG04"),
    "fromlist by keyword": ("__import__('shop', fromlist=('models',))\n", "MG04"),
    "level": ("__import__('models', globals(), locals(), [], 1)\n", "MG04"),
    "partial": ("import importlib, functools\nf = functools.partial(importlib.import_module, 'shop.models')\n", "MG04"),
    "__import__": ("__import__('shop.models')\n", "MG04"),
    "builtins.__import__": ("import builtins\nbuiltins.__import__('shop.models')\n", "MG04"),
    "importlib.__import__": ("import importlib\nimportlib.__import__('shop.models.user')\n", "MG04"),
    "__import__ computed": ("import sys\n__import__(sys.argv[1])\n", "MG04"),
    "spec_from_file_location": ("import importlib.util\nimportlib.util.spec_from_file_location('u', 'shop/models/user.py')\n", "MG04"),
    "spec, from": ("from importlib.util import spec_from_file_location as s\ns('u', location='./shop/models/user.py')\n", "MG04"),
    "spec, computed": ("import importlib.util\ndef f(p):\n    importlib.util.spec_from_file_location('u', p)\n", "MG04"),
    "SourceFileLoader": ("from importlib.machinery import SourceFileLoader\nSourceFileLoader('u', 'shop/models/user.py')\n", "MG04"),
    "run_module": ("import runpy\nrunpy.run_module('shop.models.user')\n", "MG04"),
    "run_path": ("import runpy\nrunpy.run_path('shop/models/user.py')\n", "MG04"),
    "reload": ("import importlib\nimport shop.models.user\nimportlib.reload(shop.models.user)\n", "MG04"),
    "reload, renamed": ("from importlib import reload as again\nfrom shop.models import user\nagain(user)\n", "MG04"),
    "reload, computed": ("import importlib, sys\nimportlib.reload(sys.modules['shop.models'])\n", "MG04"),
    "exec": ("exec('from shop.models import User')\n", "MG04"),
    "exec of a constant": ("C = 'import shop.models'\nexec(C)\n", "MG04"),
    "exec of a function": ("exec('def f():\\n  import shop.models')\n", "MG04"),
    "exec of exec": ("exec('exec(\"import shop.models\")')\n", "MG04"),
    "exec of import_module": ("exec('import importlib as i; i.import_module(\"shop.models\")')\n", "MG04"),
    "exec, computed": ("exec(open('x').read())\n", "MG04"),
    "eval": ("eval('__import__(\"shop.models\")')\n", "MG04"),
    "exec, computed by a call": ("def f(t):\n    exec(t.render())\n", "MG04"),
    "eval of eval": ("eval('eval(\"__import__(\\\\\"shop.models\\\\\")\")')\n", "MG04"),
    "eval, computed in an f-string": ("def f(n):\n    eval(f'__import__({n!r})')\n", "MG04"),
    "eval, computed by a sum": ("def f(n):\n    eval('import_module(\"' + n + '\")')\n", "MG04"),
    "eval, computed by %": ("def f(n):\n    eval('__import__(\"%s\")' % n)\n", "MG04"),
    "eval, computed by format": ("def f(n):\n    eval('__import__({!r})'.format(n))\n", "MG04"),
    "eval, computed by a template": ("T = '__import__(\"{}\")'\ndef f(n):\n    eval(T.format(n))\n", "MG04"),
    "eval, computed before": ("def f(n):\n    code = '__import__(\"' + n + '\")'\n    eval(code)\n", "MG04"),
    "eval, computed around": ("import textwrap\ndef f(n):\n    eval(textwrap.dedent(f'exec({n!r})'))\n", "MG04"),
    "eval by keyword": ("def f(n):\n    eval(source=f'importlib.reload({n})')\n", "MG04"),
    "eval of compiled code": ("def f(t, how):\n    eval(compile(t, 'x', how))\n", "MG04"),
    "eval of code compiled before": ("code = compile(open('x').read(), 'x', 'exec')\neval(code)\n", "MG04"),
    "% of constants": ("import importlib\nimportlib.import_module('%s.%s' % ('shop', 'models'))\n", "MG04"),
    "% of one constant": ("import importlib\nP = 'models'\nimportlib.import_module('shop.%s' % P)\n", "MG04"),
    "format of constants": ("import importlib\nimportlib.import_module('{}.{}'.format('shop', 'models'))\n", "MG04"),
    "format by place": ("import importlib\nimportlib.import_module('{1}.{0}'.format('models', 'shop'))\n", "MG04"),
    "format by name": ("import importlib\nimportlib.import_module('shop.{a}'.format(a='models'))\n", "MG04"),
    "format, computed": ("import importlib\ndef f(n):\n    importlib.import_module('shop.models.{}'.format(n))\n", "MG04"),
    "format of many": ("import importlib\ndef f(n):\n    importlib.import_module('{}.{}'.format(*n))\n", "MG04"),
    "format, broken": ("import importlib\nimportlib.import_module('shop.{'.format('models'))\n", "MG04"),
    "format of a width": ("import importlib\nimportlib.import_module('{:{}}.{}'.format('shop', 4, 'models'))\n", "MG04"),
    "%, computed": ("import importlib\ndef f(n):\n    importlib.import_module('shop.%s' % n)\n", "MG04"),
    "spec_from_loader": ("import importlib.util\ndef f(l):\n    importlib.util.spec_from_loader('shop.models', l)\n", "MG04"),
    "spec_from_loader, computed": ("import importlib.util\ndef f(n, l):\n    importlib.util.spec_from_loader(n, loader=l)\n", "MG04"),
    "walk_packages": ("import pkgutil, shop.models\nlist(pkgutil.walk_packages(shop.models.__path__))\n", "MG04"),
    "iter_modules of the package above": ("import pkgutil, shop\nlist(pkgutil.iter_modules(shop.__path__))\n", "MG04"),
    "iter_modules, computed": ("import pkgutil\ndef f(p):\n    list(pkgutil.iter_modules([p]))\n", "MG04"),
    "resolve_name": ("import pkgutil\npkgutil.resolve_name('shop.models:User')\n", "MG04"),
    "locate": ("import pydoc\npydoc.locate('shop.models.user.User')\n", "MG04"),
}  # fmt: skip

ALLOWED = {
    "top": "import shop.models\nfrom shop.models import User\nfrom .models.user import User as U\n",
    "TYPE_CHECKING": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.models import User\n",
    "typing.TYPE_CHECKING": "import typing\nif typing.TYPE_CHECKING:\n    from shop.models import User\n",
    "TYPE_CHECKING in a function": "from typing import TYPE_CHECKING\ndef f():\n    if TYPE_CHECKING:\n        import shop.models\n",
    "another module in a function": "def f():\n    from shop.tasks import run\n    from shop.states import OPEN\n    import json\n",
    "another module under if": "import os\nif os.name:\n    from shop import tasks\n",
    "another library's models": "def f():\n    from billing.models import User\n",
    "a default of another": "import importlib\ndef f(load=importlib.import_module):\n    load('shop.tasks')\n",
    "fromlist of another": "__import__('shop', fromlist=['tasks'])\n",
    "an argument of that name": "import importlib\ndef f(load=importlib.import_module): pass\ndef g(load):\n    load('shop.models')\n",
    "a dict of others": "import json\nLOADERS = {'a': json.loads}\n",
    "import_module of another module": "import importlib\nimportlib.import_module('shop.tasks')\n",
    "import_module of a library": "import importlib\nimportlib.import_module('json')\n",
    "constants of another module": "import importlib\nP = 'shop'\nimportlib.import_module(P + '.' + 'tasks')\n",
    "an f-string of another module": "import importlib\nP = 'tasks'\nimportlib.import_module(f'shop.{P}')\n",
    "a join of another module": "import importlib\nimportlib.import_module('.'.join(['shop', 'tasks']))\n",
    "computed in a package without models": "import importlib\ndef f(n):\n    importlib.import_module(f'shop.tasks.{n}')\n",
    "a method of that name": "class A:\n    def import_module(self, n): pass\nA().import_module('shop.models')\n",
    "a function of that name": "def import_module(n): pass\nimport_module('shop.models')\n",
    "another reload": "from gunicorn import reload\nreload('shop.models')\n",
    "reload of another": "import importlib, json\nimportlib.reload(json)\n",
    "eval of a model in training": "def f(net):\n    net.eval()\n    net.exec('x')\n",
    "exec of no import": "exec('x = 1')\n",
    "exec of another import": "exec('import json')\n",
    "exec of no code": "exec('def')\n",
    "eval of a sum": "eval('1 + 1')\n",
    "eval, computed": "eval(input())\n",
    "eval of a rendered text": "def f(jinja, template):\n    text = jinja.render(template, {'import_path': 1})\n    eval(text)\n",
    "eval of a computed sum": "def f(n):\n    eval(f'{n} * 2')\n",
    "eval, handed over": "list(map(eval, ['1', '[2]']))\n",
    "eval of itself": "def f(code):\n    code = code + ' '\n    eval(code)\n",
    "a format of another module": "import importlib\nimportlib.import_module('{}.{}'.format('shop', 'tasks'))\n",
    "a format in a package without models": "import importlib\ndef f(n):\n    importlib.import_module('shop.tasks.{0}'.format(n))\n",
    "% in a package without models": "import importlib\ndef f(n):\n    importlib.import_module('shop.tasks.%s' % n)\n",
    "% of a percent sign": "import importlib\nimportlib.import_module('shop.models%%' % ())\n",
    "an empty module": "import importlib.util\ndef f(n):\n    importlib.util.spec_from_loader(n, loader=None)\n",
    "run_module of another": "import runpy\nrunpy.run_module('shop.tasks')\n",
    "spec of another file": "import importlib.util\nimportlib.util.spec_from_file_location('x', 'conf/settings.py')\n",
    "walk of another": "import pkgutil, json\nlist(pkgutil.walk_packages(json.__path__))\n",
    "find_spec": "import importlib.util\nimportlib.util.find_spec('shop.models')\n",
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_import_is_found_once(sources: Sources, name: str) -> None:
    text, code = PLANTED[name]
    sources.write_all(PROJECT)
    sources.write("shop/planted.py", text)

    found = sources.found()
    assert [(each.path, each.code) for each in found] == [("shop/planted.py", code)]
    assert "write" in found[0].fix or "drop it" in found[0].fix


@pytest.mark.parametrize("name", ALLOWED)
def test_near_misses_are_silent(sources: Sources, name: str) -> None:
    sources.write_all(PROJECT)
    sources.write("shop/planted.py", ALLOWED[name])

    assert sources.found() == []


def test_a_name_that_is_no_model_may_come_from_an_index_late(sources: Sources) -> None:
    sources.write_all(
        PROJECT.replace(
            "# shop/__init__.py\n",
            "# shop/__init__.py\nfrom shop.models import User\nfrom shop.states import OPEN\n__all__ = ['User', 'OPEN']\n",
        )
    )
    sources.write("shop/planted.py", "def f():\n    from shop import OPEN\ndef g():\n    from shop import User\n")

    assert sources.places("MG02") == [("shop/planted.py", 4)]


def test_the_import_to_write_is_the_one_that_stood_there(sources: Sources) -> None:
    sources.write_all(PROJECT)
    sources.write(
        "shop/planted.py",
        "def f():\n    from .models.user import User as U\ndef g():\n    import shop.models as m\ndef h():\n    import shop.models\n",
    )

    assert [each.fix.partition(": ")[2] for each in sources.found()] == [
        "from .models.user import User as U",
        "import shop.models as m",
        "import shop.models",
    ]


@pytest.mark.parametrize("index", ["from . import user", "from shop.models import user", "import shop.models.user"])
def test_an_index_that_imports_its_own_modules_hands_them_on(sources: Sources, index: str) -> None:
    sources.write("shop/__init__.py")
    sources.write("shop/models/__init__.py", f"{index}\n")
    sources.write("shop/models/user.py", "from mongoengine import Document\nclass User(Document): pass\n")
    sources.write(
        "shop/tasks.py",
        "from shop import models\nfrom shop.models import user\nclass A(user.User): pass\nclass B(models.user.User): pass\n"
        "def f():\n    from shop.models import user\ndef g():\n    from shop import models\n",
    )

    assert sources.places("MG01") == [("shop/models/user.py", 2), ("shop/tasks.py", 3), ("shop/tasks.py", 4)]
    assert sources.places("MG02") == [("shop/tasks.py", 6), ("shop/tasks.py", 8)]


def test_an_alias_of_another_file_is_followed(sources: Sources) -> None:
    sources.write_all(PROJECT)
    sources.write("shop/compat.py", "from importlib import import_module\n")
    sources.write("shop/planted.py", "from shop.compat import import_module as load\nload('shop.models')\n")

    assert sources.places("MG04") == [("shop/planted.py", 2)]


def test_the_one_loader_may_compute_names(sources: Sources) -> None:
    sources.write_all(PROJECT)
    text = "import importlib\ndef load(name):\n    importlib.import_module(name)\n"
    sources.write("shop/loader.py", text)
    sources.write("shop/other.py", text)
    sources.settings('loader = "shop.loader"\n')

    assert sources.places("MG04") == [("shop/other.py", 3)]


def test_a_project_without_models_may_import_as_it_likes(sources: Sources) -> None:
    sources.write("tool.py", "import sys\n__import__(sys.argv[1])\nexec(input())\n")

    assert sources.found() == []


def test_a_namespace_package_is_followed(sources: Sources) -> None:
    sources.write("shop/models/user.py", "from modelguard import Document\nclass User(Document): pass\n")
    sources.write(
        "shop/tasks.py", "def f():\n    from shop.models.user import User\ndef g():\n    from .models import user\n"
    )

    assert sources.places("MG02") == [("shop/tasks.py", 2), ("shop/tasks.py", 4)]
