"""Sentences in panels: Blender's labels neither wrap nor tell their width, so lines are made here."""

import textwrap

import bpy


def paragraph(layout, text: str, width: int, icon: str = "NONE") -> None:
    """``text`` in as many labels as a region of ``width`` pixels needs; the icon stands before the first."""
    column = layout.column(align=True)
    column.scale_y = 0.75
    # A letter of the interface font is about 5.9 px wide at scale 1; margins take some 50, an icon 20 more.
    scale = bpy.context.preferences.system.ui_scale
    margin = 50 if icon == "NONE" else 76
    letters = max(16, int((width / scale - margin) / 5.9))
    for number, line in enumerate(textwrap.wrap(text, letters)):
        if icon == "NONE":
            column.label(text=line)
        else:
            column.label(text=line, icon=icon if number == 0 else "BLANK1")


def shortened(text: str, width: int) -> str:
    """``text`` on one line, cut to about ``width`` letters."""
    return textwrap.shorten(text, width, placeholder="…") or text[:width]
