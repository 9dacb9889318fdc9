"""Waiting for a job with GIMP's main loop running: a timer drains the job, the status bar shows it.

Only the main thread comes here, and only it calls GIMP. A polite end of the process (SIGTERM) stops the job first, so
that the journal is complete.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from gi.repository import Gimp, GLib

from shared.jobs.background import Progress, RunningJob

TICK = 100  # ms: seconds that count evenly and a bar that moves, for next to no work
# A synchronous submit may answer as late as this; the wait is invisible, GIMP stays usable.
SETTLE = 120.0  # s


def wait(job: RunningJob, show: Callable[[Progress], None]) -> None:
    """Run the main loop until ``job`` is finished; the core bounds how long that can be."""
    loop = GLib.MainLoop()

    def tick() -> bool:
        job.drain()
        show(job.progress)
        if job.finished:
            loop.quit()
        return GLib.SOURCE_CONTINUE

    timer = GLib.timeout_add(TICK, tick)
    release = on_terminate(job.stop)
    try:
        loop.run()
    finally:
        release()
        GLib.source_remove(timer)


def settle(job: RunningJob) -> None:
    """Before the process ends: let a stopped job's submit bring its id into the journal, or the edit is lost."""
    deadline = time.monotonic() + SETTLE
    while job.submitting and time.monotonic() < deadline:
        job.join(0.05)


def on_terminate(stop: Callable[[], None]) -> Callable[[], None]:
    """Call ``stop`` on SIGTERM, where there is one; returns what ends that."""
    if not hasattr(GLib, "unix_signal_add"):
        return lambda: None

    def stopped() -> bool:
        stop()
        return GLib.SOURCE_CONTINUE

    handler = GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGTERM, stopped)
    return lambda: GLib.source_remove(handler) and None


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
