"""The token with which a host tells the pipeline to stop."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from .errors import Cancelled


class CancelToken:
    """Set once, from any thread or from a signal handler. Every wait in the core is a wait on this token.

    :meth:`cancel` stops everything that may be stopped. :meth:`close_submits` stops only what costs: no submit begins
    any more, and what is under way goes on. Where a method takes ``paid``, it speaks of a submit, which both of them
    stop; of anything else, only ``cancel`` does.
    """

    def __init__(self) -> None:
        # Reentrant (a condition's own lock is), since a signal handler may run in the middle of any of these.
        self._changed = threading.Condition()
        self._cancelled = False
        self._submits_closed = False
        self._listeners: list[Callable[[], None]] = []

    def cancel(self) -> None:
        with self._changed:
            self._cancelled = True
        self._tell()

    def close_submits(self) -> None:
        """Nothing more is paid for; what is under way goes on."""
        with self._changed:
            self._submits_closed = True
        self._tell()

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    @property
    def submits_closed(self) -> bool:
        """Whether a submit may no longer begin."""
        return self._cancelled or self._submits_closed

    def stops(self, paid: bool = False) -> bool:
        """Whether a call must not begin: a submit when ``paid``, else any other."""
        return self.submits_closed if paid else self._cancelled

    def wait(self, seconds: float, paid: bool = False) -> bool:
        """Waits up to ``seconds``; True as soon as it :meth:`stops`."""
        with self._changed:
            return self._changed.wait_for(lambda: self.stops(paid), max(0.0, seconds))

    def raise_if_cancelled(self, paid: bool = False) -> None:
        """Raises :class:`Cancelled` (before the submit) when it :meth:`stops`."""
        if self.stops(paid):
            raise Cancelled.before_submit()

    @contextlib.contextmanager
    def heard_by(self, listener: Callable[[], None]) -> Iterator[None]:
        """Calls ``listener`` at each change of the token, in the thread of the change; at once if one was before.

        For who waits on something else than the token. ``listener`` must be quick and must not block.
        """
        with self._changed:
            self._listeners.append(listener)
        try:
            if self.submits_closed:
                listener()
            yield
        finally:
            with self._changed:
                self._listeners.remove(listener)

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
