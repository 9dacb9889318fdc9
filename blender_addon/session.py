"""The jobs of this Blender: started by operators, moved on by one timer, shown by panels.

The main thread's side of the queue. A worker never touches ``bpy``; this module never touches the network or a pixel.
Rows live with the session and not with a file: loading another file, undo or a deleted image leave them running. What
belongs to a file is looked up by name or session uid when it is needed.
"""

import enum
import itertools
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import bpy
from bpy.app.handlers import persistent

from . import properties, ticker
from .pictures import results, sources
from .shared.errors import FluxDepthError, NextStep, PictureError, ResultError, StorageError
from .shared.jobs.background import RunningJob, settle
from .shared.jobs.pipeline import EditRequest, Result
from .shared.model.edit import DepthEdit
from .shared.pictures import imaging
from .shared.storage import credentials, files
from .shared.storage.journal import EditEntry, Job, Journal
from .shared.storage.log import LOGGER

BUDGET = 0.010  # s of one tick; half a frame at 60 Hz. What does not fit waits for the next
WAIT = 0.02  # s between two looks in background mode
QUIT_WAIT = 10.0  # s for a submit that is under way when the extension goes: its id has to reach the journal


class State(enum.Enum):
    """Where a row stands."""

    RENDERING = enum.auto()  # waits for Blender's render
    RUNNING = enum.auto()  # the core works
    FINISHING = enum.auto()  # the result is here and becomes an image
    KEPT = enum.auto()  # the result is here, and the file that it was made for is not
    DONE = enum.auto()
    FAILED = enum.auto()


ALPHA_FILE = "alpha.png"  # beside the journal's entry
ACTIVE = {State.RENDERING, State.RUNNING, State.FINISHING}
_keys = itertools.count(1)
_generation = 0  # of the open file: grows with every load

rows: list["Row"] = []
problem: FluxDepthError | None = None  # why the last press of the button started nothing
_imported: set[tuple[str, int]] = set()  # by this session; their notes may still be on the way to the disk


@dataclass
class Info:
    """What the panel shows of the data folder; read in a worker, because a draw must not wait for a disk."""

    known: bool = False  # whether it has been read at all
    key_source: str = ""
    unfinished: list[tuple[Job, EditEntry]] = field(default_factory=list)
    recent_prompts: list[str] = field(default_factory=list)
    problem: str = ""
    pillow: str = ""


info: Info | None = None


class Row:
    """One job, from the press of the button to the image in the file."""

    def __init__(self, edit: DepthEdit, variations: int, origin: dict) -> None:
        self.key = str(next(_keys))
        self.edit = edit
        self.variations = variations
        self.origin = origin
        self.state = State.RUNNING
        self.error: FluxDepthError | None = None
        self.failures: tuple[FluxDepthError, ...] = ()
        self.warning = ""
        self.images: list[str] = []
        self.recovered = False
        self.seconds = 0.0
        self._file = (_generation, bpy.data.filepath)
        self._running: RunningJob | None = None
        self._snapshot: sources.Snapshot | None = None
        self._waiting: list[tuple[Result, object]] = []  # results with the picture to bring in
        self._alpha_file: Path | None = None
        self._scene = ""
        self._choices: SimpleNamespace | None = None
        rows.append(self)
        ticker.wake()

    @property
    def title(self) -> str:
        return " ".join(self.edit.prompt.split())

    @property
    def file_name(self) -> str:
        name = bpy.path.basename(self._file[1])
        return f"“{name}”" if name else "an unsaved file"

    @property
    def progress(self) -> tuple[str, float]:
        """Words and 0–1 for the bar."""
        if self.state is State.RENDERING:
            return "Rendering", 0.0
        if self.state is State.FINISHING or not self._running:
            return "Bringing in", 1.0
        shown = self._running.progress
        return shown.text, shown.fraction or 0.0

    # Starting.

    def begin(self, snapshot: sources.Snapshot) -> None:
        self.origin = snapshot.origin
        self._snapshot = snapshot
        self.state = State.RUNNING
        self._running = RunningJob.start(EditRequest(self.edit, snapshot.encode, self.variations, snapshot.origin))

    def begin_after_render(self, scene, choices: SimpleNamespace) -> None:
        self.state = State.RENDERING
        self._scene, self._choices = scene.name, choices

    def begin_recovery(self, job: Job, entry: EditEntry) -> None:
        self.recovered = True
        file = job.folder / ALPHA_FILE
        self._alpha_file = file if file.exists() else None
        self._running = RunningJob.start_recovery(job, entry)

    # Going on, a little at each tick.

    def advance(self) -> None:
        if self.state is State.RENDERING:
            self._after_render()
        elif self.state is State.RUNNING:
            if self._snapshot:
                self._snapshot.serve()
            self._running.drain(BUDGET / 2)
            self._keep_alpha()
            if self._running.finished:
                self._ended()
        elif self.state is State.FINISHING and self._waiting:
            self._bring_in_one()

    def wait(self) -> None:
        """In background mode: until something may have happened."""
        if self._running:
            self._running.join(WAIT)

    def _after_render(self) -> None:
        if _render.ended is None or bpy.app.is_job_running("RENDER"):
            return
        if _render.ended == "cancelled":
            self.fail(PictureError("The render was stopped, so nothing was sent."))
            return
        scene = bpy.data.scenes.get(self._scene)
        try:
            if scene is None:
                raise PictureError("The rendered scene is gone, so nothing was sent.")
            self.begin(sources.render(scene, self._choices))
        except FluxDepthError as exc:
            self.fail(exc)

    def _keep_alpha(self) -> None:
        """Beside the journal's entry, so that a later session can give the result its transparency too."""
        alpha, job_id = self._snapshot.alpha if self._snapshot else None, self._running.job_id
        if alpha is None or not job_id or self._alpha_file:
            return
        self._alpha_file = file = files.home() / "jobs" / job_id / ALPHA_FILE

        def then(answer: object) -> None:
            if isinstance(answer, FluxDepthError):
                LOGGER.warning("the transparency can't be kept: %s", answer)

        ticker.Errand(lambda: files.write_by_rename(file, imaging.stored_alpha(alpha)), then)

    def _ended(self) -> None:
        snapshot, self._snapshot = self._snapshot, None
        if snapshot:
            snapshot.discard()
        try:
            outcome = self._running.outcome
        except FluxDepthError as exc:
            self.fail(exc)
            return
        self.failures = outcome.failures
        self.warning = next((one.warning for one in outcome.results if one.warning), "")
        self.seconds = max(one.seconds for one in outcome.results)
        kept = snapshot.alpha if snapshot else None
        file = self._alpha_file
        self.state = State.FINISHING
        if kept is None and not file:
            self._waiting = [(result, result.image) for result in outcome.results]
            return

        def transparent() -> list[tuple[Result, object]]:
            alpha = imaging.read_alpha(file.read_bytes()) if kept is None else kept
            return [(result, imaging.with_alpha(result.image, alpha)) for result in outcome.results]

        def then(answer: object) -> None:
            if isinstance(answer, FluxDepthError):
                self.warning = f"The transparency was lost: {answer.message}"
                answer = [(result, result.image) for result in outcome.results]
            self._waiting = answer

        ticker.Errand(transparent, then)

    def _bring_in_one(self) -> None:
        if self._belongs_elsewhere():
            self.state = State.KEPT
            return
        result, picture = self._waiting[0]
        try:
            image = results.bring_in(picture, result.record(), self.origin)
        except RuntimeError as exc:
            self.fail(ResultError("Blender could not take the result in.", f"{exc} It is in the history; try Recover."))
            return
        del self._waiting[0]
        self.images.append(image.name)
        _imported.add((result.job_id, result.index))
        _note_imported(result)
        if not self._waiting:
            self.state = State.DONE
            results.show(bpy.data.images[self.images[0]])
            results.push_undo(len(self.images))

    def _belongs_elsewhere(self) -> bool:
        generation, path = self._file
        return generation != _generation and (not path or path != bpy.data.filepath)

    def bring_in_here(self) -> None:
        """Brings a kept result into the file that is open now."""
        self._file = (_generation, bpy.data.filepath)
        self.state = State.FINISHING
        ticker.wake()

    def holds(self, job: Job, entry: EditEntry) -> bool:
        return any((result.job_id, result.index) == (job.id, entry.index) for result, _ in self._waiting)

    # Ending.

    def stop(self) -> None:
        """Stops waiting. What the service has taken is in the journal, and can be fetched later."""
        if self.state is State.RENDERING:
            self.fail(PictureError("Stopped while the render ran, so nothing was sent."))
        elif self.state is State.RUNNING:
            if self._snapshot:
                self._snapshot.discard()
            self._running.stop()
            self.advance()

    def fail(self, error: FluxDepthError) -> None:
        self.state, self.error = State.FAILED, error
        refresh()


class _RenderWatch:
    """Tells how the render that we started ended; its handlers may run in Blender's render thread."""

    ended: str | None = None


_render = _RenderWatch()


# What operators call.


def submit(context, chosen) -> Row:
    """Starts the edit that ``chosen`` (a scene's settings) describes. Raises FluxDepthError when it can't start."""
    edit = properties.edit_of(chosen)
    credentials.key_or_error()
    if pillow := imaging.missing():
        raise PictureError("Pictures can't be encoded.", pillow)
    _forget_finished()
    if chosen.source != "RENDER_NOW":
        snapshot = sources.take(context, chosen)
        row = Row(edit, chosen.variations, snapshot.origin)
        row.begin(snapshot)
        return row
    if bpy.app.is_job_running("RENDER"):
        raise PictureError("A render is running already.", "Wait until it is done.")
    if bpy.app.background:
        _render_now("EXEC_DEFAULT")
        snapshot = sources.render(context.scene, chosen)
        row = Row(edit, chosen.variations, snapshot.origin)
        row.begin(snapshot)
        return row
    # The artist may change the panel while it renders; what counts is what it said at the press.
    names = ("upload_format", "longest_side", "keep_transparency")
    choices = SimpleNamespace(**{name: getattr(chosen, name) for name in names})
    _render.ended = None
    _render_now("INVOKE_DEFAULT")
    row = Row(edit, chosen.variations, {})
    row.begin_after_render(context.scene, choices)
    return row


def _render_now(how: str) -> None:
    try:
        bpy.ops.render.render(how)
    except RuntimeError as exc:
        raise PictureError("The scene can't be rendered.", str(exc).strip()) from exc


def recover() -> list[Row]:
    """Starts to bring in everything that was paid for and is in no file. Raises FluxDepthError."""
    credentials.key_or_error()
    kept = [row for row in rows if row.state is State.KEPT]
    started = list(kept)
    # Their button has been pressed; what comes of it is a row of its own.
    rows[:] = [row for row in rows if not (row.error and row.error.next_step is NextStep.RECOVER)]
    for job, entry in Journal().unfinished():
        if any(row.holds(job, entry) for row in rows):
            continue
        row = Row(DepthEdit(dict(entry.settings)), 1, dict(job.origin))
        row.begin_recovery(job, entry)
        started.append(row)
    for row in kept:
        row.bring_in_here()
    return started


def finish(started: list[Row]) -> None:
    """In background mode: works until the rows and all errands are done."""
    while any(row.state in ACTIVE for row in started) or ticker.errands:
        ticker.step()
        for row in started:
            if row.state in ACTIVE:
                row.wait()
        for errand in list(ticker.errands):
            errand.thread.join(WAIT)


def find(key: str) -> Row | None:
    return next((row for row in rows if row.key == key), None)


def dismiss(key: str) -> None:
    global problem
    if not key:
        problem = None
    rows[:] = [row for row in rows if row.key != key or row.state in ACTIVE]
    ticker.settle_panels()


def note_problem(error: FluxDepthError | None) -> None:
    global problem
    problem = error
    ticker.settle_panels()


def unfinished_count() -> int:
    """How many edits were paid for, are in no file, and are in no row either."""
    waiting = [(job, entry) for job, entry in info.unfinished if (job.id, entry.index) not in _imported]
    if any(row.state in ACTIVE for row in rows):
        return 0  # one of them may be what is being brought in
    return sum(not any(row.holds(job, entry) for row in rows) for job, entry in waiting)


def _forget_finished() -> None:
    rows[:] = [row for row in rows if row.state is not State.DONE or row.failures]


def refresh() -> None:
    """Reads anew what the panel shows of the data folder."""
    global info
    info = info or Info()

    def look() -> Info:
        found = Info(known=True, pillow=imaging.missing())
        try:
            key = credentials.find_key()
            found.key_source = key.source.value if key else ""
            journal = Journal()
            found.unfinished = journal.unfinished()
            found.recent_prompts = journal.recent_prompts()
        except StorageError as exc:
            found.problem = str(exc)
        return found

    def then(answer: object) -> None:
        global info
        info = answer if isinstance(answer, Info) else Info(problem=str(answer))
        ticker.settle_panels()

    ticker.Errand(look, then)


def _note_imported(result: Result) -> None:
    def note() -> None:
        if result.file:
            Journal().mark_imported(result.job_id, result.index)

    def then(answer: object) -> None:
        if isinstance(answer, FluxDepthError):
            LOGGER.warning("the import can't be noted: %s", answer)
        refresh()

    ticker.Errand(note, then)


# Moving on.


def _advance() -> bool:
    deadline = time.monotonic() + BUDGET
    before = [row.state for row in rows]
    for row in sorted(rows, key=lambda one: one.state is State.FINISHING):  # imports last: they take the longest
        if time.monotonic() > deadline:
            break
        try:
            row.advance()
        except Exception as exc:  # noqa: BLE001  Blender drops a timer that raises, and every job with it
            row.fail(ticker.internal_error(exc))
    if before != [row.state for row in rows]:
        ticker.settle_panels()
    return any(row.state in ACTIVE for row in rows)


# Blender's handlers.


@persistent
def _file_loaded(*_args) -> None:
    global _generation
    _generation += 1


@persistent
def _render_complete(*_args) -> None:
    _render.ended = "complete"


@persistent
def _render_cancelled(*_args) -> None:
    _render.ended = "cancelled"


_HANDLERS = (
    ("load_post", _file_loaded),
    ("render_complete", _render_complete),
    ("render_cancel", _render_cancelled),
)


def _shown() -> list:
    """What the panels say of the rows, as coarse as an eye sees it."""
    return [(row.key, row.state, words, round(part * 50)) for row in rows for words, part in [row.progress]]


def register() -> None:
    ticker.advance, ticker.shown = _advance, _shown
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """Lets go of everything; Blender calls this when it quits as well. Nothing that was paid for is lost."""
    global info
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    for row in rows:
        row.stop()
    settle(QUIT_WAIT)
    ticker.stop()
    ticker.advance = ticker.shown = None
    rows.clear()
    _imported.clear()
    info = None
