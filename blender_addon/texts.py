"""Sentences in panels: Blender's labels neither wrap nor tell their width, so lines are made here."""

import textwrap

import bpy


def paragraph(layout, text: str, width: int, icon: str = "NONE") -> None:
    """``text`` in as many labels as a region of ``width`` pixels needs; the icon stands before the first."""
    column = layout.column(align=True)
    column.scale_y = 0.75
    # A letter of the interface font is about 6.4 px wide at scale 1, and margins and icon take some 60.
    scale = bpy.context.preferences.system.ui_scale
    letters = max(16, int((width / scale - 60) / 6.4))
    for number, line in enumerate(textwrap.wrap(text, letters)):
        if icon == "NONE":
            column.label(text=line)
        else:
            column.label(text=line, icon=icon if number == 0 else "BLANK1")


def shortened(text: str, width: int) -> str:
    """``text`` on one line, cut to about ``width`` letters."""
    return textwrap.shorten(text, width, placeholder="…") or text[:width]
