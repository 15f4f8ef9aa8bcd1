"""Words as a search compares them. Pure."""

import re
import unicodedata

MOST_KEPT = 500
"""Different words of one message that can be found."""
MOST_ASKED = 8
"""Words of one search that count; more only narrow what eight have found."""
LONGEST = 40
"""Characters of a word that count."""

_WORD = re.compile(r"[^\W_]+")
_WITHOUT_BLANKS = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
"""Kana and Chinese characters: words of these scripts are not parted, so each character counts as one."""


def kept(text: str) -> list[str]:
    """Return the different words by which a message is found, in their order."""
    return _different(text, MOST_KEPT)


def asked(text: str) -> list[str]:
    """Return the words that a search is for, in their order."""
    return _different(text, MOST_ASKED)


def _different(text: str, most: int) -> list[str]:
    words = _WORD.findall(_WITHOUT_BLANKS.sub(r" \1 ", _folded(text)))
    return list(dict.fromkeys(word[:LONGEST] for word in words))[:most]


def _folded(text: str) -> str:
    """Return the form in which case, accents and compatibility forms make no difference."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare)
