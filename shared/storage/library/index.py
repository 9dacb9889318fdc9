"""What the history's lists need of each job, in one file, so that opening them reads no entry that has not changed.

``<data folder>/history.index`` is made from the entries, and can be removed at any time. A row counts as long as its
entry has the time of change, the size and the number on its disk that it had when the row was made. Damaged entries
have no row.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import StorageError
from ...language import tr
from .. import files
from ..entries import EditEntry, Job

VERSION = 1
FILE = "history.index"
# Changed entries that are read each time, before the file is written anew: they cost a few ms, and it has some MB.
MOST_CHANGED = 32
# s; an entry that is younger is read each time: on some disks another change so soon leaves time and size the same.
YOUNG = 2.5


class EditSummary(NamedTuple):
    """One edit; ``state`` is the value of its :class:`EditState`, the others are as :class:`EditEntry` has them."""

    prompt: str
    state: str
    pending: bool
    unsaved: bool
    starred: bool
    deleted: bool


class Summary(NamedTuple):
    """One job: when it was made (s since 1970), for which document or files, its pattern and the price of an edit."""

    id: str
    created: float
    host: str
    path: str
    session: str
    title: str
    pattern: str
    files: tuple[str, ...]
    credits: int | None
    edits: tuple[EditSummary, ...]

    @property
    def edit_count(self) -> int:
        """The edits that are still in the history."""
        return sum(not edit.deleted for edit in self.edits)

    @property
    def kept(self) -> bool:
        """Whether it stays, however many newer ones there are."""
        return any(edit.pending or edit.unsaved or edit.starred for edit in self.edits)


def beyond(jobs: Iterable[Summary], keep: int) -> list[Summary]:
    """Those of ``jobs``, the newest first, that do not always stay and are more than ``keep`` edits.

    Of the newest all edits stay together, unless none is to be kept.
    """
    finished = [one for one in jobs if not one.kept]
    counts = itertools.accumulate(one.edit_count for one in finished)
    old = [one for one, count in zip(finished, counts, strict=True) if count > keep]
    return old[1:] if keep and len(old) == len(finished) else old


def summaries(jobs: Path, names: Iterable[str], read: Callable[[Path], Job], problems: list[str]) -> list[Summary]:
    """The summaries of the jobs ``names`` in the folder ``jobs``, the newest first; the index lies beside that.

    ``read`` reads one entry; the ValueErrors that it raises are added to ``problems``, in words.
    """
    file = jobs.with_name(FILE)
    known, rows = _stored(file), {}
    found: list[Summary] = []
    old, changed = (time.time() - YOUNG) * 1e9, 0
    for name in names:
        stamp = _stamp(f"{jobs}/{name}/job.json")  # no Path: ten thousand of them take longer than all the rest
        row = known.pop(name, None)
        if row is None or row[0] != stamp:
            try:
                row = [stamp, *_row(read(jobs / name))]
            except ValueError as exc:
                problems.append(tr("The entry of job {id} {problem}.").format(id=name, problem=exc))
                continue
            changed += 1
        if stamp and stamp[0] < old:
            rows[name] = row
        found.append(_summary(name, row[1:]))
    # What is gone must not be readable in here any longer.
    if changed > MOST_CHANGED or known:
        with contextlib.suppress(StorageError):  # then the entries are read again the next time
            _store(file, rows)
    return sorted(found, key=lambda one: one.created, reverse=True)


def summary(job: Job) -> Summary:
    return _summary(job.id, _row(job))


def recent_prompts(jobs: Iterable[Summary], count: int) -> list[str]:
    """The last ``count`` different prompts of ``jobs``, the newest first."""
    prompts = (job.pattern or job.edits[0].prompt for job in jobs)
    return list(dict.fromkeys(prompt for prompt in prompts if prompt))[:count]


def _stamp(entry: str) -> list[int] | None:
    try:
        status = os.stat(entry)  # noqa: PTH116
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_size, status.st_ino]


def _summary(name: str, row: list[Any]) -> Summary:
    created, host, path, session, title, pattern, outputs, credits, edits = row
    all_edits = tuple(EditSummary(*edit) for edit in edits)
    return Summary(name, created, host, path, session, title, pattern, tuple(outputs), credits, all_edits)


def _row(job: Job) -> list[Any]:
    there = job.destination
    edits = [EditSummary(job.asked(edit).prompt, *_state(edit)) for edit in job.edits]
    texts = (there.host, there.path, there.session, there.title, job.pattern)
    return [job.created, *texts, there.files, job.credits, edits]


def _state(edit: EditEntry) -> tuple[str, bool, bool, bool, bool]:
    return edit.state.value, edit.pending, edit.unsaved, edit.starred, edit.deleted


def _stored(file: Path) -> dict[str, list[Any]]:
    """The rows by job; none when there is no index, or when it is not just as it was written."""
    with contextlib.suppress(OSError, ValueError):
        digest, _, content = file.read_bytes().partition(b"\n")
        if digest == _digest(content):
            stored = json.loads(content)
            if stored["version"] == VERSION:
                rows: dict[str, list[Any]] = stored["jobs"]
                return rows
    return {}


def _store(file: Path, rows: dict[str, list[Any]]) -> None:
    content = json.dumps({"version": VERSION, "jobs": rows}, separators=(",", ":")).encode()
    files.write_by_rename(file, _digest(content) + b"\n" + content)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
