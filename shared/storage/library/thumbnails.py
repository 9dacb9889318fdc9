"""The small pictures of the history: ``thumbnail-<n>.jpg`` beside a job's entry, made once from the result there.

Who makes them is handed in: Pillow does in Blender (``imaging.thumbnail``), GIMP has codecs of its own. An empty file
stands for a result of which none can be made, so that it is not tried again and again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

from ...cancel import CancelToken
from ...errors import PictureError, StorageError
from .. import files
from ..entries import Job

LONGEST_SIDE = 256  # px

# Of the picture in a file the bytes of a JPEG with no side longer than so many px, never enlarged. Raises PictureError.
Make = Callable[[Path, int], bytes]


def file(job: Job, index: int) -> Path | None:
    """The thumbnail of a result; None while there is none, or when none can be made."""
    path = _path(job, index)
    with contextlib.suppress(OSError):
        if path.stat().st_size:
            return path
    return None


def is_missing(job: Job, index: int) -> bool:
    """Whether there is a result, and nobody has tried to make its thumbnail."""
    return job.edits[index].result_file is not None and not _path(job, index).exists()


def make_missing(wanted: Iterable[tuple[Job, int]], make: Make, cancel: CancelToken) -> None:
    """Makes what is missing of ``wanted``, in their order, until it is done or cancelled. For a worker.

    Who shows them looks for :func:`file` meanwhile. What can't be written is made again the next time.
    """
    for job, index in wanted:
        if cancel.cancelled:
            return
        result = job.edits[index].result_file
        if result is None or not is_missing(job, index):
            continue
        try:
            data = make(result, LONGEST_SIDE)
        except PictureError:
            data = b""
        if result.exists():  # else it went meanwhile, or its disk is away for a moment
            keep(job, index, data)


def keep(job: Job, index: int, data: bytes) -> None:
    """Writes the thumbnail of a result; with no data, that none can be made."""
    with contextlib.suppress(StorageError, OSError):
        files.write_by_rename(_path(job, index), data)
        if not (job.folder / "job.json").exists():  # removed meanwhile, and writing has made its folder again
            _path(job, index).unlink()
            job.folder.rmdir()


def _path(job: Job, index: int) -> Path:
    return job.folder / f"thumbnail-{index + 1}.jpg"
