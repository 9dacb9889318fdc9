"""The catalogues of translations in tests: compiled, and as a language that nobody speaks.

The pseudo-language shows what was forgotten and what is cut: every text has accents, is longer by 40 % and stands in
brackets. It takes German's place, since hosts offer only languages that they have.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import build
from shared.model import models

FOLDER = build.TEMPLATE.parent
MO = "{language}/LC_MESSAGES/fluxdepth.mo"
KEYWORDS = {"tr": None, "trn": (1, 2), "N_": None}
MARKED = ("shared", "fluxdepth_gimp", "blender_addon")
OPENING, CLOSING = "⟦", "⟧"
# What is called the same in every language.
NAMES = {
    *(one.label for one in models.MODELS),
    *("Flux Depth", "GIMP", "Blender", "1min.ai", "JPEG", "PNG", "WebP", "px", "kB", "MB", "GB"),
}
_ACCENTED = str.maketrans("aceinosuyzACEINOSUYZ", "áčéíñóšúýžÁČÉÍÑÓŠÚÝŽ")
_KEPT = re.compile(r"(\{[^}]*\}|_\w|<[^>]*>)")  # places for values, letters for the keyboard, markup
_FIXED = {"1,234.5", "%Y-%m-%d %H:%M"}  # forms and no words


def template() -> Catalog:
    with build.TEMPLATE.open("rb") as file:
        return read_po(file)


def languages() -> list[str]:
    return sorted(file.parts[-3] for file in FOLDER.glob("*/LC_MESSAGES/fluxdepth.po"))


def catalogue(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / "fluxdepth.po").open("rb") as file:
        return read_po(file, locale=language)


def marked() -> set[str | tuple[str, ...]]:
    """What is marked in the code now."""
    found: set[str | tuple[str, ...]] = set()
    for room in MARKED:
        for _, _, text, _, _ in extract_from_dir(build.ROOT / room, keywords=KEYWORDS):
            found.add(tuple(text) if isinstance(text, (list, tuple)) else text)
    return found


def forgotten(text: str, data: Iterable[str] = ()) -> str:
    """The words of ``text`` that are neither in the pseudo-language nor ``data``; "" is as it should be."""
    rest, depth = "", 0
    for letter in text:
        depth += letter == OPENING
        rest += letter if not depth else " "
        depth -= letter == CLOSING
    for one in sorted({*data, *NAMES}, key=len, reverse=True):
        rest = rest.replace(one, " ")
    return " ".join(re.findall(r"[^\W\d_]{2,}", rest))


def pseudo(text: str) -> str:
    """``text`` in the pseudo-language."""
    if text in _FIXED:
        return text
    parts = _KEPT.split(text)
    accented = "".join(part if number % 2 else part.translate(_ACCENTED) for number, part in enumerate(parts))
    words = "~" * max(1, round(0.4 * len(_KEPT.sub("", text)) - 2))
    return f"{OPENING}{accented} {words}{CLOSING}"


def compiled(language: str = "de", spoken: Callable[[str], str] | None = None) -> bytes:
    """The catalogue as gettext reads it; with ``spoken`` the template's, each text made by that."""
    known = catalogue(language) if spoken is None else _made(language, spoken)
    written = io.BytesIO()
    write_mo(written, known)
    return written.getvalue()


def _made(language: str, spoken: Callable[[str], str]) -> Catalog:
    made = Catalog(locale=language)
    for one in template():
        if one.id:
            ids = one.id if isinstance(one.id, tuple) else (one.id,)
            forms = tuple(spoken(text) for text in ids)
            made.add(one.id, forms if len(forms) > 1 else forms[0])
    return made


def install(folder: Path, language: str = "de", spoken: Callable[[str], str] | None = None) -> Path:
    """Compiles into ``folder`` as gettext wants it, and returns that."""
    file = folder / MO.format(language=language)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(compiled(language, spoken))
    return folder


def in_pseudo(package: Path, to: Path) -> Path:
    """A copy of ``package`` whose German is the pseudo-language."""
    name = MO.format(language="de")
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = compiled("de", pseudo) if entry.filename.endswith(name) else source.read(entry)
            target.writestr(entry, data)
    return to
