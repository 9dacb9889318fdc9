"""One job's entry in the journal as plain data, and its JSON: the versions that were ever written are read for ever.

Version 2 (this one) knows where the results belong (:class:`Destination`), what is beside them (companions), and
whether they are safe. Version 1 had one ``origin`` for all of that. This module knows no disk but a job's own files.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..language import tr
from ..model.edit import DepthEdit

VERSION = 2
LATEST = 1e11  # s since 1970, the year 5138: what is later, or before 1970, is no time that a clock ever showed

# Companions: files beside ``job.json`` that a result needs besides its bytes.
ALPHA = "alpha.png"  # the source's transparency, 8-bit gray, 255 = opaque
MASK = "mask.png"  # the selection, 8-bit gray, 255 = selected; it becomes the result's layer mask
SOURCE = "source.jpg"  # the source at its full size, over white, where it was sent smaller and its detail is to be kept
DEPTH = "depth.png"  # the distances from the eye that saw the picture; see pictures/depth.py
WHOLE = "whole.png"  # the source at its full size without loss, where a result keeps parts of it as they were
SENT = "sent"  # the picture that was sent; its suffix is its format


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
class Destination:
    """Where the results of a job belong.

    ``host`` is ``gimp``, ``blender`` or ``command``. The document is named by ``path`` (absolute, "" while it has no
    file) and by ``session``, its id as long as its host keeps it open. ``place`` is the host's own plain data about the
    place in the document. ``files`` are the command's output files, one for each edit.
    """

    host: str
    path: str = ""
    session: str = ""
    title: str = ""
    place: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    def same_document(self, path: str, session: str) -> bool:
        """Whether the document with that file and that session id is the one that is meant."""
        return bool((session and session == self.session) or (path and path == self.path))


@dataclass(frozen=True)
class EditEntry:
    """One edit of a job. Times are seconds since 1970; sizes are in pixels; ``settings`` are the model's parameters.

    ``arrived`` is when its result was put into its document, ``document_time`` that document's file's time of change
    then (None: it had no file, or an earlier version wrote it), ``safe`` whether it was saved with it (or the file
    written), ``discarded`` that the artist does not want it any more. ``starred`` is a favourite; ``deleted`` was taken
    out of the history, with its result, while others of its job are still in it.
    """

    index: int
    settings: Mapping[str, Any]
    state: EditState = EditState.PREPARED
    uuid: str = ""
    result_file: Path | None = None
    format: str = ""
    width: int = 0
    height: int = 0
    error: str = ""
    submitted: float | None = None
    finished: float | None = None
    arrived: float | None = None
    document_time: float | None = None
    safe: bool = False
    discarded: bool = False
    starred: bool = False
    deleted: bool = False

    @property
    def paid(self) -> bool:
        """Whether the service has taken it and it can be fetched, or lies here."""
        return self.state in (EditState.TAKEN, EditState.DONE)

    @property
    def unfinished(self) -> bool:
        """Paid for, never in the artist's document, and still wanted."""
        return self.paid and self.arrived is None and not (self.safe or self.discarded)

    @property
    def pending(self) -> bool:
        """Whether the artist has yet to fetch it or to give it up: unfinished, or of a fate that nobody knows."""
        unknown = self.state in (EditState.SUBMITTING, EditState.UNCERTAIN)
        return self.unfinished or (unknown and not self.discarded)

    @property
    def unsaved(self) -> bool:
        """Brought into a document that was not saved since, as far as anybody knows."""
        return self.paid and self.arrived is not None and not (self.safe or self.discarded)


@dataclass(frozen=True)
class Job:
    """One press of the button. ``host_settings`` are the host's own choices, to be used again.

    ``credits`` is the price of each of its edits as the service's list told it, None when it did not. ``pattern`` is
    the prompt with its choices as it was written, "" when it had none.
    """

    id: str
    folder: Path
    created: float
    model_id: str
    address: str
    destination: Destination
    edits: tuple[EditEntry, ...]
    host_settings: Mapping[str, Any] = field(default_factory=dict)
    picture: Mapping[str, Any] = field(default_factory=dict)
    upload: str = ""
    credits: int | None = None
    pattern: str = ""

    def asked(self, entry: EditEntry) -> DepthEdit:
        """What the service was asked for with ``entry``, by the model that it was made with."""
        return DepthEdit.recorded(entry.settings, self.model_id)

    def record(self, entry: EditEntry) -> dict[str, Any]:
        """What a result of this job carries of the edit that made it, as JSON: enough to make it again.

        ``index`` of ``variations`` says which of them it is; ``created`` is s since 1970.
        """
        return {
            "version": 1,
            "model": self.model_id,
            "settings": dict(entry.settings),
            "host_settings": dict(self.host_settings),
            "uuid": entry.uuid,
            "job": self.id,
            "index": entry.index,
            "variations": len(self.edits),
            "created": entry.finished or self.created,
        }

    def with_unknown_submits(self) -> Job:
        """The same job, whose process has died: what was being submitted is of unknown fate."""
        edits = (
            dataclasses.replace(edit, state=EditState.UNCERTAIN) if edit.state is EditState.SUBMITTING else edit
            for edit in self.edits
        )
        return dataclasses.replace(self, edits=tuple(edits))

    def companion(self, name: str) -> bytes | None:
        """The companion ``name`` (:data:`ALPHA`, :data:`MASK`, :data:`SOURCE`, or with :data:`SENT` what was sent)."""
        for path in self.folder.glob(f"{SENT}.*") if name == SENT else [self.folder / name]:
            try:
                return path.read_bytes()
            except OSError:
                continue
        return None


def to_json(job: Job) -> dict[str, Any]:
    """``job`` as it is written."""
    return {
        "version": VERSION,
        "id": job.id,
        "created": job.created,
        "model": job.model_id,
        "address": job.address,
        "destination": dataclasses.asdict(job.destination),
        "host_settings": dict(job.host_settings),
        "picture": dict(job.picture),
        "upload": job.upload,
        "credits": job.credits,
        "pattern": job.pattern,
        "edits": [_edit_to_json(edit) for edit in job.edits],
    }


def _edit_to_json(edit: EditEntry) -> dict[str, Any]:
    data = {one.name: getattr(edit, one.name) for one in dataclasses.fields(edit)}
    data["state"] = edit.state.value
    data["result_file"] = edit.result_file.name if edit.result_file else ""
    return data


def from_json(data: Any, folder: Path) -> Job:
    """The job of ``folder``. Raises ValueError with what is wrong, as the end of a sentence about the entry."""
    try:
        if data["version"] > VERSION:
            raise ValueError(tr("was written by a newer version and is left alone"))
        old = data["version"] == 1
        origin = dict(data["origin"]) if old else {}
        host_settings = origin.get("host_settings", {}) if old else data["host_settings"]
        return Job(
            id=folder.name,
            folder=folder,
            created=_time(data["created"]),
            model_id=str(data["model"]),
            address=str(data["address"]),
            destination=_destination_of_version_1(origin) if old else _destination(data["destination"]),
            edits=tuple(_edits(data["edits"], folder, old)),
            host_settings=dict(host_settings) if isinstance(host_settings, dict) else {},
            picture=dict(data["picture"]),
            upload=str(data["upload"]),
            credits=data.get("credits") if isinstance(data.get("credits"), int) else None,
            pattern=str(data.get("pattern", "")),
        )
    except (KeyError, TypeError, AttributeError) as exc:
        raise _damaged() from exc


def _damaged() -> ValueError:
    return ValueError(tr("is damaged and is left alone"))


def _time(value: float) -> float:
    """``value``, checked. Raises ValueError or TypeError."""
    if 0 <= value < LATEST:
        return float(value)
    raise _damaged()


def _destination(data: dict[str, Any]) -> Destination:
    texts = {name: str(data[name]) for name in ("host", "path", "session", "title")}
    return Destination(**texts, place=dict(data["place"]), files=tuple(str(one) for one in data["files"]))


def _destination_of_version_1(origin: dict[str, Any]) -> Destination:
    """GIMP wrote document, path and place; Blender its file and the source; the command its outputs as well."""
    files = tuple(str(one) for one in origin.get("outputs") or ())
    host = "command" if files else str(origin.get("host", "gimp"))
    if host == "gimp":
        place = origin.get("place")
        place = dict(place) if isinstance(place, dict) else {}
        return Destination(host, str(origin.get("path", "")), "", str(origin.get("document", "")), place)
    path = str(origin.get("file", ""))
    place = {name: value for name, value in origin.items() if name not in ("host", "outputs", "host_settings")}
    return Destination(host, path, "", Path(path).name, place, files)


_FIELDS = {one.name for one in dataclasses.fields(EditEntry)}
_STATES = {state.value for state in EditState}


def _edits(edits: list[dict[str, Any]], folder: Path, old: bool) -> Iterator[EditEntry]:
    if not edits:
        raise _damaged()
    for index, data in enumerate(edits):
        fields = {name: value for name, value in data.items() if name in _FIELDS}
        # Only a name is stored: a data folder that was moved still finds its results, and none lies outside it.
        name = Path(fields["result_file"]).name
        if "\0" in name:
            raise _damaged()
        if fields["state"] not in _STATES:
            raise ValueError(tr("was written by a newer version and is left alone"))
        fields |= {
            "index": index,
            "state": EditState(fields["state"]),
            "result_file": folder / name if name else None,
            "settings": dict(fields["settings"]),
        }
        if old:
            # "Imported" was said on arrival; whether it was saved then is long decided.
            fields["safe"] = data["imported"]
        yield _checked(EditEntry(**fields))


def _checked(entry: EditEntry) -> EditEntry:
    """``entry``, or ValueError when a value is of another kind than was ever written."""
    for one in (entry.submitted, entry.finished, entry.arrived, entry.document_time):
        if one is not None:
            _time(one)
    texts = (entry.uuid, entry.format, entry.error)
    whole = (entry.width, entry.height, entry.safe, entry.discarded, entry.starred, entry.deleted)
    if all(isinstance(one, str) for one in texts) and all(isinstance(one, int) for one in whole):
        return entry
    raise _damaged()
