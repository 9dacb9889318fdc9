"""The token with which a host tells the pipeline to stop."""

from __future__ import annotations

import threading

from .errors import Cancelled


class CancelToken:
    """Set once, from any thread. Every wait in the core is a wait on this token."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Waits up to ``seconds``; True as soon as it is cancelled."""
        return self._event.wait(max(0.0, seconds))

    def raise_if_cancelled(self) -> None:
        """Raises :class:`Cancelled` (before the submit) when it is cancelled."""
        if self.cancelled:
            raise Cancelled.before_submit()
