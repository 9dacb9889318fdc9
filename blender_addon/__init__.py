"""Flux Depth for Blender: registers classes, handlers and the command, nothing else."""

import bpy

from . import history, properties, session, translation
from .command import run
from .operators import (
    access,
    compare,
    edits,
    history as history_operators,
    offered,
    presets as own_presets,
    recover,
    results,
    service,
    settings,
)
from .operators.depth import checking, projecting, ranging
from .ui import panels, preferences, presets

_CLASSES = (
    *properties.CLASSES,
    *history.CLASSES,
    *preferences.CLASSES,
    *access.CLASSES,
    *edits.CLASSES,
    *recover.CLASSES,
    *results.CLASSES,
    *compare.CLASSES,
    *projecting.CLASSES,
    *ranging.CLASSES,
    *checking.CLASSES,
    *own_presets.CLASSES,
    *settings.CLASSES,
    *service.CLASSES,
    *offered.CLASSES,
    *history_operators.CLASSES,
    *presets.CLASSES,
    *panels.CLASSES,
)
_commands: list[object] = []


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(translation.in_context(cls))
    bpy.types.Scene.fluxdepth = bpy.props.PointerProperty(  # type: ignore[attr-defined]  # it comes into being here
        type=properties.FluxDepthSettings
    )
    history.register()
    session.register()
    translation.follow()
    compare.register()
    ranging.register()
    checking.register()
    _commands.append(bpy.utils.register_cli_command("fluxdepth", run.main))


def unregister() -> None:
    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
    checking.unregister()
    ranging.unregister()
    compare.unregister()
    session.unregister()
    translation.unregister()
    history.unregister()
    del bpy.types.Scene.fluxdepth  # type: ignore[attr-defined]
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
