"""Begins what is missing of a frame: fetched, adopted, taken from the history, or rendered and paid for.

Each job carries the claims of its files; what becomes of them when it has ended is the run's business.
"""

import argparse
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy

from ..pictures.sources import Snapshot
from ..shared.jobs.desk import Desk
from ..shared.jobs.owed import Owed
from ..shared.jobs.request import EditRequest, Taken
from ..shared.jobs.ticket import Ticket
from ..shared.jobs.wording import Why
from ..shared.language import tr
from ..shared.model.parameters import OF_BOTH_HOSTS
from ..shared.storage import processes
from ..shared.storage.claims import Claim
from ..shared.storage.entries import Destination, EditEntry, EditState, Job
from ..shared.storage.journal import is_running
from . import frames, pictures
from .frames import ATTEMPT, Decision, Way, Wish
from .guard import ClaimGuard
from .interrupts import Interrupts
from .talk import complain_of, say_of


@dataclass
class Flight:
    """One ticket of the desk; by the index of its results what each becomes, and the claim on that."""

    frame: int
    ticket: Ticket
    wishes: dict[int, Wish]
    held: dict[int, Claim]
    snapshot: Snapshot | None = None


class Maker:
    """``flights`` are the jobs that it has begun; who lands them takes them out."""

    def __init__(
        self,
        chosen: argparse.Namespace,
        settings: SimpleNamespace,
        address: str,
        desk: Desk,
        asked: Interrupts,
    ) -> None:
        self.chosen, self.settings, self.address = chosen, settings, address
        self.desk, self.journal, self.asked = desk, desk.journal, asked
        self.flights: list[Flight] = []
        self._picture: tuple[int, Snapshot] | None = None  # of the last frame, whose prompts share it
        self.uncertain = False  # whether something may have been paid for that can't be found again

    def begin(self, frame: int, wishes: dict[int, Wish], held: dict[int, Claim]) -> list[Wish]:
        """Begins what the journal and the claims say is to be done, and takes the claims that go on out of ``held``.

        Returns what another process works on, whose claim was lost. Raises FluxDepthError.
        """
        jobs = self.journal.entries()
        fetched: dict[str, list[tuple[EditEntry, Wish]]] = {}
        made: dict[int, Decision] = {}
        waits = []
        for index, wish in wishes.items():
            decision = frames.decide(
                wish,
                held[index].before,
                jobs,
                self.address,
                is_running=is_running,
                overwrite=self.chosen.overwrite,
                pay_uncertain=self.chosen.pay_uncertain,
            )
            if decision.way is Way.WAIT:
                waits.append(wish)
            elif decision.way is Way.UNCERTAIN:
                self._leave_uncertain(wish, decision, held.pop(index))
            elif decision.way is Way.FETCH and decision.job and decision.entry:
                fetched.setdefault(decision.job.id, []).append((decision.entry, wish))
            else:
                made[index] = decision
        by_id = {job.id: job for job in jobs}
        for job_id, edits in fetched.items():
            self._fetch(by_id[job_id], edits, held)
        if made:
            self._make(frame, made, wishes, held)
        return waits

    def _leave_uncertain(self, wish: Wish, decision: Decision, claim: Claim) -> None:
        """The claim stays, so that a worker with another data folder is told as well."""
        self.uncertain = True
        words = tr(
            "This edit may have been paid for, and can't be found again. --pay-uncertain pays for it a second time; "
            "look at your credits first. Credits may have been used."
        )
        complain_of(wish.frame, words)
        if decision.job:
            claim.note(**self._facts(wish, frames.attempt_of(decision.job)), state="uncertain", uuid="")
        claim.leave()

    def _facts(self, wish: Wish, attempt: str) -> dict[str, str]:
        """What a claim says of the edit that is made under it; no prompt, the folder may be everybody's."""
        return {ATTEMPT: attempt, "edit": frames.fingerprint(wish.edit, self.address)}

    def _fetch(self, job: Job, edits: list[tuple[EditEntry, Wish]], held: dict[int, Claim]) -> None:
        """Brings in what is paid for, or what is in the history."""
        frame = edits[0][1].frame
        say_of(frame, tr("fetching what is paid for already"))
        flown = {entry.index: held.pop(wish.index) for entry, wish in edits}
        for entry, wish in edits:
            flown[entry.index].note(**self._facts(wish, frames.attempt_of(job)), state="taken", uuid=entry.uuid)
        ticket = self.desk.recover(Owed(job, tuple(entry for entry, _ in edits), Why.WAITING))
        self.flights.append(Flight(frame, ticket, {entry.index: wish for entry, wish in edits}, flown))

    def _make(self, frame: int, made: dict[int, Decision], wishes: dict[int, Wish], held: dict[int, Claim]) -> None:
        """Takes the picture, and pays for what it can't get otherwise. Raises FluxDepthError."""
        snapshot = self._snapshot(frame)
        taken: Taken | None = None
        if any(decision.delivered or decision.way is Way.ADOPT for decision in made.values()):
            taken = pictures.taken_now(snapshot, self.asked.wait)
            snapshot.discard()
        paid: list[int] = []
        for index, decision in made.items():
            kept = [one for one in decision.delivered if taken and one[1].result_file and pictures.is_of(one[0], taken)]
            if decision.way is Way.ADOPT and taken:
                self._fetch(*self._adopted(wishes[index], decision.uuid, taken), held)
            elif kept:
                job, entry = kept[0]
                self._fetch(job, [(entry, wishes[index])], held)
            else:
                paid.append(index)
        # One job for all variations of a prompt, or, where a part of them is there, one for each missing file.
        count = self.settings.variations
        whole = len(paid) == count and paid[0] % count == 0 and paid[-1] - paid[0] == count - 1
        for indices in [paid] if whole else [[index] for index in paid]:
            if not self.asked.stop_paying:
                self._pay(frame, [wishes[index] for index in indices], held, snapshot, taken)

    def _snapshot(self, frame: int) -> Snapshot:
        """Rendered or read once for each frame. Raises PictureError."""
        if self._picture is None or self._picture[0] != frame:
            say_of(frame, tr("reading the image") if self.settings.image else tr("rendering"))
            self._picture = frame, pictures.of_frame(self.settings, frame)
        return self._picture[1]

    def _adopted(self, wish: Wish, uuid: str, taken: Taken) -> tuple[Job, list[tuple[EditEntry, Wish]]]:
        """A job of this data folder for an edit that another machine has paid for."""
        destination = self._destination([wish], {}, "")
        writer = self.journal.create([wish.edit], address=self.address, destination=destination)
        try:
            writer.keep_companions(taken.companions)
            writer.update_edit(0, state=EditState.TAKEN, uuid=uuid)
            return writer.job, [(writer.job.edits[0], wish)]
        finally:
            writer.close()

    def _pay(
        self, frame: int, wishes: list[Wish], held: dict[int, Claim], snapshot: Snapshot, taken: Taken | None
    ) -> None:
        attempt = uuid.uuid4().hex
        flown = [held.pop(wish.index) for wish in wishes]
        request = EditRequest(
            wishes[0].edit,
            taken or snapshot.taken,
            self._destination(wishes, snapshot.origin, attempt),
            len(wishes),
            {one.name: getattr(self.settings, one.name) for one in OF_BOTH_HOSTS},
            confirmed=True,  # frames of a still scene may be equal; the claims say which are on their way
            guard=ClaimGuard(flown, [self._facts(wish, attempt) for wish in wishes], self.asked),
            edits=tuple(wish.edit for wish in wishes),
        )
        ticket = self.desk.start(request)
        self.flights.append(Flight(frame, ticket, dict(enumerate(wishes)), dict(enumerate(flown)), snapshot))

    def _destination(self, wishes: Sequence[Wish], origin: Mapping[str, Any], attempt: str) -> Destination:
        path = os.path.realpath(bpy.data.filepath) if bpy.data.filepath else ""
        return Destination(
            self.desk.host.name,
            path,
            processes.session_name(),
            Path(path).name,
            {**origin, ATTEMPT: attempt or uuid.uuid4().hex},
            tuple(str(wish.file) for wish in wishes),
        )
