"""The history as an artist looks at it: every edit of both hosts and of the command, searched, filtered, by pages.

Only the entries of the page that is shown are read. Knows no host; all of it may run in a worker.
"""

from __future__ import annotations

import contextlib
import enum
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...language import N_
from ...model.search import matches
from ..entries import Destination, EditEntry, Job
from ..journal import Journal
from . import thumbnails
from .index import EditSummary

PAGE = 60  # edits


class Show(enum.Enum):
    """Which edits are shown; the value is what the artist reads, in English."""

    ALL = N_("All")
    DOCUMENT = N_("This document")
    FAVOURITES = N_("Favourites")
    UNFINISHED = N_("Unfinished")


@dataclass(frozen=True)
class Query:
    """What is looked for. ``typed`` are words of the prompt or of the document's name.

    ``path`` and ``session`` name the document that :attr:`Show.DOCUMENT` means, as :class:`Destination` has them.
    """

    typed: str = ""
    show: Show = Show.ALL
    path: str = ""
    session: str = ""


@dataclass(frozen=True)
class Edit:
    """One tile. ``thumbnail`` is its file, None as long as there is none."""

    job: Job
    entry: EditEntry
    thumbnail: Path | None


@dataclass(frozen=True)
class Page:
    """Page ``number`` (from 0) of ``count`` (at least 1) of the ``total`` edits that were found, the newest first."""

    edits: tuple[Edit, ...]
    number: int
    count: int
    total: int


class History:
    """The edits as they were when it was made, or at the last :meth:`refresh`; a page's entries are as they are now.

    ``problems`` are entries that can't be read, in words.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.refresh()

    def refresh(self) -> None:
        self._jobs = self._journal.summaries()
        self._last: tuple[Query, list[tuple[str, int]]] | None = None  # paging on asks the same again
        self.problems = tuple(self._journal.problems)

    def page(self, query: Query, number: int = 0, size: int = PAGE) -> Page:
        """Page ``number`` (from 0; the last one when there are fewer) of what ``query`` finds."""
        if self._last is None or self._last[0] != query:
            self._last = query, list(self._found(query))
        keys = self._last[1]
        count = max(1, -(-len(keys) // size))
        number = min(max(0, number), count - 1)
        jobs: dict[str, Job | None] = {}
        edits = []
        for job_id, index in keys[number * size : (number + 1) * size]:
            if job_id not in jobs:
                jobs[job_id] = self._journal.job(job_id)
            job = jobs[job_id]
            if job and not job.edits[index].deleted:  # else it was removed since
                edits.append(Edit(job, job.edits[index], thumbnails.file(job, index)))
        return Page(tuple(edits), number, count, len(keys))

    def _found(self, query: Query) -> Iterator[tuple[str, int]]:
        for job in self._jobs:
            if query.show is Show.DOCUMENT:
                there = Destination(job.host, job.path, job.session)
                if not there.same_document(query.path, query.session):
                    continue
            names = "\n".join(_name(path) for path in (job.path, *job.files)) if query.typed else ""
            for index, edit in enumerate(job.edits):
                if (
                    not edit.deleted
                    and _shown(edit, query.show)
                    and matches(query.typed, edit.prompt, job.title, names)
                ):
                    yield job.id, index


def _name(path: str) -> str:
    """The last part of a path of any system."""
    return path.replace("\\", "/").rpartition("/")[2]


def _shown(edit: EditSummary, show: Show) -> bool:
    return {Show.FAVOURITES: edit.starred, Show.UNFINISHED: edit.pending}.get(show, True)


def disk_use(journal: Journal) -> tuple[int, int]:
    """How many edits are kept, and the bytes that they take. With thousands it takes a while: for a worker."""
    total, links = 0, set()
    for folder, _, names in os.walk(journal.home / "jobs"):
        for name in names:
            with contextlib.suppress(OSError):
                status = os.stat(f"{folder}/{name}")  # noqa: PTH116  a Path for each is slower than the disk
                if status.st_nlink > 1:  # one picture may be that of many edits
                    if status.st_ino in links:
                        continue
                    links.add(status.st_ino)
                total += status.st_size
    return sum(job.edit_count for job in journal.summaries()), total
