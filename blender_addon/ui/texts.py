"""Sentences in panels: Blender's labels do not wrap, so lines are made here, as wide as the interface's font is."""

import functools
import re
from typing import TYPE_CHECKING

import blf
import bpy

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

INTERFACE_FONT = 0
MARGIN = 70  # px at scale 1: of a label in a box in a panel with the tabs beside it
ICON = 26


def width_of(context: bpy.types.Context) -> int:
    """How wide the region is that Blender draws."""
    assert context.region is not None
    return context.region.width


def paragraph(layout: bpy.types.UILayout, text: str, width: int, icon: "IconItems" = "NONE") -> None:
    """``text`` in as many labels as a region of ``width`` pixels needs; the icon stands before the first."""
    column = layout.column(align=True)
    column.scale_y = 0.75
    scale = bpy.context.preferences.system.ui_scale
    points = bpy.context.preferences.ui_styles[0].widget.points
    room = width - (MARGIN + (0 if icon == "NONE" else ICON)) * scale
    for number, line in enumerate(_lines(text, max(room, 80 * scale), points * scale)):
        if icon == "NONE":
            column.label(text=line)
        else:
            column.label(text=line, icon=icon if number == 0 else "BLANK1")


@functools.lru_cache(maxsize=256)
def _lines(text: str, room: float, size: float) -> tuple[str, ...]:
    """``text`` cut into lines of at most ``room`` pixels: at spaces, and at hyphens in what is longer than a line."""
    blf.size(INTERFACE_FONT, size)

    def fits(line: str) -> bool:
        width = blf.dimensions(INTERFACE_FONT, line.rstrip())[0]  # type: ignore[index]  # the stub knows no result
        return bool(width <= room)

    words = re.findall(r"\S+\s*", text)
    pieces = [piece for word in words for piece in ([word] if fits(word) else re.findall(r"[^-]+-*|-+", word))]
    lines = [""]
    for piece in pieces:
        if lines[-1] and not fits(lines[-1] + piece):
            lines.append("")
        lines[-1] += piece
    return tuple(line.rstrip() for line in lines)
