"""Locks between processes: the system takes one back when its process dies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BusyError, StorageError
from . import files

if TYPE_CHECKING:
    import filelock


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
        raise BusyError("Another program is working on this edit.") from exc
    except OSError as exc:
        raise StorageError(f"The data folder “{folder}” can't be written: {exc.strerror or exc}.") from exc
    return lock
