"""What is on disk about each job: history, recovery, the usual duration.

``<data folder>/jobs/<job id>/job.json`` beside companions and results, replaced by rename before each stage begins, so
that a killed host loses at most what was not paid for. While a job runs its process holds ``job.lock``; the lock goes
with the process, so an entry that is unfinished and not locked is one to recover. Damaged entries and those of a newer
version are reported and left alone. This module knows no host and no network; the entry itself is :mod:`entries`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import statistics
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BusyError, FluxDepthError, StorageError
from ..language import tr
from ..model.edit import DepthEdit
from ..pictures.encoded import EncodedImage
from . import files, locks
from .entries import Destination, EditEntry, EditState, Job, from_json, to_json
from .library import index
from .library.index import Summary, summary

if TYPE_CHECKING:
    import filelock

DURATIONS_USED = 20  # recent edits; enough for a median that follows the service's mood
LOCK_WAIT = 5.0  # s; others hold a lock only to write one small file
LOCK_GLANCE = 0.2  # s; longer than another's glance at the lock, shorter than anybody notices
TWINS_LOOKED_AT = 200  # recent jobs: more than anybody starts between a press and the next of the same edit


class JobWriter:
    """This process's hold on a job's entry, shared by all who work on it here. Safe to use from several threads."""

    def __init__(self, job: Job, lock: filelock.BaseFileLock) -> None:
        self._job = job
        self._lock = lock
        self._mutex = threading.Lock()
        self.holders = 1
        self.behind = False  # the last write failed: the disk knows less than this object

    @property
    def job(self) -> Job:
        return self._job

    def update(self, **changes: Any) -> None:
        """Changes fields of the job and writes it. Raises :class:`StorageError`."""
        with self._mutex:
            self._job = dataclasses.replace(self._job, **changes)
            self._write()

    def update_edit(self, index: int, **changes: Any) -> None:
        """Changes fields of one edit and writes the job. Raises :class:`StorageError`."""
        with self._mutex:
            edits = list(self._job.edits)
            edits[index] = dataclasses.replace(edits[index], **changes)
            self._job = dataclasses.replace(self._job, edits=tuple(edits))
            self._write()

    def catch_up(self) -> None:
        """Writes what could not be written before, if there is any. Raises :class:`StorageError`."""
        with self._mutex:
            if self.behind:
                self._write()

    def _write(self) -> None:
        self.behind = True
        _write(self._job)
        self.behind = False

    def keep_companions(self, companions: Mapping[str, bytes | files.Spooled]) -> None:
        """Writes what the results need besides their bytes, a large picture of many jobs once. Raises StorageError."""
        folder = self._job.folder
        for name, data in companions.items():
            files.write_or_link(folder / name, data, folder.parent.glob(f"*/{name}"))

    def keep_raw(self, index: int, data: bytes) -> None:
        """Writes a result's bytes before anything judges them. Raises :class:`StorageError`."""
        files.write_by_rename(self._raw(index), data)

    def raw_words(self, index: int) -> str:
        """Where what :meth:`keep_raw` wrote last is, "" when it is not there."""
        return tr("What came is kept as {path}.").format(path=raw) if (raw := self._raw(index)).is_file() else ""

    def keep_result(self, index: int, image: EncodedImage, **changes: Any) -> Path:
        """Gives the result's exact bytes their name and marks the edit DONE, with other ``changes`` of its entry.

        Raises :class:`StorageError`.
        """
        path = self._job.folder / f"result-{index + 1}{image.suffix}"
        try:
            self._raw(index).replace(path)
        except OSError:  # it was not kept when it came; now there may be room
            files.write_by_rename(path, image.data)
        self.update_edit(
            index,
            state=EditState.DONE,
            result_file=path,
            format=image.format,
            width=image.width,
            height=image.height,
            error="",
            **changes,
        )
        return path

    def _raw(self, index: int) -> Path:
        return self._job.folder / f"result-{index + 1}.raw"

    def close(self) -> None:
        """Lets go of the entry; with its last holder here it becomes history, or something to recover."""
        with _held_mutex:
            self.holders -= 1
            if not self.holders:
                _held.pop(self._job.folder, None)
                self._lock.release()


_held: dict[Path, JobWriter] = {}  # the jobs that this process works on
_held_mutex = threading.Lock()


class Journal:
    """The jobs of one data folder, read anew at each call: two hosts may write it at the same time."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or files.home()
        self.problems: list[str] = []

    @property
    def _jobs(self) -> Path:
        return self.home / "jobs"

    # Writing.

    def create(
        self,
        edits: Sequence[DepthEdit],
        *,
        address: str,
        destination: Destination,
        host_settings: Mapping[str, Any] | None = None,
        credits: int | None = None,
        pattern: str = "",
    ) -> JobWriter:
        """A new entry, written and held. Raises :class:`StorageError`; then nothing may be submitted."""
        now = time.time()
        job_id = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{uuid.uuid4().hex[:8]}"
        job = Job(
            id=job_id,
            folder=self._jobs / job_id,
            created=now,
            model_id=edits[0].model.id,
            address=address,
            destination=destination,
            edits=tuple(EditEntry(index, dict(edit.values)) for index, edit in enumerate(edits)),
            host_settings=dict(host_settings or {}),
            credits=credits,
            pattern=pattern,
        )
        _write(job)
        with _held_mutex:
            _held[job.folder] = writer = JobWriter(job, _locked(job.folder, LOCK_GLANCE))
        return writer

    def reopen(self, job_id: str, wait: float = LOCK_GLANCE) -> JobWriter:
        """Holds an existing entry, together with who holds it in this process.

        Raises :class:`BusyError` when another process holds it for longer than ``wait`` seconds, and
        :class:`StorageError` when it can't be read.
        """
        folder = self._jobs / job_id
        with _held_mutex:
            writer = _held.get(folder)
            if writer is not None:
                writer.holders += 1
                return writer
            if not folder.is_dir():  # taking its lock would make it again
                raise StorageError(tr("Job {id} is no longer in the history.").format(id=job_id), "")
            lock = _locked(folder, wait)
            try:
                _held[folder] = writer = JobWriter(_read(folder), lock)
            except ValueError as exc:
                lock.release()
                words = tr("The entry of job {id} {problem}.").format(id=job_id, problem=exc)
                raise StorageError(words, "") from exc
            return writer

    def mark(
        self, job_id: str, indices: Iterable[int], document: Mapping[str, Any] | None = None, **changes: Any
    ) -> None:
        """Changes fields of some edits of a job, e.g. ``arrived``, ``safe``, ``discarded``.

        ``document`` is the document that they are in now (``path`` and ``session``). Raises :class:`StorageError`.
        """
        writer = self.reopen(job_id, LOCK_WAIT)
        try:
            if document:
                writer.update(destination=dataclasses.replace(writer.job.destination, **document))
            for index in indices:
                writer.update_edit(index, **changes)
        finally:
            writer.close()

    def trim(self, keep: int) -> list[Summary]:
        """Removes the oldest jobs until at most ``keep`` edits are left, and returns what they were.

        What is starred, pending, unsaved or running always stays, and does not count.
        """
        removed = [one for one in index.beyond(self.summaries(), keep) if self._removed(self._jobs / one.id)]
        self._sweep()
        return removed

    def _removed(self, folder: Path) -> bool:
        """Puts a job out of sight, its files to be removed; False when that can't be, or when a process works on it."""
        with contextlib.suppress(StorageError, OSError):
            _locked(folder, 0.0).release()  # Windows removes no open file
            folder.rename(folder.with_name(f".{folder.name}"))  # all of it is gone at once
            return True
        return False

    def _sweep(self) -> None:
        for folder in self._jobs.glob(".*"):
            shutil.rmtree(folder, ignore_errors=True)

    def delete(self, job_id: str, index: int) -> Summary | None:
        """Takes one edit out of the history, with its result and its thumbnail; the last of a job takes the job along.

        Returns what the job was when it is gone, None while others of it are there. Raises :class:`BusyError` while a
        job is at work, and :class:`StorageError`, also for an edit that is ``pending``: that is discarded first.
        """
        writer = self.reopen(job_id)
        try:
            job = writer.job
            if writer.holders > 1:
                raise BusyError(tr("This edit is still being worked on."))
            if job.edits[index].pending:
                raise StorageError(tr("This edit is not finished."), tr("Fetch it or discard it first."))
            last = all(edit.deleted for edit in job.edits if edit.index != index)
            if not last:
                gone = {"deleted": True, "discarded": True, "starred": False}
                writer.update_edit(index, settings={}, result_file=None, **gone)
        finally:
            writer.close()
        if last:
            if not self._removed(job.folder):
                words = tr("“{path}” can't be removed.").format(path=job.folder)
                raise StorageError(words, tr("Is one of its files open in another program?"))
            self._sweep()
            return summary(job)
        for file in (*job.folder.glob(f"result-{index + 1}.*"), *job.folder.glob(f"thumbnail-{index + 1}.*")):
            with contextlib.suppress(OSError):  # open in another program: it goes with the job
                file.unlink()
        return None

    # Reading.

    def entries(self) -> list[Job]:
        """All jobs, the newest first. What can't be read is named in :attr:`problems` and left alone."""
        self.problems = []
        return sorted(self._read_all(self._folders()), key=lambda job: job.created, reverse=True)

    def summaries(self) -> list[Summary]:
        """As :meth:`entries`, only what lists need of each job, and much faster. Submits are as they were written."""
        self.problems = []
        return index.summaries(self._jobs, self._names(), _read, self.problems)

    def job(self, job_id: str) -> Job | None:
        """One job as it is on disk now; None when it is not there or can't be read."""
        with contextlib.suppress(ValueError):
            return _settled(_read(self._jobs / job_id))
        return None

    def note_picture(self, writer: JobWriter, picture: Mapping[str, Any]) -> tuple[Job, EditEntry] | None:
        """Notes which picture a job is about (``sha256`` and more), and returns its twin, if there is one.

        That is an edit of the same picture with the same settings that is on its way, or paid for and not here yet, or
        may have been billed; else one whose result is here. Of two that come at once, one has the other as its twin.
        Raises :class:`StorageError`.
        """
        lock = locks.acquired(self.home, LOCK_WAIT, "pictures.lock")
        try:
            writer.update(picture=dict(picture))
            return self._twin(writer.job)
        finally:
            lock.release()

    def _twin(self, job: Job) -> tuple[Job, EditEntry] | None:
        wanted, made = [dict(edit.settings) for edit in job.edits], None
        for other in self._read_all(self._folders()[:TWINS_LOOKED_AT]):
            if other.id == job.id or (other.address, other.model_id) != (job.address, job.model_id):
                continue
            if other.picture.get("sha256") != job.picture["sha256"]:
                continue
            running = is_running(other)
            for edit in other.edits:
                if dict(edit.settings) in wanted and not (edit.discarded or edit.deleted):
                    pending = edit.state in (EditState.PREPARED, EditState.SUBMITTING, EditState.TAKEN)
                    if edit.unfinished or edit.state is EditState.UNCERTAIN or (running and pending):
                        return other, edit
                    made = made or ((other, edit) if edit.result_file else None)
        return made

    def usual_seconds(self, like: DepthEdit) -> float | None:
        """The median seconds from submit to result of edits by the model and with the steps of ``like``.

        Else of all by that model, else of all; None before any.
        """
        done = [
            (job.asked(edit), edit.finished - edit.submitted)
            for job in self._read_all(self._folders()[: DURATIONS_USED * 5])
            for edit in job.edits
            if edit.state is EditState.DONE and edit.finished and edit.submitted and edit.finished > edit.submitted
        ]
        same = [(one, seconds) for one, seconds in done if one.model == like.model]
        alike = [seconds for one, seconds in same if one.steps == like.steps] or [
            seconds for _, seconds in same or done
        ]
        return statistics.median(alike[:DURATIONS_USED]) if alike else None

    def _read_all(self, folders: Iterable[Path]) -> Iterator[Job]:
        for folder in folders:
            try:
                yield _settled(_read(folder))
            except ValueError as exc:
                self.problems.append(tr("The entry of job {id} {problem}.").format(id=folder.name, problem=exc))

    def _folders(self) -> list[Path]:
        return [self._jobs / name for name in self._names()]

    def _names(self) -> list[str]:
        """The ids of the jobs; they begin with a date, so the newest comes first."""
        try:
            with os.scandir(self._jobs) as found:
                names = [one.name for one in found if not one.name.startswith(".") and one.is_dir()]
            return sorted(names, reverse=True)
        except FileNotFoundError:
            return []
        except OSError as exc:
            words = tr("The data folder “{folder}” can't be read: {reason}.")
            self.problems.append(words.format(folder=self._jobs, reason=exc.strerror))
            return []


def is_running(job: Job) -> bool:
    """Whether a live process, this one included, works on ``job``, as the journal gave it.

    What it gave as being submitted is: it has looked, and a second look might see the process gone.
    """
    return any(edit.state is EditState.SUBMITTING for edit in job.edits) or _is_held(job.folder)


def _is_held(folder: Path) -> bool:
    if not folder.is_dir():  # trimmed meanwhile; taking its lock would make it again
        return False
    with _held_mutex:
        if folder in _held:
            return True
    return locks.is_held(folder, "job.lock")


def note_failure(writer: JobWriter, index: int, state: EditState, error: FluxDepthError) -> None:
    """Writes how an edit ended. A journal that can't be written must not hide the error itself."""
    with contextlib.suppress(StorageError):
        writer.update_edit(index, state=state, error=str(error))


def _settled(job: Job) -> Job:
    """``job``, with a submit that was under way when its process died shown as what it is: uncertain."""
    submitting = any(edit.state is EditState.SUBMITTING for edit in job.edits)
    return job.with_unknown_submits() if submitting and not _is_held(job.folder) else job


def _locked(folder: Path, wait: float) -> filelock.BaseFileLock:
    return locks.acquired(folder, wait, "job.lock")


def _write(job: Job) -> None:
    files.write_by_rename(job.folder / "job.json", json.dumps(to_json(job), indent=1).encode())


def _read(folder: Path) -> Job:
    """The job in ``folder``. Raises ValueError with what is wrong, as the end of a sentence about the entry."""
    try:
        data = files.parsed((folder / "job.json").read_bytes())
    except FileNotFoundError:
        raise ValueError(tr("is missing")) from None
    except (OSError, ValueError) as exc:
        raise ValueError(tr("can't be read and is left alone")) from exc
    return from_json(data, folder)
