"""What can be read of a text that is put together is what Python makes of it; the rest is a hole, never a guess."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from modelguard.lint.expressions import reduced

if TYPE_CHECKING:
    from modelguard.lint.facts import Expression

READ = [
    "'a' + 'b' + 'c'", "f'a{\"b\"}c'", "'.'.join(['a', 'b', 'c'])", "'a'.join(('b',))",
    "'{}'.format('a')", "'{}{}'.format('a', 'b')", "'x{1}y{0}z'.format('a', 'b')", "'{a}.{b}'.format(b='x', a='y')",
    "'{{}}{}'.format('a')", "'a'.format()", "'{}{}'.format('a' + 'b', f'c{\"d\"}')",
    "'%s' % 'a'", "'%s.%s' % ('a', 'b')", "'%%%s%%' % ('a',)", "'a%%' % ()", "'%s' % ('a' + 'b')", "'%s-%s' % ('%s', 'a')",
]  # fmt: skip
HOLES = [
    "'{!r}'.format('a')", "'{:>4}'.format('a')", "'{:{}}{}'.format('a', 4, 'b')", "'{}{}'.format(*['a', 'b'])",
    "'{0[0]}'.format('ab')", "'{0.real}'.format(1)", "'{}'.format(1)", "'{a}'.format(**{'a': 'b'})", "f'{\"a\"!r}'",
    "f'{\"a\":>4}'", "'%r' % 'a'", "'%5s' % 'a'", "'%-5s' % ('a',)", "'%.1s' % 'ab'", "'%*s' % (4, 'a')", "'%(a)s' % {'a': 'b'}",
    "'%s' % 1", "'%d' % 1", "'%(a)s%%' % {'a': 'b'}",
]  # fmt: skip
BROKEN = ["'{'.format('a')", "'{}'.format()", "'%s%s' % 'a'", "'%y' % 'a'"]


def text_of(expression: Expression) -> str | None:
    match expression:
        case ["text", str(text)]:
            return text
        case ["joined", list(parts)]:
            texts = [text_of(part) for part in parts]
            return None if None in texts else "".join(text for text in texts if text is not None)
    return None


def read(source: str) -> str | None:
    return text_of(reduced(ast.parse(source, mode="eval").body))


@pytest.mark.parametrize("source", READ)
def test_a_text_of_constants_is_read(source: str) -> None:
    assert read(source) == eval(source)  # noqa: S307 - our own text


@pytest.mark.parametrize("source", HOLES)
def test_a_text_that_is_formatted_otherwise_is_not_guessed(source: str) -> None:
    assert isinstance(eval(source), str)  # noqa: S307 - our own text
    assert read(source) is None


@pytest.mark.parametrize("source", BROKEN)
def test_a_text_that_would_fail_is_not_read(source: str) -> None:
    with pytest.raises((ValueError, IndexError, TypeError)):
        eval(source)  # noqa: S307 - our own text

    assert read(source) is None


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("'import {} as %s'.format(name) + f'{a!r} b'", "import  as %s b"),
        ("'{1} {0}'.format(*names, 'a')", " "),
        ("'%s and %s' % names", " and "),
    ],
)
def test_what_stands_around_a_hole_is_read(source: str, known: str) -> None:
    pieces = flat(reduced(ast.parse(source, mode="eval").body))

    assert "".join(piece[1] for piece in pieces if piece[0] == "text") == known


def flat(expression: Expression) -> list[Expression]:
    return [each for part in expression[1] for each in flat(part)] if expression[0] == "joined" else [expression]
