"""Why the last press of a button did nothing: told in the panel for as long as that is so.

An error is about what was chosen and what there was when the button was pressed. It goes when that has changed (the
prompt is filled, the scene is rendered, a key is there), and is true again when it is as it was.
"""

import bpy

from . import properties, ticker
from .pictures import sizes
from .shared.errors import FluxDepthError
from .shared.language import tr

_error: FluxDepthError | None = None
_about: tuple[object, ...] | None = None  # the circumstances that it is about; None: it stands until it is dismissed


def note(error: FluxDepthError | None, context: bpy.types.Context | None = None) -> None:
    """Tells ``error``; what was chosen in ``context`` is what it is about. None takes it away."""
    global _error, _about
    _error = error
    _about = _circumstances(context) if error and context else None
    ticker.settle_panels()


def standing(context: bpy.types.Context) -> FluxDepthError | None:
    """The error, as long as what it is about is as it was."""
    return _error if _about in (None, _circumstances(context)) else None


def heading() -> str:
    """What it stopped: a start, which depends on what is chosen, or something else."""
    return tr("Not started") if _about else tr("That did not work")


def field(context: bpy.types.Context) -> str | None:
    """The setting that it is about."""
    error = standing(context)
    return error.field if error else None


def _circumstances(context: bpy.types.Context) -> tuple[object, ...]:
    settings = properties.of(context.scene)
    chosen = [getattr(settings, name) for name in properties.FluxDepthSettings.__annotations__]
    rendering = bpy.app.is_job_running("RENDER")
    return (*chosen, properties.prompt_of(settings), sizes.state_of(context, settings), rendering)
