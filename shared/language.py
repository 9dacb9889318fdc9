"""The artist's language: every text of the product comes through one gettext catalogue. Knows no host.

A text is marked where it stands: ``tr("…")`` translates at once, ``trn("…", "…", n)`` by number, and ``N_("…")`` only
marks what stands in a table or a class, which is translated where it is shown: ``tr(parameter.label)``. Values come in
by name, ``tr("… {name} …").format(name=…)``, and sentences are whole. What is written for programs (journal, log,
presets, request bodies) stays English; :func:`english` gives that of a text that was translated.
"""

from __future__ import annotations

import functools
import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gettext import NullTranslations

DOMAIN = "fluxdepth"
FOLDER = Path(__file__).parent / "locale"

_catalogue: NullTranslations | None = None  # None is English; replaced as a whole, since threads read it
_chosen: tuple[str, ...] = ()


class Text(str):
    """A text in the artist's language that also knows its English."""

    english: str

    def __new__(cls, shown: str, english: str) -> Text:
        text = super().__new__(cls, shown)
        text.english = english
        return text

    def format(self, *args: object, **values: object) -> Text:
        """Both texts with the values put in."""
        plain = {name: english(value) if isinstance(value, str) else value for name, value in values.items()}
        return Text(super().format(*args, **values), self.english.format(*args, **plain))


def english(text: str) -> str:
    """What ``text`` is in English; itself when it was not translated."""
    return text.english if isinstance(text, Text) else text


def N_(text: str) -> str:
    """Marks ``text`` for the catalogue and leaves it as it is."""
    return text


def tr(text: str) -> str:
    """``text`` in the artist's language, as a :class:`Text`; in English where the catalogue has it not."""
    if isinstance(text, Text):
        return text
    # gettext has its header under "".
    return Text(_catalogue.gettext(text) if _catalogue and text else text, text)


def trn(one: str, many: str, count: int) -> str:
    """``one`` or ``many``, or as many forms as the artist's language has, by ``count``."""
    plain = one if count == 1 else many
    return Text(plain if _catalogue is None else _catalogue.ngettext(one, many, count), plain)


def number(value: float, decimals: int = 0) -> str:
    """``value`` as the artist's language writes it, e.g. ``1,234.5``."""
    plain = f"{value:,.{decimals}f}"
    # Translators: how numbers are written. Change only what stands between the digits.
    shown = tr("1,234.5")
    if len(shown) != 7:  # a language without marks between thousands
        return Text(plain, plain)
    return Text(plain.translate({ord(","): shown[1], ord("."): shown[5]}), plain)


def choose(languages: Iterable[str]) -> None:
    """Takes the first of ``languages`` (``de_DE.UTF-8``, ``de``, …) that has a catalogue, and English when none has.

    Cheap to call again with the same ones.
    """
    global _catalogue, _chosen
    wanted = tuple(languages)
    if wanted != _chosen:
        _chosen = wanted
        _catalogue = next((found for language in _before_english(wanted) if (found := _catalogue_of(language))), None)


def _before_english(languages: Iterable[str]) -> Iterator[str]:
    """Those that are wanted more than what needs no catalogue."""
    for language in languages:
        if re.split(r"[-_.@]", language)[0].lower() in ("en", "c", "posix"):
            return
        yield language.replace("-", "_")


def _catalogue_of(language: str) -> NullTranslations | None:
    """None when there is none, or a damaged one."""
    import gettext

    try:
        return gettext.translation(DOMAIN, FOLDER, [language])
    except (OSError, UnicodeDecodeError, ValueError, struct.error):
        return None


def of_environment(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The languages that the environment asks for, as gettext of GNU reads it: ``LANGUAGE`` counts in no C locale."""
    asked = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "C")
    if asked in ("C", "POSIX"):
        return []
    return [one for one in environ.get("LANGUAGE", "").split(":") if one] or [asked]


@functools.cache
def texts(language: str) -> Mapping[str, str]:
    """All that the catalogue of ``language`` has of texts without number, for a host that translates by itself."""
    found = next((_catalogue_of(one) for one in _before_english([language])), None)
    known: Any = vars(found).get("_catalog", {}) if found else {}
    return {text: shown for text, shown in known.items() if text and isinstance(text, str)}
