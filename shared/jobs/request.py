"""What goes into a job and what comes out of it, as plain data: request, events, results. Does nothing by itself."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..errors import FluxDepthError
from ..language import N_
from ..model.edit import DepthEdit
from ..pictures.encoded import EncodedImage
from ..storage.entries import Destination
from ..storage.files import Spooled
from .orders.order import Order


class Stage(enum.Enum):
    """What is going on; the value is the English word for it."""

    ENCODING = N_("Preparing")
    UPLOADING = N_("Uploading")
    SUBMITTING = N_("Submitting")
    GENERATING = N_("Generating")
    DOWNLOADING = N_("Downloading")
    FINISHED = N_("Finished")
    FAILED = N_("Failed")


@dataclass(frozen=True)
class Taken:
    """The picture as it is sent, and its results' companions (``entries.ALPHA``, ``MASK``), ready for the disk.

    ``plain``: it has one single colour, and there is an artist who can be asked whether that is meant.
    """

    image: EncodedImage
    companions: Mapping[str, bytes | Spooled] = field(default_factory=dict)
    plain: bool = False


class Guard(Protocol):
    """Who must agree before an edit is paid for: the command's claim on an output file."""

    def before_submit(self, index: int) -> None:
        """Raises a :class:`FluxDepthError` when edit ``index`` may not be paid for."""

    def taken(self, index: int, uuid: str) -> None:
        """The service has taken edit ``index`` under the id ``uuid``."""


@dataclass(frozen=True)
class EditRequest:
    """What the artist asked for, as plain data.

    ``picture`` is what was taken, or a callable that takes it (called once, in the worker), or an absolute URL or path
    that the service already has. ``host_settings`` are the host's own choices, for using them again: JSON, no secrets.
    ``confirmed`` says that the artist was asked, or is a script: the same edit may be on its way already. ``repeated``
    says that it is wanted once more although its result lies in the history.
    ``alone`` says that nobody is there to be asked about the size of an order. ``edits`` are what is made where that
    is known already and is not simply ``variations`` of ``edit``. ``order`` is what this is a part of.
    """

    edit: DepthEdit
    picture: Taken | EncodedImage | str | Callable[[], Taken]
    destination: Destination
    variations: int = 1
    host_settings: Mapping[str, Any] = field(default_factory=dict)
    confirmed: bool = False
    repeated: bool = False
    guard: Guard | None = None
    alone: bool = False
    edits: tuple[DepthEdit, ...] = ()
    order: Order | None = None

    @property
    def all_edits(self) -> tuple[DepthEdit, ...]:
        """One for each variation. Raises :class:`ParameterError`."""
        return self.edits or tuple(self.edit.variations(self.variations))


@dataclass(frozen=True)
class Result:
    """One edited picture: the service's exact bytes and what is known of it. ``seconds`` ran from submit to result.

    ``image.format`` is "" when its header is of no kind that the core knows; the host's decoder may know better.
    ``file`` is the copy in the journal, None when it could not be kept; then ``warning`` says so. ``details`` is
    :meth:`Job.record` of it.
    """

    image: EncodedImage
    edit: DepthEdit
    uuid: str
    job_id: str
    index: int
    file: Path | None
    seconds: float
    warning: str = ""
    created: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """What a layer or an image carries of the edit that made it, as JSON; see :meth:`Job.record`."""
        return {**self.details, "created": self.created}


@dataclass(frozen=True)
class Event:
    """The one kind of message from worker to host. ``fraction`` is 0–1 within the stage, ``usual`` seconds."""

    job_id: str
    index: int
    stage: Stage
    fraction: float | None = None
    usual: float | None = None
    error: FluxDepthError | None = None
    result: Result | None = None


OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a job: at least one result, and the error of each variation that has none."""

    job_id: str
    results: tuple[Result, ...]
    failures: tuple[FluxDepthError, ...] = ()
