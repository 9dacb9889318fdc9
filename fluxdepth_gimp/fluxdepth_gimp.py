#!/usr/bin/env python3
"""The GIMP plug-in's entry: registers the procedures under Filters > Flux Depth, and nothing else.

GIMP runs this file as a script at each start to ask what it offers; all that is imported here is paid then. So the
work is imported when a procedure runs. ``shared`` and the modules beside this file are imported absolutely; the
``vendor`` folder comes last on the path, so that a distribution's own packages win.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import gi

gi.require_version("Gimp", "3.0")  # for all modules: they import what is pinned here
gi.require_version("Gegl", "0.4")
from gi.repository import Gimp, GLib, GObject  # noqa: E402

HERE = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120  pathlib would be paid at every start of GIMP
sys.path.insert(0, HERE)
sys.path.append(os.path.join(HERE, "vendor"))  # noqa: PTH118

from shared import language  # noqa: E402  found on the path from here on
from shared.language import N_, tr  # noqa: E402

# GIMP sets the environment of its plug-ins by its own language, and asks them anew when it is given another one.
language.choose(GLib.get_language_names())

MENU = "<Image>/Filters/Flux Depth"
EDIT = "plug-in-fluxdepth-edit"
AGAIN = "plug-in-fluxdepth-again"
COMPARE = "plug-in-fluxdepth-compare"
RECOVER = "plug-in-fluxdepth-recover"
HISTORY = "plug-in-fluxdepth-history"
SETTINGS = "plug-in-fluxdepth-settings"
READWRITE = GObject.ParamFlags.READWRITE
# Name → (menu label, what it does)
PROCEDURES = {
    EDIT: (N_("_Depth Edit…"), N_("Edit a layer, a selection or the whole image in the cloud by its depth")),
    AGAIN: (N_("Edit _Again…"), N_("Edit the source of a result again, with the result's settings and the next seed")),
    COMPARE: (
        N_("Show/Hide Resul_t"),
        N_("Hide the results of the selected layer, or show them again; of a result, those of the same source"),
    ),
    RECOVER: (N_("_Recover"), N_("Bring in edits that were paid for and have not arrived, without paying again")),
    HISTORY: (N_("_History…"), N_("Earlier edits: insert their results again, use their settings")),
    SETTINGS: (N_("_Settings…"), N_("The API key, the service address, how much history to keep")),
}


class FluxDepth(Gimp.PlugIn):
    """What GIMP asks of a plug-in."""

    def do_set_i18n(self, _procedure_name: str) -> tuple[bool, None, None]:
        return False, None, None  # what GIMP is told is translated here already

    def do_query_procedures(self) -> list[str]:
        return list(PROCEDURES)

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        label, blurb = PROCEDURES[name]
        if name == SETTINGS:
            # Not an ImageProcedure: those are greyed out while no image is open.
            procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, run_settings, None)
            procedure.add_enum_argument(
                "run-mode", tr("Run mode"), tr("The run mode"), Gimp.RunMode, Gimp.RunMode.INTERACTIVE, READWRITE
            )
        else:
            procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, RUN[name], None)
            procedure.set_image_types("*")
            procedure.set_sensitivity_mask(_sensitivity(name))
        procedure.set_menu_label(tr(label))
        procedure.add_menu_path(MENU)
        procedure.set_documentation(tr(blurb), _help(name), None)
        procedure.set_attribution("The Flux Depth authors", "GPL-3.0-or-later", "2025")
        if name == EDIT:
            import arguments

            arguments.declare(procedure)
        if name in (EDIT, RECOVER):
            procedure.add_layer_return_value("layer", tr("Layer"), tr("The first new layer"), True, READWRITE)
        return procedure


def _sensitivity(name: str) -> Gimp.ProcedureSensitivityMask:
    mask = Gimp.ProcedureSensitivityMask
    if name in (EDIT, AGAIN, COMPARE):
        # Any number of layers, none included: a visible image needs none, and what is missing is said in words.
        return mask.DRAWABLE | mask.DRAWABLES | mask.NO_DRAWABLES
    return mask.ALWAYS


def _help(name: str) -> str:
    if name == EDIT:
        return tr(
            "Each variation is one paid edit. In scripts, a number out of range or an unknown choice keeps "
            "its default, as everywhere in GIMP; an argument at its default means the default of the chosen model, and "
            "one that the model does not have is ignored. With the last values (Repeat) it makes one variation."
        )
    return tr(PROCEDURES[name][1]) + "."


def told(run: Callable[..., Gimp.ValueArray]) -> Callable[..., Gimp.ValueArray]:
    """Let an error of ours reach the artist in words: GIMP shows nothing at all of an exception."""

    def guarded(procedure: Gimp.Procedure, *arguments: object) -> Gimp.ValueArray:
        try:
            return run(procedure, *arguments)
        except Exception as exc:  # noqa: BLE001  the last line of defence, and it hides nothing
            import traceback

            traceback.print_exc()
            message = (
                tr("Something went wrong inside Flux Depth ({error}).")
                + " "
                + tr("Look into the history before you try again; credits may have been used.")
            )
            message = message.format(error=f"{type(exc).__name__}: {exc}")
            return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(message))

    return guarded


@told
def run_edit(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    _data: object,
) -> Gimp.ValueArray:
    """Filters > Flux Depth > Depth Edit…"""
    from procedures import edit

    return edit.run(procedure, run_mode, image, list(drawables), config)


@told
def run_again(
    procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image, drawables: list[Gimp.Drawable], *_: object
) -> Gimp.ValueArray:
    """Filters > Flux Depth > Edit Again…"""
    from procedures import again

    return again.run(procedure, run_mode, image, list(drawables))


@told
def run_compare(
    procedure: Gimp.Procedure, _run_mode: Gimp.RunMode, image: Gimp.Image, drawables: list[Gimp.Drawable], *_: object
) -> Gimp.ValueArray:
    """Filters > Flux Depth > Show/Hide Result"""
    from procedures import compare

    return compare.run(procedure, image, list(drawables))


@told
def run_recover(
    procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None, *_: object
) -> Gimp.ValueArray:
    """Filters > Flux Depth > Recover"""
    from procedures import recover

    return recover.run(procedure, run_mode, image)


@told
def run_history(
    procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None, *_: object
) -> Gimp.ValueArray:
    """Filters > Flux Depth > History…"""
    from procedures import history

    return history.run(procedure, run_mode, image)


@told
def run_settings(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, _data: object) -> Gimp.ValueArray:
    """Filters > Flux Depth > Settings…"""
    from procedures import settings

    return settings.run(procedure, config.get_property("run-mode"))


RUN = {EDIT: run_edit, AGAIN: run_again, COMPARE: run_compare, RECOVER: run_recover, HISTORY: run_history}

if __name__ == "__main__":
    Gimp.main(FluxDepth.__gtype__, sys.argv)
