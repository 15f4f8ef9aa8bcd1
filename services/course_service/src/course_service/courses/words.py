"""Words as a search compares them, and normal forms as lists sort by them. Pure."""

import re
import unicodedata

MOST_ASKED = 8
"""Words of one search that count; more only narrow what eight have found."""
LONGEST = 40
"""Characters of a word, and of what titles are sorted by, that count."""

_WORD = re.compile(r"[^\W_]+")
_WITHOUT_BLANKS = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
"""Kana and Chinese characters: words of these scripts are not parted, so each character counts as one."""


def folded(text: str) -> str:
    """Return the form in which case, accents and compatibility forms make no difference."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare)


def sort_key(text: str) -> str:
    """Return what a title is sorted by."""
    return " ".join(folded(text).split())[:LONGEST]


def name_key(text: str) -> str:
    """Return the form in which two spellings of a subject or a language are equal, as allocation compares them."""
    return " ".join(text.split()).casefold()


def tokens(*texts: str) -> list[str]:
    """Return the different words of texts, sorted."""
    return sorted({word[:LONGEST] for text in texts for word in _words(text)})


def asked(text: str) -> list[str]:
    """Return the words that a search is for, in their order."""
    return list(dict.fromkeys(word[:LONGEST] for word in _words(text)))[:MOST_ASKED]


def _words(text: str) -> list[str]:
    return _WORD.findall(_WITHOUT_BLANKS.sub(r" \1 ", folded(text)))
