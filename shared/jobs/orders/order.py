"""What the jobs of one order share: the question whether it may be paid for, and how many edits are made at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from ...cancel import CancelToken
from ...errors import FluxDepthError
from ..background import SIDE_BY_SIDE


class Order:
    """Several jobs that are asked for, checked and paid for as one: ``count`` edits in all. Used by their workers."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._turns = threading.Semaphore(SIDE_BY_SIDE)
        self._lock = threading.Lock()
        self._asked = False
        self._refused: FluxDepthError | None = None

    def checked(self, check: Callable[[int], int | None], part: int) -> int | None:
        """What ``check`` gives or raises for one of the jobs, of ``part`` edits.

        Before any of them has paid it is asked for all, once; for each part again, since other programs spend as well.
        """
        with self._lock:
            if not self._asked:
                self._asked = True
                try:
                    check(self.count)
                except FluxDepthError as exc:
                    self._refused = exc
        if self._refused is not None:
            raise self._refused
        return check(part)

    @contextlib.contextmanager
    def turn(self, cancel: CancelToken) -> Iterator[None]:
        """One of the edits that are made side by side. Raises :class:`Cancelled`."""
        while not self._turns.acquire(timeout=0.1):
            cancel.raise_if_cancelled(paid=True)
        try:
            yield
        finally:
            self._turns.release()
