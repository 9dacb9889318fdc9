"""Runs inside Blender, without a window: the panels as they are drawn now, once all that they show has been read."""

from types import SimpleNamespace

import bpy
from harness import EXTENSION, module
from layouts import Layout


def drawn(panel="main", width=271, scale=1.0, preferences=False):
    """What a panel of the sidebar draws, or the preferences."""
    session = module("session")
    session.refresh()
    _read()
    if panel == "history":  # a draw would begin to read
        module("history").follow()
        _read()
    texts = module("ui.texts")
    texts.scale = lambda: scale  # without a window Blender has none
    layout = Layout(width, scale=scale)
    space = "PREFERENCES" if preferences else "VIEW_3D"
    context = SimpleNamespace(
        scene=bpy.context.scene,
        preferences=bpy.context.preferences,
        region=SimpleNamespace(width=round(width * scale)),
        area=SimpleNamespace(type=space),
        window=None,
        screen=None,
        space_data=None,
    )
    if preferences:
        chosen = bpy.context.preferences.addons[EXTENSION].preferences
        fake = SimpleNamespace(layout=layout, bl_rna=chosen.bl_rna)
        module("ui.preferences")._draw(fake, context)
    else:
        draw = module("ui.history").draw if panel == "history" else getattr(module("ui.panels"), f"_draw_{panel}")
        draw(SimpleNamespace(layout=layout), context)
    return layout


def _read():
    session = module("session")
    while session.ticker._errands.busy or session.desk._errands.busy:
        session.ticker.step()
