"""The one timer, errands off the main thread, and the redraws of the panels. Knows no job.

Blender's timer runs on the main thread; what blocks (the disk, the network, an encoder) runs as an :class:`Errand` in a
thread, and its answer is dealt with at a later tick.
"""

import queue
import threading
import time
from collections.abc import Callable

import bpy

from .shared.errors import Billed, FluxDepthError, NextStep
from .shared.storage.log import LOGGER

PERIOD = 0.1  # s between ticks: a bar that moves, at a cost that is not felt
REDRAW = 0.5  # s between redraws of the panels while jobs run; the words change once a second
CALM = 1.0  # s of redraws after a change: Blender moves the panels below one that grew or shrank only in later ones

errands: list["Errand"] = []
advance: Callable[[], bool] | None = None  # moves the jobs on at each tick; True while there are any
shown: Callable[[], object] | None = None  # what the panels say of the jobs: they are drawn anew when it has changed
_last_redraw = 0.0
_last_shown: object = None
_calm = 0.0  # when nothing has changed for long enough to stop drawing


class Errand:
    """Work off the main thread, and what to do on it with the answer: a value, or the FluxDepthError raised."""

    def __init__(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        self._then = then
        self._answer: queue.SimpleQueue = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, args=(work,), name="fluxdepth-errand", daemon=True)
        errands.append(self)
        self.thread.start()
        wake()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            self._answer.put(work())
        except FluxDepthError as exc:
            self._answer.put(exc)
        except Exception as exc:  # noqa: BLE001  a fault of ours: the artist is told, the log has the traceback
            self._answer.put(internal_error(exc))

    def advance(self) -> None:
        try:
            answer = self._answer.get_nowait()
        except queue.Empty:
            return
        errands.remove(self)
        self._then(answer)


def internal_error(exc: Exception) -> FluxDepthError:
    """A fault of ours in words; call it where the exception is handled, the log gets its traceback."""
    LOGGER.exception("internal error")
    error = FluxDepthError(
        f"Something went wrong inside Flux Depth ({type(exc).__name__}: {exc}).",
        "The log has the details; try Recover before you start again.",
        billed=Billed.MAYBE,
    )
    error.next_step = NextStep.RECOVER
    return error


def wake() -> None:
    """Lets the timer run while there is something to do."""
    # Background Blender never fires timers, and 4.5 as a module hangs at exit while one is registered.
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)


def stop() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    errands.clear()


def _tick() -> float | None:
    return PERIOD if step() or time.monotonic() < _calm else None


def step() -> bool:
    """One tick; True while there is something to do. Background mode calls it in a loop."""
    global _last_shown
    for errand in list(errands):
        errand.advance()
    busy = advance() if advance else False
    now = time.monotonic()
    says = shown() if shown else None
    if now - _last_redraw > REDRAW and (says != _last_shown or now < _calm):
        redraw()
        _last_shown = says
    return busy or bool(errands)


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
