"""The one background worker: work in a thread of its own, and its answer for the host's main thread.

Jobs, look-ups of the disk and service checks all go this way. The work never touches the host.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from ..errors import Billed, FluxDepthError, NextStep
from ..language import tr
from ..storage.log import LOGGER

T = TypeVar("T")

SIDE_BY_SIDE = 4  # variations at once; the service's limit is a guess of others (180 requests a minute)

_live: set[Background[Any]] = set()


class Background(Generic[T]):
    """``work`` in a daemon thread: a host that quits must not hang on a silent network or disk.

    ``may_bill`` tells, when a fault of ours ends the work, whether credits may have been used by then.
    """

    def __init__(
        self, work: Callable[[], T], name: str = "fluxdepth-work", may_bill: Callable[[], bool] = lambda: False
    ) -> None:
        self._answer: T | None = None
        self._error: FluxDepthError | None = None
        self._done = threading.Event()
        self._may_bill = may_bill
        self._thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        _live.add(self)
        self._thread.start()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._answer = work()
        except FluxDepthError as exc:
            self._error = exc
        except Exception as exc:  # noqa: BLE001  a fault of ours: the artist is told, the log has the traceback
            self._error = internal_error(exc, self._may_bill())
        finally:
            self._done.set()
            _live.discard(self)

    @property
    def finished(self) -> bool:
        return self._done.is_set()

    def answer(self) -> T:
        """What the work gave, once :attr:`finished`. Raises its :class:`FluxDepthError`."""
        if not self._done.is_set():
            raise RuntimeError("the work is not finished")
        if self._error is not None:
            raise self._error
        return self._answer  # type: ignore[return-value]

    def join(self, timeout: float) -> None:
        """Waits up to ``timeout`` seconds for the work to end."""
        self._done.wait(max(0.0, timeout))


class Errands:
    """Work that belongs to no ticket, and what follows it in the main thread: ``then`` gets the value or the error."""

    def __init__(self) -> None:
        self._all: list[tuple[Background[Any], Callable[[Any], None]]] = []

    def start(self, work: Callable[[], Any], then: Callable[[Any], None] = lambda answer: None) -> None:
        self._all.append((Background(work, "fluxdepth-errand"), then))

    @property
    def busy(self) -> bool:
        return bool(self._all)

    def advance(self) -> None:
        """Follows up what has ended; nothing that is raised there gets out, since a host drops a timer that raises."""
        for errand in [one for one in self._all if one[0].finished]:
            self._all.remove(errand)
            work, then = errand
            try:
                answer: Any = work.answer()
            except FluxDepthError as exc:
                LOGGER.warning("%s", exc.english)
                answer = exc
            try:
                then(answer)
            except Exception as exc:  # noqa: BLE001  see above; the log has it
                internal_error(exc, False)

    def join(self, timeout: float) -> None:
        """Waits up to ``timeout`` seconds for the work; what follows it comes at the next :meth:`advance`."""
        deadline = time.monotonic() + timeout
        for work, _ in self._all:
            work.join(deadline - time.monotonic())


def internal_error(exc: Exception, may_have_billed: bool) -> FluxDepthError:
    """A fault of ours in words; call it where the exception is handled, the log gets its traceback."""
    LOGGER.exception("internal error")
    return FluxDepthError(
        tr("Something went wrong inside Flux Depth ({error}).").format(error=f"{type(exc).__name__}: {exc}"),
        tr("The log has the details; look into the history before you try again."),
        billed=Billed.MAYBE if may_have_billed else Billed.NO,
        next_step=NextStep.RECOVER if may_have_billed else NextStep.NONE,
    )


def settle(timeout: float) -> None:
    """Waits, at most ``timeout`` seconds, until no work is left; call it when the host lets go of the plug-in."""
    deadline = time.monotonic() + timeout
    for work in list(_live):
        work.join(deadline - time.monotonic())


def side_by_side(task: Callable[[int], None], indices: Sequence[int]) -> None:
    """Runs ``task`` for each index, at most :data:`SIDE_BY_SIDE` at once, and raises what one of them raised.

    Daemon threads, unlike an executor's: a host that quits must not hang on a silent network.
    """
    if len(indices) == 1:
        task(indices[0])
        return
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    broken: list[BaseException] = []
    for index in indices:
        waiting.put(index)

    def work() -> None:
        with contextlib.suppress(queue.Empty):
            while not broken:
                index = waiting.get_nowait()
                try:
                    task(index)
                except BaseException as exc:  # noqa: BLE001  raised again below, in the job's own thread
                    broken.append(exc)

    threads = [
        threading.Thread(target=work, name=f"fluxdepth-variation-{number}", daemon=True)
        for number in range(min(len(indices), SIDE_BY_SIDE))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
