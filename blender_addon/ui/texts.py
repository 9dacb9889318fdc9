"""Sentences in panels: Blender's labels do not wrap, so lines are made here, as wide as the interface's font is."""

import functools
import re
from typing import TYPE_CHECKING

import blf
import bpy

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

INTERFACE_FONT = 0
# px at scale 1
PANEL = 46  # of a region in a panel's edges and in the tabs beside it
MARGIN = 70  # of a region beside a label in a box in a panel
PREFERENCES = 116  # the same in the preferences, whose panels lie in others
ICON = 26
SPLIT = 0.4  # of a line with ``use_property_split`` is for the name

# Where a line may be broken: at spaces; else behind what a path or an id has for them; else anywhere.
_BREAKS = (r"\S+\s*|\s+", r"[^-/\\]+[-/\\]*|[-/\\]+", r".")


def width_of(context: bpy.types.Context) -> int:
    """How wide the region is that Blender draws, as a sidebar would be in which as much text has room."""
    assert context.region is not None
    more = PREFERENCES - MARGIN if context.area and context.area.type == "PREFERENCES" else 0
    return context.region.width - round(more * scale())


def paragraph(
    layout: bpy.types.UILayout, text: str, width: int, icon: "IconItems" = "NONE", most: int = 0, beside: int = 0
) -> None:
    """``text`` in as many labels as a region of ``width`` pixels needs; the icon stands before the first.

    Of more than ``most`` lines the rest is cut off; 0 is no limit. ``beside`` px at scale 1 are taken by what stands
    beside it.
    """
    room = width - (MARGIN + beside + (0 if icon == "NONE" else ICON)) * scale()
    lines = _lines(text, max(room, 40 * scale()), _size(), most)
    column = layout.column(align=True)
    if len(lines) > 1:
        column.scale_y = 0.75
    for number, line in enumerate(lines):
        if icon == "NONE":
            column.label(text=line)
        else:
            column.label(text=line, icon=icon if number == 0 else "BLANK1")


def fits(text: str, width: int, beside: int) -> bool:
    """Whether ``text`` has room in one line of a panel; ``beside`` px at scale 1 are taken by what stands beside it."""
    return _width(text, _size()) <= width - (PANEL + beside) * scale()


def fits_split(label: str, width: int) -> bool:
    """Whether the name of a property has room where ``use_property_split`` puts it."""
    return _width(label, _size()) <= SPLIT * (width - PANEL * scale()) - 8 * scale()


def cut(text: str, room: float) -> str:
    """As much of ``text`` as ``room`` px at scale 1 hold, to the letter."""
    return _cut(text, room * scale(), _size())


def scale() -> float:
    """Pixels of this screen to one at scale 1."""
    return float(bpy.context.preferences.system.ui_scale)


def _size() -> float:
    return float(bpy.context.preferences.ui_styles[0].widget.points) * scale()


def _width(text: str, size: float) -> float:
    blf.size(INTERFACE_FONT, size)
    return float(blf.dimensions(INTERFACE_FONT, text)[0])  # type: ignore[index]  # the stub knows no result


@functools.lru_cache(maxsize=256)
def _cut(text: str, room: float, size: float) -> str:
    if _width(text, size) <= room:
        return text
    end = 0
    while _width(f"{text[: end + 1]}…", size) <= room:
        end += 1
    return f"{text[:end].rstrip()}…"


@functools.lru_cache(maxsize=256)
def _lines(text: str, room: float, size: float, most: int = 0) -> tuple[str, ...]:
    """``text`` cut into lines of at most ``room`` pixels; what is behind the last one of ``most`` is left out."""

    def fits(line: str) -> bool:
        return _width(line.rstrip(), size) <= room

    pieces = [text]
    for pattern in _BREAKS:
        pieces = [part for piece in pieces for part in ([piece] if fits(piece) else re.findall(pattern, piece))]
    lines = [""]
    for piece in pieces:
        if lines[-1] and not fits(lines[-1] + piece):
            lines.append("")
        lines[-1] += piece
    if most and len(lines) > most:
        last = lines[most - 1].rstrip()
        while last and not fits(last + "…"):
            last = last[:-1]
        lines = [*lines[: most - 1], last.rstrip(" ,.;:") + "…"]
    return tuple(line.rstrip() for line in lines)
