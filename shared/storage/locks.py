"""Locks between processes: the system takes one back when its process dies."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BusyError, StorageError
from ..language import tr
from . import files

if TYPE_CHECKING:
    import filelock


GLANCE = 0.1  # s; longer than another program's look at a lock, shorter than anybody notices

_looking = threading.Lock()


def is_held(folder: Path, name: str) -> bool:
    """Whether somebody has the lock ``name`` of ``folder``.

    To look is to take it for a moment, so the threads of one process look one after the other: one that is held up
    would be taken for somebody who works there.
    """
    with _looking:
        try:
            acquired(folder, GLANCE, name).release()
        except BusyError:
            return True
        except StorageError:  # no lock can be had there, so nobody has one
            return False
    return False


def acquired(folder: Path, wait: float, name: str) -> filelock.BaseFileLock:
    """The lock ``name`` of ``folder``, held; the folder is made when missing.

    Raises :class:`BusyError` after ``wait`` seconds, or :class:`StorageError` when no lock can be had there.
    """
    import filelock

    # One lock is taken and released by different threads of a job, so it must not be bound to a thread.
    lock = filelock.FileLock(str(folder / name), mode=0o600, thread_local=False)
    try:
        files.make_private_folder(folder)
        lock.acquire(timeout=wait, poll_interval=0.01)
    except filelock.Timeout as exc:
        raise BusyError(tr("Another program is working on this edit.")) from exc
    except OSError as exc:
        words = tr("The data folder “{folder}” can't be written: {reason}.")
        raise StorageError(words.format(folder=folder, reason=exc.strerror or exc)) from exc
    return lock
