"""What the data folder says that the artist is owed: paid and not here, here and not saved, or of unknown fate."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..storage import processes
from ..storage.entries import EditEntry, EditState, Job
from ..storage.journal import Journal, is_running
from ..storage.library.index import recent_prompts
from .wording import Why, owed_words

Held = Collection[tuple[str, int]]  # results (job id, index) that open documents contain
PROMPTS = 10  # recent ones …
MOST_PROMPTS = 1000  # … and those that are found by typing


@dataclass(frozen=True)
class Owed:
    """Edits of one job that the artist has a claim on, or should know of."""

    job: Job
    entries: tuple[EditEntry, ...]
    why: Why

    @property
    def indices(self) -> list[int]:
        return [entry.index for entry in self.entries]

    @property
    def discardable(self) -> bool:
        """Whether a window may give all of it up."""
        return all(discardable(self.job, entry) for entry in self.entries)

    @property
    def words(self) -> str:
        """One sentence for the artist."""
        return owed_words(self.job, self.entries, self.why)


@dataclass(frozen=True)
class Standing:
    """What the data folder held when it was looked at. ``problems`` are entries that can't be read, in words.

    ``prompts`` are the last ones, ``all_prompts`` also the earlier ones, the newest first.
    """

    owed: tuple[Owed, ...] = ()
    problems: tuple[str, ...] = ()
    all_prompts: tuple[str, ...] = ()

    @property
    def prompts(self) -> tuple[str, ...]:
        return self.all_prompts[:PROMPTS]

    def without(self, job_id: str, indices: Collection[int]) -> Standing:
        """The same, after some edits of a job have been dealt with."""
        kept = (one for one in self.owed if one.job.id != job_id or set(one.indices) - set(indices))
        return Standing(tuple(kept), self.problems, self.all_prompts)


def discardable(job: Job, entry: EditEntry) -> bool:
    """Whether a window may give the edit up. The command's results wait for the command, which would pay anew."""
    if entry.state is EditState.UNCERTAIN:
        return not entry.discarded
    return (entry.unfinished or entry.unsaved) and not job.destination.files


def read(journal: Journal, *, host: str, process: str, held: Held, ours: Collection[str]) -> Standing:
    """The standing of ``host``, whose documents live in ``process``; ``ours`` are jobs that it brings in already."""
    jobs = journal.summaries()
    open_ones = [one.id for one in jobs if one.kept and one.id not in ours]
    owed = [one for job in map(journal.job, open_ones) if job for one in _owed(job, host, process, held)]
    return Standing(tuple(owed), tuple(journal.problems), tuple(recent_prompts(jobs, MOST_PROMPTS)))


def _owed(job: Job, host: str, process: str, held: Held) -> Iterator[Owed]:
    wanted = [edit for edit in job.edits if not edit.discarded]
    # One that is held has arrived, and its host died, or its disk was full, before that was noted.
    waiting = [edit for edit in wanted if edit.unfinished and (job.id, edit.index) not in held]
    submitting = [edit for edit in wanted if edit.state is EditState.SUBMITTING]
    if (waiting or submitting) and is_running(job):
        # What its artist has stopped says so; its submit is still under way.
        waiting, submitting = [], [edit for edit in submitting if edit.error]
    lost = [
        edit
        for edit in wanted
        if edit.unsaved and (job.id, edit.index) not in held and _may_be_lost(job, edit, host, process)
    ]
    uncertain = [edit for edit in wanted if edit.state is EditState.UNCERTAIN and (job.id, edit.index) not in held]
    for why, entries in (
        (Why.WAITING, waiting),
        (Why.UNSAVED, lost),
        (Why.SUBMITTING, submitting),
        (Why.UNCERTAIN, uncertain),
    ):
        if entries:
            yield Owed(job, tuple(entries), why)


def _may_be_lost(job: Job, edit: EditEntry, host: str, process: str) -> bool:
    """Whether a result that has arrived may be in no document: undone, not saved, or its host has died."""
    destination = job.destination
    if destination.host != host:
        return False
    if host != "gimp":
        return destination.session.startswith(process) or processes.is_alive(destination.session) is not True
    # GIMP's saving can't be watched, so the file itself tells: written since, it holds what the artist wanted.
    alive = processes.is_alive(destination.session)
    if alive is None and processes.machine_of(destination.session) == processes.machine_of(process):
        alive = destination.session.startswith(process)  # each start of a Flatpak has processes of its own to see
    if alive is not False or not destination.path:
        return False
    now, then = _time_of(destination.path), edit.document_time
    if now is None:
        return False
    return now < (edit.arrived or 0.0) if then is None else now <= then


def _time_of(file: str) -> float | None:
    """When ``file`` was changed last, by its own disk; None when it is not there, or has no name."""
    if not file:
        return None
    try:
        return Path(file).stat().st_mtime
    except (OSError, ValueError):
        return None


def note_arrival(
    journal: Journal, job_id: str, indices: Collection[int], host: str, elsewhere: bool, document: Mapping[str, str]
) -> None:
    """Notes that results are in a document of ``host``, named by ``document``; ``elsewhere`` is not where they belong.

    The command's are safe as soon as its files are written; what it made stays its own when a copy goes elsewhere.
    Raises :class:`StorageError`.
    """
    job = journal.job(job_id)
    indices = [index for index in indices if job and not job.edits[index].safe]
    if job is None or not indices:  # from the history, once more
        return
    # The file's own time: the clock may have been set between its last change and now.
    when: dict[str, Any] = {"arrived": time.time(), "document_time": _time_of(document.get("path", ""))}
    if not elsewhere:
        journal.mark(job.id, indices, document, safe=bool(job.destination.files), **when)
    elif job.destination.host == host:
        journal.mark(job.id, indices, document, **when)
    elif not job.destination.files:
        journal.mark(job.id, indices, safe=True)


def note_saved(journal: Journal, held: Held) -> None:
    """Notes that a document was saved with the results ``held`` in it, also where their arrival could not be noted.

    The command's stay its own. Raises :class:`StorageError`.
    """
    for job_id in {job_id for job_id, _ in held}:
        job = journal.job(job_id)
        for edit in job.edits if job and not job.destination.files else ():
            if (job_id, edit.index) not in held or edit.safe or edit.discarded:
                continue
            # What is here and not known as paid lost its id on the way to the disk.
            state = edit.state if edit.paid else EditState.DONE
            journal.mark(job_id, [edit.index], safe=True, state=state)
