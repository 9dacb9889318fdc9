"""The one timer, work off the main thread, and the redraws of the panels. Knows no job.

Blender's timer runs on the main thread; what blocks (the disk, the network) runs in the core's background thread, and
its answer is dealt with at a later tick. Blender drops a timer that raises, and every job with it: nothing raises here.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import bpy

from .shared.errors import FluxDepthError
from .shared.jobs.background import Errands, internal_error

T = TypeVar("T")

PERIOD = 0.1  # s between ticks: a bar that moves, at a cost that is not felt
REDRAW = 0.5  # s between redraws of the panels while jobs run; the words change once a second
CALM = 1.0  # s of redraws after a change: Blender moves the panels below one that grew or shrank only in later ones

advance: Callable[[], bool] | None = None  # moves the jobs on at each tick; True while there are any
shown: Callable[[], object] | None = None  # what the panels say of the jobs: they are drawn anew when it has changed
told: Callable[[FluxDepthError], None] | None = None  # shows the artist a fault of ours
_errands = Errands()
_last_redraw = 0.0
_last_shown: object = None
_calm = 0.0  # when nothing has changed for long enough to stop drawing


def after(work: Callable[[], T], then: Callable[[T | FluxDepthError], None]) -> None:
    """Runs ``work`` off the main thread; ``then`` gets its value, or the FluxDepthError raised, at a later tick."""

    def follow(answer: T | FluxDepthError) -> None:
        _guarded(then, answer)

    _errands.start(work, follow)
    wake()


def wake() -> None:
    """Lets the timer run while there is something to do."""
    # Background Blender never fires timers, and 4.5 as a module hangs at exit while one is registered.
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)


def stop() -> None:
    global _errands
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _errands = Errands()


def _tick() -> float | None:
    return PERIOD if step() or time.monotonic() < _calm else None


def step() -> bool:
    """One tick; True while there is something to do. Background mode calls it in a loop."""
    _errands.advance()
    busy = _guarded(advance) if advance else False
    _guarded(_redraw_what_changed)
    return bool(busy or _errands.busy)


def _guarded(call: Callable[..., object], *arguments: object) -> object:
    try:
        return call(*arguments)
    except Exception as exc:  # noqa: BLE001  a fault of ours: the artist is told, and the timer lives on
        if told:
            told(internal_error(exc, may_have_billed=True))
        return False


def _redraw_what_changed() -> None:
    global _last_shown
    now = time.monotonic()
    says = shown() if shown else None
    if now - _last_redraw > REDRAW and (says != _last_shown or now < _calm):
        redraw()
        _last_shown = says


def settle_panels() -> None:
    """Redraws now, and for a while."""
    global _calm
    _calm = time.monotonic() + CALM
    wake()
    redraw()


def redraw() -> None:
    """Draws the sidebars and the preferences anew."""
    global _last_redraw
    _last_redraw = time.monotonic()
    drawn = {"VIEW_3D": "UI", "IMAGE_EDITOR": "UI", "PREFERENCES": "WINDOW"}
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if region.type == drawn.get(area.type):
                    region.tag_redraw()
