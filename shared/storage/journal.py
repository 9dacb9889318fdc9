"""What is on disk about each job: history, recovery, reuse of uploads, the usual duration.

``<data folder>/jobs/<job id>/job.json`` beside the result files, replaced by rename before each stage begins, so that a
killed host loses at most what was not paid for. While a job runs its process holds ``job.lock``; the lock goes with the
process, so an entry that is unfinished and not locked is one to recover. Damaged entries and those of a newer version
are reported and left alone. This module knows no host and no network.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import json
import shutil
import statistics
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BusyError, FluxDepthError, StorageError
from ..model.edit import DepthEdit
from ..pictures.encoded import EncodedImage
from . import files

if TYPE_CHECKING:
    import filelock

VERSION = 1
UPLOADS_KEPT = 100
DURATIONS_USED = 20  # recent edits; enough for a median that follows the service's mood
LOCK_WAIT = 5.0  # s; others hold a lock only to write one small file
LOCK_GLANCE = 0.2  # s; longer than another's glance at the lock, shorter than anybody notices


class EditState(enum.Enum):
    """Where one edit of a job stands."""

    PREPARED = "prepared"  # nothing was submitted
    SUBMITTING = "submitting"  # the submit was begun and no reply is known: uncertain, if its process is gone
    TAKEN = "taken"  # the service has it; ``uuid`` finds it again
    DONE = "done"  # the result is on disk
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # may have been billed, can't be found again
    STOPPED = "stopped"  # stopped before the submit


@dataclass(frozen=True)
class EditEntry:
    """One edit of a job. Times are seconds since 1970; sizes are in pixels; ``settings`` are the model's parameters."""

    index: int
    settings: Mapping[str, Any]
    state: EditState = EditState.PREPARED
    uuid: str = ""
    result_file: Path | None = None
    format: str = ""
    width: int = 0
    height: int = 0
    error: str = ""
    imported: bool = False
    submitted: float | None = None
    finished: float | None = None

    @property
    def unfinished(self) -> bool:
        """Paid for, and not yet in the artist's document."""
        return self.state in (EditState.TAKEN, EditState.DONE) and not self.imported


@dataclass(frozen=True)
class Job:
    """One press of the button. ``origin`` is the host's own note of where the picture came from."""

    id: str
    folder: Path
    created: float
    model_id: str
    address: str
    origin: Mapping[str, Any]
    edits: tuple[EditEntry, ...]
    picture: Mapping[str, Any] = field(default_factory=dict)
    upload: str = ""


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

    def keep_result(self, index: int, image: EncodedImage) -> Path:
        """Writes the result's exact bytes beside the entry and marks the edit DONE. Raises :class:`StorageError`."""
        path = self._job.folder / f"result-{index + 1}{image.suffix}"
        files.write_by_rename(path, image.data)
        self.update_edit(
            index,
            state=EditState.DONE,
            result_file=path,
            format=image.format,
            width=image.width,
            height=image.height,
            error="",
        )
        return path

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

    def create(self, edits: list[DepthEdit], *, address: str, origin: Mapping[str, Any] | None = None) -> JobWriter:
        """A new entry, written and held. Raises :class:`StorageError`; then nothing may be submitted."""
        now = time.time()
        job_id = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{uuid.uuid4().hex[:8]}"
        job = Job(
            id=job_id,
            folder=self._jobs / job_id,
            created=now,
            model_id=edits[0].model.id,
            address=address,
            origin=dict(origin or {}),
            edits=tuple(EditEntry(index, dict(edit.values)) for index, edit in enumerate(edits)),
        )
        _write(job)
        with _held_mutex:
            _held[job.folder] = writer = JobWriter(job, _acquired(job.folder, LOCK_GLANCE))
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
                raise StorageError(f"Job {job_id} is no longer in the history.", "")
            lock = _acquired(folder, wait)
            try:
                _held[folder] = writer = JobWriter(_read(folder), lock)
            except ValueError as exc:
                lock.release()
                raise StorageError(f"The entry of job {job_id} {exc}.", "") from exc
            return writer

    def mark_imported(self, job_id: str, index: int) -> None:
        """Notes that a result has reached the artist's document, or is not wanted any more.

        Raises :class:`StorageError`.
        """
        writer = self.reopen(job_id, LOCK_WAIT)
        try:
            writer.update_edit(index, imported=True)
        finally:
            writer.close()

    def trim(self, keep: int) -> None:
        """Removes the oldest finished jobs until ``keep`` are left. What is unfinished or running always stays."""
        finished = [job for job in self.entries() if not any(edit.unfinished for edit in job.edits)]
        for job in finished[keep:]:
            with contextlib.suppress(StorageError, OSError):
                _acquired(job.folder, 0.0).release()  # Windows removes no open file
                job.folder.rename(job.folder.with_name(f".{job.folder.name}"))  # all of it is gone at once
        for removed in self._jobs.glob(".*"):
            shutil.rmtree(removed, ignore_errors=True)

    # Reading.

    def entries(self) -> list[Job]:
        """All jobs, the newest first. What can't be read is named in :attr:`problems` and left alone."""
        self.problems = []
        jobs = []
        for folder in self._folders():
            try:
                jobs.append(_settled(_read(folder)))
            except ValueError as exc:
                self.problems.append(f"The entry of job {folder.name} {exc}.")
        return sorted(jobs, key=lambda job: job.created, reverse=True)

    def unfinished(self) -> list[tuple[Job, EditEntry]]:
        """What was paid for and has not reached a document, without the jobs that a live process works on."""
        return [
            (job, edit)
            for job in self.entries()
            if any(edit.unfinished for edit in job.edits) and not is_running(job)
            for edit in job.edits
            if edit.unfinished
        ]

    def recent_prompts(self, count: int = 10) -> list[str]:
        """The last different prompts, the newest first."""
        prompts = (str(edit.settings.get("prompt", "")) for job in self.entries() for edit in job.edits[:1])
        return list(dict.fromkeys(prompt for prompt in prompts if prompt))[:count]

    def usual_seconds(self, steps: int) -> float | None:
        """The median seconds from submit to result, of edits with as many steps, else of all; None before any."""
        done = [
            (edit.settings.get("steps"), edit.finished - edit.submitted)
            for job in self.entries()[: DURATIONS_USED * 5]
            for edit in job.edits
            if edit.state is EditState.DONE and edit.finished and edit.submitted
        ]
        alike = [seconds for one, seconds in done if one == steps] or [seconds for _, seconds in done]
        return statistics.median(alike[:DURATIONS_USED]) if alike else None

    def _folders(self) -> list[Path]:
        try:
            folders = (one for one in self._jobs.iterdir() if one.is_dir() and not one.name.startswith("."))
            return sorted(folders, reverse=True)
        except FileNotFoundError:
            return []
        except OSError as exc:
            self.problems.append(f"The data folder “{self._jobs}” can't be read: {exc.strerror}.")
            return []

    # Uploads that the service already has.

    def known_upload(self, account: str) -> str | None:
        """The path under which the service has this picture; ``account`` is :meth:`Client.account`'s name for it."""
        path = self._uploads().get(account)
        return path if isinstance(path, str) else None

    def remember_upload(self, account: str, path: str | None) -> None:
        """Notes, or with None forgets, where the service has a picture. Raises :class:`StorageError`."""
        lock = _acquired(self.home, LOCK_WAIT, "uploads.lock")
        try:
            uploads = self._uploads()
            uploads.pop(account, None)
            if path is not None:
                uploads[account] = path
            kept = dict(list(uploads.items())[-UPLOADS_KEPT:])
            files.write_by_rename(self.home / "uploads.json", json.dumps(kept, indent=1).encode())
        finally:
            lock.release()

    def _uploads(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            stored = json.loads((self.home / "uploads.json").read_text("utf-8"))
            if isinstance(stored, dict):
                return stored
        return {}


def is_running(job: Job) -> bool:
    """Whether a live process, this one included, works on ``job``."""
    if not job.folder.is_dir():  # trimmed meanwhile; taking its lock would make it again
        return False
    with _held_mutex:
        if job.folder in _held:
            return True
    try:
        _acquired(job.folder, 0.02).release()
    except BusyError:
        return True
    except StorageError:  # no lock can be had there, so nobody has one
        return False
    return False


def _settled(job: Job) -> Job:
    """``job``, with a submit that was under way when its process died shown as what it is: uncertain."""
    if not any(edit.state is EditState.SUBMITTING for edit in job.edits) or is_running(job):
        return job
    edits = (
        dataclasses.replace(edit, state=EditState.UNCERTAIN) if edit.state is EditState.SUBMITTING else edit
        for edit in job.edits
    )
    return dataclasses.replace(job, edits=tuple(edits))


def note_failure(writer: JobWriter, index: int, state: EditState, error: FluxDepthError) -> None:
    """Writes how an edit ended. A journal that can't be written must not hide the error itself."""
    with contextlib.suppress(StorageError):
        writer.update_edit(index, state=state, error=str(error))


def _acquired(folder: Path, wait: float, name: str = "job.lock") -> filelock.BaseFileLock:
    """The folder's lock, held. Raises :class:`BusyError` after ``wait`` seconds, or :class:`StorageError`."""
    import filelock

    # One lock is taken and released by different threads of a job, so it must not be bound to a thread.
    lock = filelock.FileLock(str(folder / name), thread_local=False)
    try:
        lock.acquire(timeout=wait, poll_interval=0.01)
    except filelock.Timeout as exc:
        raise BusyError("Another program is working on this edit.") from exc
    except OSError as exc:
        raise StorageError(f"The data folder “{folder}” can't be written: {exc.strerror or exc}.") from exc
    return lock


def _write(job: Job) -> None:
    data = {
        "version": VERSION,
        "id": job.id,
        "created": job.created,
        "model": job.model_id,
        "address": job.address,
        "origin": job.origin,
        "picture": job.picture,
        "upload": job.upload,
        "edits": [_edit_to_json(edit) for edit in job.edits],
    }
    files.write_by_rename(job.folder / "job.json", json.dumps(data, indent=1).encode())


def _edit_to_json(edit: EditEntry) -> dict[str, Any]:
    data = {one.name: getattr(edit, one.name) for one in dataclasses.fields(edit)}
    data["state"] = edit.state.value
    data["result_file"] = edit.result_file.name if edit.result_file else ""
    return data


def _read(folder: Path) -> Job:
    """The job in ``folder``. Raises ValueError with what is wrong, as the end of a sentence about the entry."""
    try:
        data = json.loads((folder / "job.json").read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError("is missing") from None
    except (OSError, ValueError) as exc:
        raise ValueError("can't be read and is left alone") from exc
    try:
        if data["version"] > VERSION:
            raise ValueError("was written by a newer version and is left alone")
        return Job(
            id=folder.name,
            folder=folder,
            created=float(data["created"]),
            model_id=str(data["model"]),
            address=str(data["address"]),
            origin=dict(data["origin"]),
            edits=tuple(_edits_from_json(data["edits"], folder)),
            picture=dict(data["picture"]),
            upload=str(data["upload"]),
        )
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError("is damaged and is left alone") from exc


def _checked_entry(entry: EditEntry) -> EditEntry:
    """``entry``, or ValueError when a value is of another kind than this version writes."""
    numbers = (entry.submitted, entry.finished)
    texts = (entry.uuid, entry.format, entry.error)
    sizes = (entry.width, entry.height)
    if (
        all(one is None or isinstance(one, (int, float)) for one in numbers)
        and all(isinstance(one, str) for one in texts)
        and all(isinstance(one, int) for one in (*sizes, entry.imported))
    ):
        return entry
    raise ValueError("is damaged and is left alone")


def _edits_from_json(edits: list[dict[str, Any]], folder: Path) -> Iterator[EditEntry]:
    known = {one.name for one in dataclasses.fields(EditEntry)}
    for index, data in enumerate(edits):
        fields = {name: value for name, value in data.items() if name in known}
        # Only a name is stored: a data folder that was moved still finds its results, and none lies outside it.
        name = Path(fields["result_file"]).name
        if fields["state"] not in {state.value for state in EditState}:
            raise ValueError("was written by a newer version and is left alone")
        fields |= {
            "index": index,
            "state": EditState(fields["state"]),
            "result_file": folder / name if name else None,
            "settings": dict(fields["settings"]),
        }
        yield _checked_entry(EditEntry(**fields))
