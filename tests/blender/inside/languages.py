"""Runs inside Blender in the pseudo-language: every text that Blender is told once, and every word that panels draw."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
import panel
from drawing import drawn
from harness import EXTENSION, module
from layouts import Layout

BASES = ("Operator", "Panel", "Menu", "PropertyGroup", "AddonPreferences", "UIList")


def _speak():
    view = bpy.context.preferences.view
    view.language = "de_DE"
    view.use_translate_interface = view.use_translate_tooltips = True
    module("translation").follow()


def _ours():
    for base in BASES:
        for cls in getattr(bpy.types, base).__subclasses__():
            if cls.__module__.startswith(EXTENSION) and getattr(cls, "is_registered", False):
                yield base, cls


def _told(base, cls):
    """Where it is shown, the text and its context, of what Blender was told of a class."""
    rna = cls.bl_rna
    if hasattr(cls, "bl_label"):
        yield "label", cls.bl_label, rna.translation_context
    if base in ("Operator", "Menu"):
        yield "tooltip", rna.description, "*"
    for one in rna.properties:
        if one.identifier in ("rna_type", "name") or one.is_hidden or one.identifier.startswith("bl_"):
            continue
        yield f"{one.identifier}", one.name, one.translation_context
        yield f"{one.identifier}'s tooltip", one.description, "*"
        for item in one.enum_items if one.type == "ENUM" else ():
            yield f"{one.identifier} {item.identifier}", item.name, one.translation_context
            yield f"{one.identifier} {item.identifier}'s tooltip", item.description, "*"


def check_what_blender_is_told():
    _speak()
    shown = {}
    for base, cls in _ours():
        own = set(getattr(cls, "__annotations__", {}))
        for where, text, context in _told(base, cls):
            if text and (where in ("label", "tooltip") or where.partition("'")[0].partition(" ")[0] in own):
                shown[f"{cls.__name__} {where}"] = bpy.app.translations.pgettext_iface(text, context)
    assert len(shown) > 100, shown
    return shown


def check_what_panels_draw():
    """Sentences as a whole, not in lines."""
    _speak()
    texts, words = module("ui.texts"), {}
    in_lines = texts.paragraph
    texts.paragraph = lambda layout, text, *_how, **_more: layout.label(text=text)

    def note(state):
        for part in ("main", "more", "results"):
            words[f"{part}, {state}"] = [text for text, *_ in drawn(part).everything()]
        words[f"preferences, {state}"] = [text for text, *_ in drawn(preferences=True).everything()]
        words[f"history, {state}"] = [text for text, *_ in drawn("history", 700).everything()]

    note("empty")
    panel._every_state()
    note("every state")
    with panel._without_a_key():
        note("no key")
    for state in ("taken", "uncertain", "star"):
        module("history").chosen = (json.loads(os.environ["FLUXDEPTH_TEST_EDITS"])[state], 0)
        words[f"history, chosen {state}"] = [text for text, *_ in drawn("history").everything()]
    texts.paragraph = in_lines
    return words | _menus_and_dialogs() | _questions()


def _menus_and_dialogs():
    assert bpy.ops.fluxdepth.save_preset(name="Of mine") == {"FINISHED"}
    words = {}
    for base, cls in _ours():
        if base in ("Menu", "Operator") and "draw" in vars(cls) or cls.__name__ == "FLUXDEPTH_PT_own_presets":
            layout = Layout(400)
            known = cls.bl_rna
            if base == "Operator":
                known = getattr(bpy.ops.fluxdepth, cls.bl_idname.partition(".")[2]).get_rna_type()
            cls.draw(SimpleNamespace(layout=layout, bl_rna=known), bpy.context)
            words[cls.__name__] = [text for text, *_ in layout.everything()]
    assert len(words) == 4, words
    return words


def _questions():
    """What is asked before something is done, and the titles of dialogs."""
    words = {}
    for base, cls in _ours():
        if base == "Operator" and "invoke" in vars(cls):
            for replace in (False, True):
                operator = SimpleNamespace(name="Of mine", preset="Of mine", replace=replace, job="", index=0)
                asked = Asked()
                with suppress(AttributeError, TypeError):  # it asks for nothing, but opens something
                    cls.invoke(operator, SimpleNamespace(window_manager=asked, scene=bpy.context.scene), None)
                words[f"{cls.__name__} {replace}"] = asked.words
    assert sum(map(bool, words.values())) >= 6, words
    return words


class Asked:
    """Stands for a window manager that is told what to ask."""

    def __init__(self):
        self.words = []

    def __getattr__(self, _how):
        return lambda *_of, **told: self.words.extend(word for word in told.values() if isinstance(word, str))


def check_what_has_no_room():
    """Cut words in a language that is longer by 40 %, at Blender's own widths of the sidebar."""
    return _cut()


def check_what_has_no_room_in_german():
    language = module("shared.language")
    module("translation").unregister()
    language.FOLDER = Path(os.environ["FLUXDEPTH_TEST_GERMAN"])
    language.texts.cache_clear()
    language.choose([])
    cut = _cut()
    assert language.tr("All") == "Alle"
    return cut


def _cut():
    _speak()
    panel._every_state()
    return {
        f"{part} {width}": drawn(part, width).cut() for part in ("main", "more", "results") for width in panel.SIDEBARS
    }


harness.run(sys.modules[__name__])
