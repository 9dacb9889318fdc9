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
        self._answer: tuple[int | None, FluxDepthError | None] | None = None

    def checked(self, check: Callable[[int], int | None]) -> int | None:
        """What ``check`` gives or raises for all of it; asked once, before any of the jobs has paid."""
        with self._lock:
            if self._answer is None:
                try:
                    self._answer = check(self.count), None
                except FluxDepthError as exc:
                    self._answer = None, exc
            price, error = self._answer
        if error is not None:
            raise error
        return price

    @contextlib.contextmanager
    def turn(self, cancel: CancelToken) -> Iterator[None]:
        """One of the edits that are made side by side. Raises :class:`Cancelled`."""
        while not self._turns.acquire(timeout=0.1):
            cancel.raise_if_cancelled(paid=True)
        try:
            yield
        finally:
            self._turns.release()
