"""Which frames there are, which file each becomes, and what has to be done for it. Knows neither Blender nor the desk.

Everything here is decided before anything is paid for. A file's name and kind never depend on what the service answers:
so the next run finds its files, and a range has one kind of them.
"""

import contextlib
import enum
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..shared.errors import ParameterError, StorageError
from ..shared.language import tr
from ..shared.model.edit import DepthEdit
from ..shared.pictures.encoded import sniff
from ..shared.storage import files
from ..shared.storage.entries import EditEntry, EditState, Job

DEFAULT_OUTPUT = "//fluxdepth/####"
KINDS = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg", ".webp": "webp"}
ATTEMPT = "attempt"  # in a destination's place and in a claim: which submit of which worker it was
LEAST_ROOM = 32 * 1024 * 1024  # bytes that must be free: a picture, its copy in the history, and some peace
ROOM_FACTOR = 4  # of the uncompressed picture, for large ones: sent, received, kept and converted


@dataclass(frozen=True)
class Wish:
    """One file that has to be made: edit ``index`` of ``frame`` becomes ``file`` (absolute, links resolved)."""

    frame: int
    index: int
    edit: DepthEdit
    file: Path

    @property
    def kind(self) -> str:
        return KINDS[self.file.suffix.lower()]


# Which frames.


def numbers(text: str) -> range:
    """The frames in ``text``: 5, 1-20 or 1-20:2. Raises ParameterError."""
    found = re.fullmatch(r"(-?\d+)(?:-(-?\d+))?(?::(\d+))?", text)
    if found and int(found[3] or 1):
        frames = range(int(found[1]), int(found[2] or found[1]) + 1, int(found[3] or 1))
        if frames:
            return frames
    words = tr("{option} can't be “{value}”.").format(option="--frames", value=text)
    raise ParameterError(words, tr("Write it like 1-20, 1-20:2 or scene."))


# Which files.


def kind_in(output: str) -> str:
    """The kind of file that ``output`` names by its ending; empty when it names none."""
    return KINDS.get(Path(output).suffix.lower(), "")


def with_kind(output: str, transparent: bool, format: str) -> str:
    """``output`` with an ending: its own, else PNG when results may be ``transparent``, else the result format."""
    return output if kind_in(output) else f"{output}.{'png' if transparent else format}"


def wishes(output: str, frames: Iterable[int], edits: list[DepthEdit]) -> list[list[Wish]]:
    """The files of each frame, numbered from the second variation on. ``output`` is absolute and has its ending; its
    name gets a place for the frame's number where several frames need one.
    """
    frames = list(frames)
    path = Path(output).absolute()
    # Resolved, so that every worker that means the same file calls it by the same name; the file itself may be a link.
    folder = Path(os.path.realpath(path.parent))
    stem = path.stem if "#" in path.stem or len(frames) == 1 else f"{path.stem}_####"
    found = []
    for frame in frames:
        name = _numbered(stem, frame)
        endings = ["", *(f"-{number}" for number in range(2, len(edits) + 1))]
        files = [folder / f"{name}{ending}{path.suffix}" for ending in endings]
        found.append([Wish(frame, index, edit, files[index]) for index, edit in enumerate(edits)])
    return found


def _numbered(stem: str, frame: int) -> str:
    return re.sub("#+", lambda run: f"{frame:0{len(run[0])}d}", stem)


def is_there(file: Path) -> bool:
    """Whether the result is there and whole."""
    with contextlib.suppress(OSError, ValueError):
        sniff(file.read_bytes())
        return True
    return False


def prove_room(folders: Iterable[Path], size: tuple[int, int]) -> None:
    """Raises StorageError unless each folder, or what it will be made in, has room for a picture of ``size`` px."""
    for folder in folders:
        files.require_room(folder, max(LEAST_ROOM, ROOM_FACTOR * size[0] * size[1] * 4))


def make_folder(folder: Path) -> None:
    """Raises StorageError. Whether it can be written the claims in it prove."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        words = tr("“{path}” can't be written: {reason}.").format(path=folder, reason=exc.strerror or exc)
        raise StorageError(words, tr("Choose another folder with --output.")) from exc


def prove_place(file: Path) -> None:
    """Raises StorageError where no file of that name can be, whatever is paid for it."""
    reason = ""
    try:
        if stat.S_ISDIR(file.lstat().st_mode):
            reason = tr("a folder stands in its place")
    except FileNotFoundError:
        pass
    except OSError as exc:  # its name is too long, or what should be its folder is a file
        reason = exc.strerror or str(exc)
    if reason:
        words = tr("“{path}” can't be written: {reason}.").format(path=file, reason=reason)
        raise StorageError(words, tr("Choose another name with --output."))


# What has to be done for one file.


class Way(enum.Enum):
    """How a file that is not there comes to be."""

    PAY = "pay"
    FETCH = "fetch"  # an edit of this data folder's journal was paid for
    ADOPT = "adopt"  # another machine's claim says that it has paid, and how to find the edit
    WAIT = "wait"  # a live process works on it, whose claim was lost
    UNCERTAIN = "uncertain"  # may have been paid for, and can't be found again


@dataclass(frozen=True)
class Decision:
    """``job`` and ``entry`` are what is fetched, waited for or uncertain; ``uuid`` is what is adopted.

    ``delivered`` are edits with the same settings whose file the artist has removed since: they may serve again, when
    the picture is still the same.
    """

    way: Way
    job: Job | None = None
    entry: EditEntry | None = None
    uuid: str = ""
    delivered: tuple[tuple[Job, EditEntry], ...] = ()


def decide(
    wish: Wish,
    before: Mapping[str, Any],
    jobs: Iterable[Job],
    address: str,
    *,
    is_running: Callable[[Job], bool],
    overwrite: bool = False,
    pay_uncertain: bool = False,
) -> Decision:
    """What to do for ``wish``, whose claim this process holds; ``before`` are the facts of dead owners of the claim.

    ``jobs`` is the journal, the newest first; ``address`` is the service's. An edit is safe only when its own file was
    written; what a window brought in of it does not count, but that it is not wanted any more does. With ``overwrite``
    it is paid for whatever there is, with ``pay_uncertain`` also where it may be for the second time.
    """
    jobs = list(jobs)
    delivered: list[tuple[Job, EditEntry]] = []
    uncertain: tuple[Job, EditEntry] | None = None
    for job, entry in _edits_of(wish, jobs):
        if entry.safe:
            delivered.append((job, entry))
        elif delivered or overwrite:
            continue  # a later one has taken its place
        elif entry.state in (EditState.PREPARED, EditState.SUBMITTING, EditState.TAKEN) and is_running(job):
            return Decision(Way.WAIT, job, entry)
        elif entry.state in (EditState.TAKEN, EditState.DONE):
            return Decision(Way.FETCH, job, entry)
        elif entry.state in (EditState.SUBMITTING, EditState.UNCERTAIN):
            uncertain = uncertain or (job, entry)
    if overwrite:
        return Decision(Way.PAY)
    others = _facts_of_others(wish, before, jobs, address)
    if uncertain and not others and before.get(ATTEMPT) == attempt_of(uncertain[0]):
        others = before  # the data folder had no room for the id; the claim has it
    if others.get("uuid"):
        return Decision(Way.ADOPT, uuid=str(others["uuid"]))
    if (uncertain or others.get("state") in ("submitting", "uncertain")) and not pay_uncertain:
        return Decision(Way.UNCERTAIN, *(uncertain or ()))
    return Decision(Way.PAY, delivered=tuple(delivered))


def fingerprint(edit: DepthEdit, address: str) -> str:
    """Tells edits with the same settings at the same service; a claim beside a frame shows nobody a prompt."""
    content = json.dumps([edit.model.id, address, dict(edit.values)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _edits_of(wish: Wish, jobs: Iterable[Job]) -> Iterable[tuple[Job, EditEntry]]:
    """The wanted edits of the journal that were made for the file with the same settings, the newest first."""
    for job in jobs:
        if job.destination.host != "command":
            continue
        for entry in job.edits:
            files = job.destination.files[entry.index : entry.index + 1]
            same = bool(files) and _means(Path(files[0]), wish.file, exactly=ATTEMPT in job.destination.place)
            if same and job.asked(entry) == wish.edit and not entry.discarded:
                yield job, entry


def _means(noted: Path, file: Path, exactly: bool) -> bool:
    """Version 0.1 named the file before it knew of a transparency, and did not resolve links."""
    if exactly:
        return noted == file
    return Path(os.path.realpath(noted.parent)) / noted.stem == file.with_suffix("")


def _facts_of_others(wish: Wish, before: Mapping[str, Any], jobs: Iterable[Job], address: str) -> Mapping[str, Any]:
    """``before``, when it is of the same edit and of a worker with another data folder; else nothing."""
    if not before or before.get("edit") != fingerprint(wish.edit, address):
        return {}
    return {} if any(attempt_of(job) == before.get(ATTEMPT) for job in jobs) else before


def attempt_of(job: Job) -> str:
    """What claims call the job; its data folder's own id for it means nothing elsewhere."""
    return str(job.destination.place.get(ATTEMPT) or job.id)
