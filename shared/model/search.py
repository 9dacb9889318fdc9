"""Found by typing: words in any order, upper or lower case, with or without accents. Knows no list."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def folded(text: str) -> str:
    """``text`` as it is compared: without case and accents, and with ``fi`` for the one letter that looks like it."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def matches(typed: str, *texts: str) -> bool:
    """Whether each word of ``typed`` is in one of ``texts``, as a word or as a part of one. No word is in all."""
    within = folded("\n".join(texts))
    return all(word in within for word in folded(typed).split())


def found(typed: str, texts: Iterable[str]) -> list[str]:
    """Those of ``texts`` that match, in their order."""
    return [text for text in texts if matches(typed, text)]
