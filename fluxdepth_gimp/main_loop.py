"""Waiting for the desk with GIMP's main loop running: a timer lets the desk go on, something shows it.

Only the main thread comes here, and only it calls GIMP. A polite end of the process (SIGTERM) stops the jobs first, so
that the journal is complete.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

from gi.repository import Gimp, GLib, GObject

from shared.jobs.background import Errands
from shared.jobs.desk import Desk
from shared.jobs.ticket import Ticket
from shared.jobs.wording import Progress, of_layers

TICK = 100  # ms: seconds that count evenly and a bar that moves, for next to no work
# A synchronous submit may answer as late as this; the wait is invisible, GIMP stays usable.
SETTLE = 120.0  # s
NOTES = 5.0  # s for notes on the disk and for looks that were given up; each takes milliseconds


def wait(desk: Desk, tickets: list[Ticket], show: Callable[[Progress], None]) -> None:
    """Run the main loop until none of ``tickets`` is active; the core bounds how long that can be."""

    def tick() -> bool:
        desk.advance()
        active = [ticket for ticket in tickets if ticket.active]
        if active:
            show(_progress(active))
        return bool(active)

    def stop() -> None:
        for ticket in tickets:
            if ticket.active:
                desk.stop(ticket)

    release = _on_terminate(stop)
    try:
        _run_while(tick)
    finally:
        release()


def _progress(active: list[Ticket]) -> Progress:
    """Of what is under way; where several layers are, of one that has not come yet."""
    together = active[0].together
    coming = [ticket for ticket in together if ticket.on_its_way]
    if not coming:
        return active[0].progress
    return of_layers(coming[0].progress, len(together), len(together) - len(coming))


def settle(desk: Desk) -> None:
    """Before the process ends: let a stopped job's submit bring its id into the journal, or the edit is lost.

    No window is open any more, and GIMP is not held up: it only sees that this process lives on.
    """
    started = time.monotonic()

    def tick() -> bool:
        going_on = desk.advance()
        return going_on and time.monotonic() - started < (SETTLE if desk.submitting else NOTES)

    release = _on_terminate(lambda: None)  # the end may wait for that one id
    try:
        _run_while(tick)
    finally:
        release()


def keep_going(desk: Desk) -> Callable[[], object]:
    """Let the desk go on as long as a window is open, whatever that waits for; returns what ends it."""

    def tick() -> bool:
        desk.advance()
        return GLib.SOURCE_CONTINUE

    timer = GLib.timeout_add(TICK, tick)
    return lambda: GLib.source_remove(timer)


def later(work: Callable[[], Any], then: Callable[[Any], None], window: GObject.Object) -> None:
    """Do ``work`` off the main thread; ``then`` gets its value or its FluxDepthError in the main thread.

    It gets nothing when ``window`` has been destroyed meanwhile.
    """
    errands = Errands()
    errands.start(work, then)

    def tick() -> bool:
        errands.advance()
        if not errands.busy:
            window.disconnect(destroyed)
        return errands.busy

    timer = GLib.timeout_add(TICK, tick)
    destroyed = window.connect("destroy", lambda _: GLib.source_remove(timer))


def _run_while(tick: Callable[[], bool]) -> None:
    if not tick():
        return
    loop = GLib.MainLoop()

    def again() -> bool:
        if not tick():
            loop.quit()
        return GLib.SOURCE_CONTINUE

    timer = GLib.timeout_add(TICK, again)
    try:
        loop.run()
    finally:
        GLib.source_remove(timer)


def _on_terminate(stop: Callable[[], None]) -> Callable[[], object]:
    """Call ``stop`` on SIGTERM, where there is one; returns what ends that."""
    if not hasattr(GLib, "unix_signal_add"):
        return lambda: None

    def stopped() -> bool:
        stop()
        return GLib.SOURCE_CONTINUE

    handler = GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGTERM, stopped)
    return lambda: GLib.source_remove(handler)


class StatusBar:
    """GIMP's own progress: the status bar, or nothing in batch mode."""

    def __init__(self) -> None:
        Gimp.progress_init("Flux Depth")
        self._text = ""

    def show(self, progress: Progress) -> None:
        if progress.text != self._text:
            self._text = progress.text
            Gimp.progress_set_text(f"Flux Depth: {progress.text}")
        if progress.fraction is None:
            Gimp.progress_pulse()
        else:
            Gimp.progress_update(progress.fraction)

    def end(self) -> None:
        Gimp.progress_end()
