"""Any content has facts: none raises, and all of them survive the cache."""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from modelguard.lint.facts import Facts, from_json
from modelguard.lint.reading import facts_of

LINES = [
    "import a.b.c as d", "from . import x", "from ..a import *", "class A(B, c.D[E], f(), *g): x: int = F('a', k=[G, 'b'])",
    "class A(B):\n  meta = {**M, 'abstract': True, 'collection': f'{x}y', 1: 2}", "@a.b(1)\n@c\nclass A(B): pass",
    "def f(a=exec('x'), *b, **c): return lambda: __import__(a)", "if TYPE_CHECKING:\n  import a\nelif x:\n  import b\nelse:\n  import c",
    "try:\n  import a\nexcept* E as e:\n  pass\nelse:\n  import b\nfinally:\n  import c", "match x:\n  case {'a': [1, *y]}:\n    import a",
    "with a as (b, c), d as e:\n  import f", "for a, (b, *c) in d:\n  import e\nelse:\n  import f", "while (x := reload(y)): import z",
    "__all__ = ['a', b]", "__all__ += ['c']", "a = b = c.d", "a, *b = c", "a: int", "a[0] = b.c = exec", "getattr(a, 'b')('c')",
    "x = '\\ud800' 'b'", "y = f'{a!r:>{b}}c' + 'd' % e", "','.join(['a', *b])", "del a", "global a", "async def f():\n  await exec(x)",
    "# modelguard: allow MG01 because x", "x = 1 # modelguard: allow", "\f\\\n", "type X = int", "\t x", "'", "(", "é = ß.ü",
]  # fmt: skip
texts = st.lists(st.sampled_from(LINES), max_size=8).map("\n".join)


@settings(max_examples=200, deadline=None)
@given(data=texts.map(lambda text: text.encode(errors="surrogatepass")) | st.binary(max_size=40))
@example(data=b"")
@example(data=b"\xef\xbb\xbfx\r\ny\r")
def test_reading_never_raises_and_facts_survive_the_cache(data: bytes) -> None:
    facts = facts_of(data)

    assert isinstance(facts, Facts)
    assert from_json(json.loads(json.dumps(facts))) == facts
