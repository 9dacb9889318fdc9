"""The desk: whose a result is, what is owed to whom, and that nothing is paid twice or lost between documents."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.errors import (
    Billed,
    FluxDepthError,
    MadeBeforeError,
    NextStep,
    PictureError,
    PlainPictureError,
    SameEditError,
    StorageError,
)
from shared.jobs.desk import Desk
from shared.jobs.owed import Owed
from shared.jobs.request import Taken
from shared.jobs.ticket import State, Ticket
from shared.jobs.wording import Why
from shared.pictures.encoded import EncodedImage
from shared.storage import files, processes
from shared.storage.entries import ALPHA, MASK, SENT, Destination, EditState
from tests.core.conftest import HERE, Bench, DeskHost, finish, until
from tests.core.test_journal import start_edit
from tests.sandbox import Fault

FILE = Destination("test", "/pictures/a.xcf", "document-1", "a.xcf")
NEVER_SAVED = Destination("test", "", "elsewhere/0123456789ab/1/1#4")
OF_GIMP = Destination("gimp", "/pictures/b.xcf", "", "b.xcf")
OF_THE_COMMAND = Destination("command", "/scenes/a.blend", files=("/out/0001.png",))


def arrived(bench: Bench, photo: EncodedImage, destination: Destination = HERE, **values: object) -> Ticket:
    """An edit from the press to its document."""
    host = DeskHost(destination.path or destination.session)
    desk = bench.desk(host)
    ticket = desk.start(bench.request(photo, destination=destination, **values))
    finish(desk)
    assert ticket.state is State.ARRIVED, ticket.error
    return ticket


def left_behind(bench: Bench, photo: EncodedImage, destination: Destination, **values: object) -> None:
    """A paid edit that nobody brought in: its document was closed."""
    desk = bench.desk(DeskHost("nothing"))
    ticket = desk.start(bench.request(photo, destination=destination, confirmed=True, **values))
    finish(desk)
    assert ticket.state is State.KEPT


def look(bench: Bench, host: DeskHost, **more: object) -> Desk:
    desk = bench.desk(host)
    desk.look_now(**more)  # type: ignore[arg-type]
    return desk


def places(owed: list[Owed]) -> list[Destination]:
    return [one.job.destination for one in owed]


# Whose a result is.


def test_recover_brings_what_belongs_to_the_open_document_and_lists_the_rest(bench: Bench, photo: EncodedImage) -> None:
    for destination in (FILE, OF_GIMP, OF_THE_COMMAND):
        left_behind(bench, photo, destination)
    desk = look(bench, DeskHost("/pictures/a.xcf"))
    assert places(desk.here()) == [FILE]
    assert {one.host for one in places(desk.elsewhere())} == {"gimp", "command"}
    words = " ".join(one.words for one in desk.elsewhere())
    assert "“b.xcf” in GIMP" in words and "“0001.png” of the Blender command" in words
    assert places(look(bench, DeskHost("/pictures/another.xcf")).here()) == []
    # Given up by a window, the command's would be paid for anew.
    assert [one.job.destination.host for one in desk.elsewhere() if not one.discardable] == ["command"]


def test_what_was_made_for_a_document_that_was_never_saved_comes_once_its_program_is_gone(
    bench: Bench, photo: EncodedImage
) -> None:
    left_behind(bench, photo, NEVER_SAVED)
    alive = dataclasses.replace(NEVER_SAVED, session=f"{processes.session_name(os.getppid())}#1")
    left_behind(bench, photo, alive)
    host = DeskHost("/pictures/a.xcf")
    desk = look(bench, host)
    assert places(desk.here()) == [NEVER_SAVED]
    ticket = desk.recover(desk.here()[0])
    finish(desk)
    assert ticket.state is State.ARRIVED and len(host.placed) == 1


def test_a_document_of_this_program_that_was_closed_unsaved_never_comes_back(bench: Bench, photo: EncodedImage) -> None:
    left_behind(bench, photo, Destination("test", session=f"{processes.session_name()}#1"))
    assert len(look(bench, DeskHost("something else")).here()) == 1


def test_into_another_document_only_when_the_artist_says_so(bench: Bench, photo: EncodedImage) -> None:
    left_behind(bench, photo, FILE)
    host = DeskHost("/pictures/another.xcf")
    desk = look(bench, host)
    (owed,) = desk.elsewhere()
    ticket = desk.recover(owed, here=Destination("test", "/pictures/another.xcf"))
    finish(desk)
    assert ticket.state is State.ARRIVED and len(host.placed) == 1
    assert not look(bench, DeskHost("/pictures/a.xcf")).here()


def test_a_copy_of_what_the_command_made_stays_the_commands(bench: Bench, photo: EncodedImage) -> None:
    left_behind(bench, photo, OF_THE_COMMAND)
    desk = look(bench, DeskHost("/pictures/a.xcf"))
    desk.recover(desk.elsewhere()[0], here=Destination("test", "/pictures/a.xcf"))
    finish(desk)
    (job,) = bench.journal.entries()
    assert job.edits[0].unfinished
    command = DeskHost("/scenes/a.blend")
    command.name = "command"
    assert places(look(bench, command).here()) == [OF_THE_COMMAND]


def test_a_result_is_kept_until_its_document_is_open_again(bench: Bench, photo: EncodedImage) -> None:
    host = DeskHost("/pictures/a.xcf")
    desk = bench.desk(host)
    bench.sandbox.latency = 0.2
    ticket = desk.start(bench.request(photo, destination=FILE))
    until(desk, lambda: ticket.progress.text.startswith("Generating"))
    host.open = {"/pictures/another.xcf"}
    finish(desk)
    assert ticket.state is State.KEPT and not host.placed
    assert not desk.here() and not desk.elsewhere()  # the ticket offers it already
    host.open = {"/pictures/a.xcf"}
    until(desk, lambda: ticket.state is State.ARRIVED)
    finish(desk)
    assert len(host.placed) == 1 and not bench.owed()


def test_what_is_kept_comes_into_another_document_when_the_artist_says_so(bench: Bench, photo: EncodedImage) -> None:
    host = DeskHost("/pictures/another.xcf")
    desk = bench.desk(host)
    ticket = desk.start(bench.request(photo, destination=FILE))
    finish(desk)
    assert ticket.state is State.KEPT
    desk.bring(ticket, Destination("test", "/pictures/another.xcf"))
    finish(desk)
    assert ticket.state is State.ARRIVED and len(host.placed) == 1 and not bench.owed()


def test_a_place_that_fails_says_that_it_is_paid_for_and_offers_it_again(bench: Bench, photo: EncodedImage) -> None:
    class Broken(DeskHost):
        def place(self, ticket: Ticket) -> Iterator[None]:
            raise PictureError("The layer could not be inserted.")
            yield

    desk = bench.desk(Broken())
    ticket = desk.start(bench.request(photo))
    finish(desk)
    assert ticket.state is State.FAILED and ticket.error
    assert (ticket.error.billed, ticket.error.next_step) == (Billed.YES, NextStep.RECOVER)
    assert "Credits were used" in str(ticket.error) and not ticket.can_retry
    assert len(desk.here()) == 1


def test_a_host_that_raises_does_not_stop_the_others(bench: Bench, photo: EncodedImage) -> None:
    class Raising(DeskHost):
        def place(self, ticket: Ticket) -> Iterator[None]:
            if ticket.edits[0].prompt == "bad":
                raise ZeroDivisionError("oops")
            return super().place(ticket)

    desk = bench.desk(Raising())
    bad = desk.start(bench.request(photo, prompt="bad"))
    good = desk.start(bench.request(photo, prompt="good"))
    finish(desk)
    assert (bad.state, good.state) == (State.FAILED, State.ARRIVED)
    assert "ZeroDivisionError" in str(bad.error) and "Credits were used" in str(bad.error)
    waiting = [one for one in desk.here() if one.why is Why.WAITING]
    assert [one.entries[0].settings["prompt"] for one in waiting] == ["bad"]


# Companions.


@pytest.mark.parametrize("stage", ["arrives", "recovered"])
def test_companions_of_any_size_are_there_however_a_result_arrives(
    bench: Bench, photo: EncodedImage, stage: str
) -> None:
    gray = os.urandom(300_000)
    desk = bench.desk(DeskHost(HERE.session if stage == "arrives" else "nothing"))
    ticket = desk.start(bench.request(Taken(photo, {ALPHA: gray, MASK: gray[::-1]})))
    until(desk, lambda: ticket.state in (State.ARRIVING, State.KEPT))
    if stage == "recovered":
        desk = look(bench, DeskHost())
        ticket = desk.recover(desk.here()[0])
    assert (ticket.companion(ALPHA), ticket.companion(MASK)) == (gray, gray[::-1])
    finish(desk)
    assert bench.journal.entries()[0].companion(SENT) == photo.data


def test_companions_are_on_the_disk_before_the_submit(bench: Bench, photo: EncodedImage, home: Path) -> None:
    bench.sandbox.fault = "submit:silence_after_taken"
    desk = bench.desk()
    desk.start(bench.request(Taken(photo, {ALPHA: b"gray"})))
    until(desk, lambda: bench.sandbox.submits)
    assert [path.read_bytes() for path in home.glob(f"jobs/*/{ALPHA}")] == [b"gray"]


# Paid once.


def test_a_second_press_asks(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 0.5
    desk = bench.desk()
    first, second = desk.start(bench.request(photo)), desk.start(bench.request(photo))
    finish(desk)
    assert sorted([first.state, second.state], key=str) == [State.ARRIVED, State.FAILED]
    asking = second if second.error else first
    assert isinstance(asking.error, SameEditError) and asking.error.next_step is NextStep.EDIT_ANYWAY
    assert "Nothing was billed" in str(asking.error)
    assert bench.sandbox.submits == 1
    desk.retry(asking, confirmed=True)
    finish(desk)
    assert asking.state is State.ARRIVED and bench.sandbox.submits == 2


def test_a_picture_of_one_colour_is_asked_for_before_anything_is_sent(bench: Bench, photo: EncodedImage) -> None:
    desk = bench.desk()
    ticket = desk.start(dataclasses.replace(bench.request(photo), picture=Taken(photo, plain=True)))
    finish(desk)
    assert isinstance(ticket.error, PlainPictureError) and ticket.error.next_step is NextStep.EDIT_ANYWAY
    assert "Nothing was billed" in str(ticket.error)
    assert bench.sandbox.requests == []
    desk.retry(ticket, confirmed=True)
    finish(desk)
    assert ticket.state is State.ARRIVED and bench.sandbox.submits == 1


def test_a_press_in_another_program_asks_too(bench: Bench, home: Path, photo: EncodedImage) -> None:
    bench.sandbox.latency = 5
    process = start_edit(bench.sandbox, home)
    try:
        bench.sandbox.wait_until(lambda service: service.submits == 1, timeout=30)
        desk = bench.desk()
        ticket = desk.start(bench.request(photo, prompt="x", format="jpg"))
        finish(desk)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert isinstance(ticket.error, SameEditError) and bench.sandbox.submits == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [("submit:silence_after_taken", "may have been billed"), ("download:expired_url", "is paid for already")],
)
def test_what_may_be_paid_already_is_asked_for_before_it_is_paid_again(
    bench: Bench, photo: EncodedImage, fault: str, words: str
) -> None:
    bench.sandbox.fault = fault
    desk = bench.desk()
    desk.start(bench.request(photo))
    finish(desk)
    bench.sandbox.fault = None
    ticket = desk.start(bench.request(photo))
    finish(desk)
    assert words in str(ticket.error) and bench.sandbox.submits == 1


def test_what_was_made_before_is_asked_for_before_it_is_paid_again(bench: Bench, photo: EncodedImage) -> None:
    desk = bench.desk()
    first = desk.start(bench.request(photo))
    finish(desk)
    ticket = desk.start(bench.request(photo))
    finish(desk)
    assert isinstance(ticket.error, MadeBeforeError) and ticket.error.next_step is NextStep.EDIT_ANYWAY
    refused = bench.journal.job(ticket.job_id)
    assert refused and [path.name for path in refused.folder.iterdir() if path.name.startswith("sent")] == []
    assert "seed 0" in str(ticket.error) and "Nothing was billed" in str(ticket.error)
    several = desk.start(bench.request(photo, 3))
    finish(desk)
    assert isinstance(several.error, MadeBeforeError) and "One of these edits" in str(several.error)
    assert bench.sandbox.submits == 1
    desk.retry(ticket, confirmed=True)
    finish(desk)
    again = desk.start(dataclasses.replace(bench.request(photo), repeated=True))
    finish(desk)
    assert bench.sandbox.submits == 3
    for made in (first, ticket, again):
        bench.journal.delete(made.job_id, 0)
    desk.start(bench.request(photo))
    finish(desk)
    assert bench.sandbox.submits == 4


def test_another_seed_or_picture_is_another_edit(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 0.3
    desk = bench.desk()
    tickets = [desk.start(bench.request(photo)), desk.start(bench.request(photo, seed=1))]
    finish(desk)
    assert [one.state for one in tickets] == [State.ARRIVED] * 2


def test_after_a_failure_the_upload_is_not_used_again(bench: Bench, photo: EncodedImage) -> None:
    arrived(bench, photo)
    bench.sandbox.faults.append(Fault("poll", "failure", times=1))
    desk = bench.desk()
    desk.start(bench.request(photo, seed=1))
    finish(desk)
    arrived(bench, photo, seed=2)
    assert len(bench.sandbox.at("upload")) == 2


def test_try_again_sends_what_that_ticket_had_sent(bench: Bench, photo: EncodedImage) -> None:
    calls = []

    def take() -> Taken:
        calls.append(1)
        return Taken(photo, {ALPHA: b"gray"})

    bench.sandbox.faults.append(Fault("submit", "no_credits", times=1))
    desk = bench.desk()
    ticket = desk.start(bench.request(take))
    finish(desk)
    assert ticket.state is State.FAILED and ticket.can_retry
    desk.retry(ticket)
    finish(desk)
    assert ticket.state is State.ARRIVED and len(calls) == 1 and desk.tickets == [ticket]


def test_the_room_is_measured_before_anything_is_paid(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(StorageError, match="1 MB left.*Nothing was billed"):
        bench.run(photo)
    assert not bench.sandbox.requests


# Stopping.


def test_variations_that_are_here_arrive_when_the_rest_is_stopped(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.faults.append(Fault("poll", "silence", times=1000))
    bench.sandbox.latency = 0.2
    desk = bench.desk(host := DeskHost())
    ticket = desk.start(bench.request(photo, variations=4))
    bench.sandbox.faults.clear()
    until(desk, lambda: len(ticket.finished_so_far) >= 1)
    asked = time.monotonic()
    desk.stop(ticket)
    assert time.monotonic() - asked < 0.5
    finish(desk)
    assert ticket.state is State.ARRIVED and 1 <= len(host.placed) <= 4
    assert len(host.placed) + len(bench.owed()) == 4


def test_after_a_stop_the_edit_can_be_recovered_at_once(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "poll:silence"
    bench.client = bench.patient()  # a look that hangs for a minute must not keep it
    desk = bench.desk()
    ticket = desk.start(bench.request(photo))
    until(desk, lambda: bench.sandbox.at("poll"))
    desk.stop(ticket)
    until(desk, lambda: desk.here(), 3)
    assert [one.why for one in desk.here()] == [Why.WAITING]
    assert [len(look(bench, DeskHost()).here())] == [1]  # and by any other program


def test_a_stopped_submit_counts_as_unfinished_until_its_id_is_known(bench: Bench, photo: EncodedImage) -> None:
    bench.client = bench.patient()
    bench.sandbox.fault = "submit:slow_drip"
    bench.sandbox.drip_interval = 0.002
    desk = bench.desk()
    ticket = desk.start(bench.request(photo))
    until(desk, lambda: bench.sandbox.submits)
    desk.stop(ticket)
    assert desk.submitting
    until(desk, lambda: desk.elsewhere(), 3)
    assert [one.why for one in desk.elsewhere()] == [Why.SUBMITTING]
    finish(desk)
    assert not desk.submitting and [one.why for one in desk.here()] == [Why.WAITING]


def test_nothing_more_is_paid_when_paying_is_stopped_and_what_is_under_way_arrives(
    bench: Bench, photo: EncodedImage
) -> None:
    bench.sandbox.latency = 0.4
    desk = bench.desk()
    ticket = desk.start(bench.request(photo, variations=8, confirmed=True))
    until(desk, lambda: bench.sandbox.submits == 4)
    desk.stop_paying()
    finish(desk)
    assert ticket.state is State.ARRIVED and len(ticket.results) == 4 and bench.sandbox.submits == 4
    assert all(error.billed is Billed.NO for error in ticket.failures)


# Safe, lost, discarded.


def test_what_has_arrived_is_owed_until_its_document_was_saved_with_it(bench: Bench, photo: EncodedImage) -> None:
    ticket = arrived(bench, photo, FILE)
    result = {(ticket.job_id, 0)}
    assert not look(bench, DeskHost("/pictures/a.xcf"), held=result).here()
    lost = look(bench, DeskHost("/pictures/a.xcf")).here()  # undone, or the document was not saved
    assert [one.why for one in lost] == [Why.UNSAVED]
    desk = look(bench, DeskHost("/pictures/a.xcf"), held=result)
    desk.saved(result)
    finish(desk)
    assert not look(bench, DeskHost("/pictures/a.xcf")).here()


@pytest.mark.parametrize("state", [EditState.UNCERTAIN, EditState.TAKEN])
def test_a_result_that_is_there_is_not_uncertain_whatever_the_journal_missed(
    bench: Bench, photo: EncodedImage, state: EditState
) -> None:
    """The disk had no room for what became of it, and its document has it."""
    left_behind(bench, photo, FILE)
    job_id = bench.journal.entries()[0].id
    bench.journal.mark(job_id, [0], state=state, uuid="", result_file=None)
    result = {(job_id, 0)}
    desk = look(bench, DeskHost("/pictures/a.xcf"), held=result)
    assert not (desk.uncertain() or desk.here() or desk.elsewhere())
    desk.saved(result)
    finish(desk)
    desk = look(bench, DeskHost("/pictures/another.xcf"))
    assert not (desk.uncertain() or desk.here() or desk.elsewhere())
    (job,) = bench.journal.entries()
    assert job.edits[0].safe and job.edits[0].state is (EditState.DONE if state is EditState.UNCERTAIN else state)


def test_a_recovered_result_that_is_lost_is_offered_once_more(bench: Bench, photo: EncodedImage) -> None:
    arrived(bench, photo, FILE)
    host = DeskHost("/pictures/a.xcf")
    desk = look(bench, host)
    desk.recover(desk.here()[0])
    finish(desk)
    assert len(host.placed) == 1 and bench.sandbox.submits == 1


def test_what_gimp_has_saved_since_is_not_offered_again(bench: Bench, photo: EncodedImage, tmp_path: Path) -> None:
    document = tmp_path / "a.xcf"
    document.write_bytes(b"xcf")
    gone = "elsewhere/0123456789ab/1/1#4"
    arrived(bench, photo, Destination("gimp", str(document), gone))
    (job,) = bench.journal.entries()
    assert job.edits[0].unsaved
    host = DeskHost(str(document))
    host.name = "gimp"
    # Another machine's process may live: only one that is known to be gone has lost what it held.
    assert not look(bench, host).here()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    name = processes.session_name(dead.pid)
    dead.wait()
    bench.journal.mark(job.id, [], {"session": f"{name}#4"})
    os.utime(document, (time.time() - 60, time.time() - 60))
    assert [one.why for one in look(bench, host).here()] == [Why.UNSAVED]
    os.utime(document, (time.time() + 60, time.time() + 60))
    assert not look(bench, host).here()


def test_what_the_service_has_forgotten_names_its_id_and_can_be_discarded(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 60
    desk = bench.desk()
    ticket = desk.start(bench.request(photo))
    until(desk, lambda: bench.sandbox.at("poll"))
    desk.stop(ticket)
    desk.settle(5)
    bench.sandbox.fault = "poll:record_null"
    desk = look(bench, DeskHost())
    (owed,) = desk.here()
    ticket = desk.recover(owed)
    finish(desk)
    assert owed.entries[0].uuid in str(ticket.error) and owed.entries[0].uuid in owed.words
    desk.discard(owed.job.id, owed.indices)
    assert not desk.here() and not desk.tickets
    finish(desk)
    assert not look(bench, DeskHost()).here()


def test_what_may_have_been_billed_is_listed_until_it_is_discarded(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "submit:silence_after_taken"
    desk = bench.desk()
    ticket = desk.start(bench.request(photo))
    finish(desk)
    assert ticket.error and ticket.error.billed is Billed.MAYBE
    desk = look(bench, DeskHost())
    (owed,) = desk.uncertain()
    assert "may have been billed" in owed.words and not desk.here()
    desk.discard(owed.job.id, owed.indices)
    finish(desk)
    assert not look(bench, DeskHost()).uncertain()


def test_a_result_on_disk_comes_from_a_data_folder_that_can_not_be_written(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(bench, photo, FILE)

    def refused(*_: object, **__: object) -> None:
        raise StorageError("read-only")

    monkeypatch.setattr(files, "write_by_rename", refused)
    monkeypatch.setattr("shared.storage.locks.acquired", refused)
    host = DeskHost("/pictures/a.xcf")
    desk = look(bench, host)
    ticket = desk.recover(desk.here()[0])
    finish(desk)
    assert ticket.state is State.ARRIVED and len(host.placed) == 1


# Replies.


def test_an_unknown_state_does_not_end_the_wait(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.faults.append(Fault("poll", "unknown_status", times=1))
    bench.sandbox.latency = 0.1
    assert len(bench.run(photo).results) == 1


def test_the_error_of_the_models_own_host_is_told_and_not_repeated(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "submit:busy"
    with pytest.raises(FluxDepthError, match="Nothing was billed"):
        bench.run(photo)
    assert bench.sandbox.submits == 1


def test_a_result_of_an_unknown_kind_is_kept_and_handed_on(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "download:result_avif"
    (result,) = bench.run(photo).results
    assert result.image.format == "" and result.file and result.file.read_bytes() == result.image.data
    (job,) = bench.journal.entries()
    assert job.edits[0].state is EditState.DONE
