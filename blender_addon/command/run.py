"""The command: `blender -b FILE.blend --command fluxdepth …` edits frames without a window, for scripts and farms.

A host of the desk: it renders each frame (or takes an image), hands it over, and places the results into files. Before
anything is paid for it claims the file; what was paid for and not written is fetched instead of paid for twice.
"""

import argparse
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import bpy

from .. import host, translation
from ..operators import access
from ..shared.errors import (
    FETCH,
    Billed,
    Cancelled,
    FluxDepthError,
    PictureError,
    ResultError,
    StorageError,
)
from ..shared.jobs.background import Background
from ..shared.jobs.desk import Desk
from ..shared.jobs.request import Result
from ..shared.jobs.ticket import Ticket
from ..shared.language import N_, tr
from ..shared.pictures import embedded, imaging
from ..shared.pictures.encoded import EncodedImage
from ..shared.service import offers
from ..shared.storage import claims, credentials, files, settings as stored
from ..shared.storage.claims import Claim
from ..shared.storage.entries import Destination, EditState
from ..shared.storage.journal import Journal
from . import arguments, frames, pictures
from .frames import Wish
from .interrupts import EXIT_CODE, Interrupts, watched
from .making import Flight, Maker
from .talk import complain, complain_of, say_of

IN_FLIGHT = 3  # frames that wait for the service while the next one is rendered
WAIT = 0.05  # s between two looks at the jobs
LOOK_AT_OTHERS = 1.0  # s between two looks at the claims of other workers
SETTLE = 10.0  # s for a submit that is under way when the command ends: its id has to reach the journal
PAID = {EditState.SUBMITTING, EditState.TAKEN, EditState.DONE, EditState.UNCERTAIN}  # for certain, or perhaps
FETCHES = N_("The same command fetches it, and pays for nothing again.")  # there is no Recover to press


def main(words: list[str]) -> int:
    """Blender calls this with what stands behind `--command fluxdepth`. 0 is success."""
    translation.follow()
    try:
        chosen = arguments.parser().parse_args(words)
    except SystemExit as exc:  # argparse has said what is wrong, or printed the help
        return int(exc.code or 0)
    with watched() as asked:
        try:
            return _Run(chosen, asked).all()
        except FluxDepthError as exc:
            complain(f"fluxdepth: {exc}")
            return 1


class _Run:
    """One run of the command; the desk's host."""

    name = "command"

    def __init__(self, chosen: argparse.Namespace, asked: Interrupts) -> None:
        """Everything that can be refused before the first frame. Raises FluxDepthError."""
        self.chosen, self.asked = chosen, asked
        _refuse_to_guess(chosen)
        if reason := access.online_access_problem():
            raise FluxDepthError(f"{reason}.")
        credentials.key_or_error()
        if pillow := imaging.missing():
            raise PictureError(tr("Pictures can't be encoded."), pillow)
        Background(offers.asked, "fluxdepth-offers")  # for the price in the journal; nothing waits for it
        self.settings = arguments.settings_of(chosen, bpy.context.scene)
        edits = [edit for of_prompt in arguments.edits_of(self.settings) for edit in of_prompt]
        output = frames.with_kind(chosen.output, pictures.may_be_transparent(self.settings), edits[0].format)
        numbers = arguments.numbers_of(chosen, bpy.context.scene)
        self.kind = frames.kind_in(output)
        of_frames = frames.wishes(bpy.path.abspath(output), numbers, edits)
        variations = self.settings.variations  # each prompt of a frame is an order of its own
        self.remaining = [
            wishes[at : at + variations] for wishes in of_frames for at in range(0, len(wishes), variations)
        ]
        self.at_start = {wish.file: _stamp(wish.file) for wishes in self.remaining for wish in wishes}
        self.journal = Journal()
        self.desk = Desk(self, self.journal, compose=self._composed)
        asked.on_first = self.desk.stop_paying
        self.maker = Maker(chosen, self.settings, stored.effective_address(stored.load()), self.desk, asked)
        self.missing: set[Path] = set()  # the files that are still to be made, of the frames that were begun
        self.others: dict[int, list[Wish]] = {}  # of them, by frame, those that other workers have claimed
        self.told: set[int] = set()  # the frames of which that was said
        self.unreadable: dict[tuple[str, int], FluxDepthError] = {}  # results that can't become their file
        self.failed: int | None = None  # the frame that made the run stop

    # The way through a run.

    def all(self) -> int:
        """Makes every frame; returns the exit code."""
        looked = 0.0
        try:
            while not self.asked.stop_waiting:
                if self._goes_on and self.remaining and len(self.maker.flights) < IN_FLIGHT:
                    self._try_frame(self.remaining.pop(0))
                elif self._goes_on and self.others and not self.remaining:
                    if time.monotonic() - looked > LOOK_AT_OTHERS:
                        self._look_at_others()
                        looked = time.monotonic()
                elif not self.maker.flights:
                    break
                self._move_on()
        finally:
            self._end()
        return self._exit_code()

    @property
    def _goes_on(self) -> bool:
        """Whether anything more may be begun: what made one frame fail would make the next ones fail too."""
        return self.failed is None and not self.asked.stop_paying

    def _try_frame(self, wishes: list[Wish]) -> None:
        frame = wishes[0].frame
        try:
            self._frame(frame, wishes)
        except FluxDepthError as exc:
            complain_of(frame, str(exc))
            self.failed = frame

    def _look_at_others(self) -> None:
        for frame in list(self.others):
            if self._goes_on and len(self.maker.flights) < IN_FLIGHT:
                self._try_frame(self.others.pop(frame))

    def _move_on(self) -> None:
        for flight in self.maker.flights:
            if flight.snapshot:
                flight.snapshot.serve()
        self.desk.advance()
        for flight in [one for one in self.maker.flights if not one.ticket.active]:
            self._landed(flight)
        self.asked.wait(WAIT)

    def _end(self) -> None:
        for flight in self.maker.flights:
            self.desk.stop(flight.ticket)
        while any(flight.ticket.active for flight in self.maker.flights):
            self.desk.advance()  # results that had come already are still placed
        self.desk.settle(SETTLE)
        for flight in list(self.maker.flights):
            self._landed(flight)

    def _exit_code(self) -> int:
        if not (self.missing or self.remaining):
            return 0
        if self.asked.stop_paying:
            words = tr("stopped; the same command resumes, and fetches what is paid for")
            complain(f"fluxdepth: {words}")
            return EXIT_CODE
        if self.failed is not None:
            words = tr("frame {frame} failed; the same command resumes there, and fetches what is paid for")
            complain(f"fluxdepth: {words.format(frame=self.failed)}")
        elif self.maker.uncertain:
            words = tr("--pay-uncertain pays again for frames whose edit may have been paid for")
            complain(f"fluxdepth: {words}")
        return 1

    # One frame.

    def _frame(self, frame: int, wishes: list[Wish]) -> None:
        """Begins what is missing of a frame. Raises FluxDepthError."""
        self.missing.difference_update(wish.file for wish in wishes)
        wanted = [wish for wish in wishes if self._is_wanted(wish)]
        if not wanted:
            say_of(frame, tr("is there already"))
            return
        self.missing.update(wish.file for wish in wanted)
        folder = wanted[0].file.parent
        frames.make_folder(folder)
        for wish in wanted:
            frames.prove_place(wish.file)
        frames.prove_room((folder, self.journal.home), pictures.size_of(self.settings))
        held: dict[int, Claim] = {}
        try:
            for wish in wanted:
                claim = Claim.take(wish.file)
                if claim is None:
                    self._wait_for(wish)
                elif self._is_wanted(wish):  # looked at again: it may have been made before the claim was ours
                    held[wish.index] = claim
                else:
                    self.missing.discard(wish.file)
                    claim.release()
            for wish in self.maker.begin(frame, {wish.index: wish for wish in wanted if wish.index in held}, held):
                self._wait_for(wish)
        finally:
            for claim in held.values():  # those for which nothing was begun
                claim.release()

    def _is_wanted(self, wish: Wish) -> bool:
        there = frames.is_there(wish.file)
        if not there or (self.chosen.overwrite and _stamp(wish.file) == self.at_start[wish.file]):
            return True
        if claims.is_left(wish.file) and (claim := Claim.take(wish.file)):
            claim.release()  # of a worker that was killed after it had written the file
        return False

    def _wait_for(self, wish: Wish) -> None:
        self.others.setdefault(wish.frame, []).append(wish)
        if wish.frame not in self.told:
            self.told.add(wish.frame)
            say_of(wish.frame, tr("another worker is at it"))

    # What the desk asks of its host.

    def is_open(self, destination: Destination) -> bool:
        return True

    def changed(self, ticket: Ticket | None) -> None:
        """Nothing is drawn."""

    def _composed(self, ticket: Ticket, result: Result) -> EncodedImage:
        """The result as its file holds it; in a worker."""
        wanted = self.settings
        try:
            picture = host.with_companions(ticket, result, wanted.keep_transparency, wanted.keep_detail)
            picture = imaging.as_kind(picture, self.kind)
        except FluxDepthError as exc:
            self.unreadable[ticket.job_id, result.index] = exc
            return result.image
        try:
            return dataclasses.replace(picture, data=embedded.with_settings(picture.data, result.record()))
        except PictureError as exc:
            ticket.warnings.append(str(exc))
            return picture

    def place(self, ticket: Ticket) -> Iterator[None]:
        """Writes the files. Raises ResultError after it has written those that can be."""
        flight = next(one for one in self.maker.flights if one.ticket is ticket)
        errors = []
        for result in ticket.results:
            try:
                self._write(flight, result, ticket.pictures[result.index])
            except ResultError as exc:
                errors.append(exc)
            yield
        if errors:
            raise errors[0]

    def _write(self, flight: Flight, result: Result, picture: EncodedImage) -> None:
        file = flight.wishes[result.index].file
        if unreadable := self.unreadable.get((result.job_id, result.index)):
            reason = f"{unreadable.message} {unreadable.advice}".strip()
            words = tr("The result can't become “{name}”: {reason}").format(name=file.name, reason=reason)
            where = tr("It is kept as it came, as {path}, and is not paid for again.").format(path=result.file)
            raise ResultError(words, where if result.file else tr(FETCHES))
        try:
            files.write_by_rename(file, picture.data, private=False)
        except StorageError as exc:
            kept = tr("The result is kept in the history.") + " " if result.file else ""
            raise ResultError(exc.message, kept + tr(FETCHES)) from exc
        self.missing.discard(file)
        flight.held.pop(result.index).release()
        say_of(flight.frame, str(file))

    # The end of a job.

    def _landed(self, flight: Flight) -> None:
        """Tells what went wrong, and gives up the claims, or leaves them where something was paid for."""
        self.maker.flights.remove(flight)
        ticket, snapshot = flight.ticket, flight.snapshot
        if snapshot and not any(one.snapshot is snapshot for one in self.maker.flights):
            snapshot.discard()
        for warning in ticket.warnings:
            complain_of(flight.frame, warning)
        errors = (ticket.error,) if ticket.error else ticket.failures
        for error in errors:
            complain_of(flight.frame, str(_for_a_terminal(error)))
            if not isinstance(error, Cancelled):
                self.failed = flight.frame
        if not flight.held:
            return
        job = self.journal.job(ticket.job_id) if ticket.job_id else None
        for index, claim in flight.held.items():
            if job and job.edits[index].state in PAID:
                claim.leave()  # another machine adopts it, or is told
            else:
                claim.release()


def _refuse_to_guess(chosen: argparse.Namespace) -> None:
    """`blender -b TYPO.blend` goes on with the default scene; nobody wants to pay for that by mistake."""
    if bpy.data.filepath:
        return
    if not chosen.default_scene:
        raise FluxDepthError(
            tr("No .blend file is open: Blender could not read the one that was named, or none was named."),
            tr("--default-scene says that Blender's default scene is meant."),
        )
    if chosen.output.startswith("//"):
        raise FluxDepthError(
            tr("There is no .blend file whose folder could take the results."), tr("Name one with --output.")
        )


def _for_a_terminal(error: FluxDepthError) -> FluxDepthError:
    """There is no Recover to press here; to call the command again is the same."""
    if isinstance(error, Cancelled) and error.billed is not Billed.NO:
        return error.with_advice(tr(FETCHES))
    return error.with_advice(error.advice.replace(tr(FETCH), tr(FETCHES)))


def _stamp(file: Path) -> tuple[int, int] | None:
    """Changes when the file is made anew."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
