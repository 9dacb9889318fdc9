"""Ctrl+C and SIGTERM while the command runs: the first asks it to stop paying, the second to stop waiting as well.

Blender swallows the first SIGINT of a command and dies of the second. Python's own handlers run only between two steps
of Python, so not while Blender renders; but the byte that they put into a pipe is there at once, and a thread reads it.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

from ..shared.language import N_, tr
from .talk import complain

EXIT_CODE = 130  # as shells have it: 128 + SIGINT
PATIENCE = 10.0  # s after the second one in which a submit may end and a render give way, before the process just ends
WATCHED = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last one is Windows'

FIRST = N_(
    "stopping. Nothing more is paid for; what is under way is waited for. Once more stops waiting as well: "
    "what is paid for stays in the history"
)
SECOND = N_("not waiting any longer; the same command fetches what is paid for")


class Interrupts:
    """What was asked for from outside. ``stop_paying`` and ``stop_waiting`` may be read in any thread."""

    def __init__(self) -> None:
        self.stop_paying = False
        self.stop_waiting = False
        self.on_first: Callable[[], None] = lambda: None  # called at once, in a thread of its own
        self._changed = threading.Event()

    def wait(self, seconds: float) -> None:
        """Waits that long, or until something is asked for."""
        if self._changed.wait(seconds):
            self._changed.clear()

    def asked(self) -> None:
        """One more signal."""
        if not self.stop_paying:
            self.stop_paying = True
            complain(f"fluxdepth: {tr(FIRST)}")
            self.on_first()
        elif not self.stop_waiting:
            self.stop_waiting = True
            complain(f"fluxdepth: {tr(SECOND)}")
            threading.Thread(target=_end_in_the_end, name="fluxdepth-end", daemon=True).start()
        self._changed.set()


def _end_in_the_end() -> None:
    # Blender may be in the middle of a render that nothing ends. The journal knows all that was submitted.
    time.sleep(PATIENCE)
    os._exit(EXIT_CODE)


@contextlib.contextmanager
def watched() -> Iterator[Interrupts]:
    """Watches the signals inside the block. Must run in the main thread; elsewhere nothing is watched."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    numbers = {int(getattr(signal, name)) for name in WATCHED if hasattr(signal, name)}

    def read() -> None:
        with contextlib.suppress(OSError):
            while received := reading.recv(64):
                for number in received:
                    if number in numbers:
                        interrupts.asked()

    before_fd = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    # A handler that Blender set is None to Python and can't be put back: the process ends with the command.
    before = {number: signal.signal(number, lambda *_: None) or signal.SIG_DFL for number in numbers}
    reader = threading.Thread(target=read, name="fluxdepth-signals", daemon=True)
    reader.start()
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_fd)
        writing.close()  # ends the reader
        reader.join(1.0)
        reading.close()
        interrupts.on_first = lambda: None  # what it belongs to may go now
