"""Blender's language: Blender translates names and tooltips by our catalogue, and our own texts follow its language.

What Blender is told once, when classes and properties are registered, is English (marked ``N_``): Blender looks it up
whenever it draws. What is made anew for each drawing is translated here already (``tr``).
"""

import inspect

import bpy

from .shared import language

CONTEXT = "FluxDepth"  # of names: Blender's own words for the same English may mean something else ("Fast")
TOOLTIPS = "*"  # for which Blender takes no other
_known = ""  # the language whose texts Blender has


def in_context(cls: type) -> type:
    """``cls``, with its name and those of its properties to be looked up among ours; before it is registered."""
    cls.bl_translation_context = CONTEXT  # type: ignore[attr-defined]
    # Not out of vars(): from Python 3.14 on they are not there before they are asked for.
    for one in (one for base in cls.__mro__ for one in inspect.get_annotations(base).values()):
        if hasattr(one, "keywords"):  # a property that is made when the class is registered
            one.keywords.setdefault("translation_context", CONTEXT)
    return cls


def follow() -> None:
    """Takes the language as it is set now: Blender's, or without a window that of the environment.

    Cheap when it is as before, so panels call it whenever they are drawn: nothing tells when it was changed. Blender
    gets the texts of a language with it, since to read them takes longer than all the rest of a start.
    """
    locale = bpy.app.translations.locale
    if locale != _known:
        _tell(locale)
    if bpy.app.background:
        language.choose(language.of_environment())
    else:
        language.choose([locale] if bpy.context.preferences.view.use_translate_interface else [])


def _tell(locale: str) -> None:
    """Gives Blender the texts of ``locale`` in place of those that it has."""
    global _known
    unregister()
    texts = language.texts(locale)
    if texts:
        shown = {(context, text): words for text, words in texts.items() for context in (CONTEXT, TOOLTIPS)}
        bpy.app.translations.register(__package__, {locale: shown})
    _known = locale


def unregister() -> None:
    global _known
    if _known and language.texts(_known):
        bpy.app.translations.unregister(__package__)
    _known = ""
