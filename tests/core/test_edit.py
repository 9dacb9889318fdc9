"""One edit from picture to result against the sandbox: what goes over the wire, what is told, what is on disk."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import threading
import time
from pathlib import Path

import pytest

from shared.errors import (
    Billed,
    EditFailedError,
    FluxDepthError,
    NextStep,
    PictureError,
    ResultExpiredError,
    StillRunningError,
    StorageError,
)
from shared.jobs import polling
from shared.jobs.desk import Desk
from shared.jobs.request import Stage, Taken
from shared.jobs.ticket import State, Ticket
from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage, sniff
from shared.service.client import Client
from shared.storage import files, settings
from shared.storage.entries import EditState
from shared.storage.journal import Journal
from tests.core.conftest import Bench, DeskHost, finish, until
from tests.sandbox import Fault

EXAMPLES = Path(__file__).parents[1] / "service" / "examples"


def only_edit(journal: Journal):  # type: ignore[no-untyped-def]
    ((edit,),) = [job.edits for job in journal.entries()]
    return edit


def test_the_result_is_the_services_exact_bytes_and_stays_on_disk(bench: Bench, photo: EncodedImage) -> None:
    (result,) = bench.run(photo, prompt="fog", seed=7).results
    (sent,) = bench.sandbox.results.values()
    assert result.image.data == sent
    assert result.file and result.file.read_bytes() == sent
    assert result.record()["settings"] == dict(result.edit.values)
    edit = only_edit(bench.journal)
    assert (edit.state, edit.uuid, edit.width, edit.height) == (EditState.DONE, result.uuid, 640, 427)
    assert (edit.settings["seed"], edit.error, edit.arrived) == (7, "", None)


def test_the_body_on_the_wire_is_the_pages_example_plus_async(bench: Bench, photo: EncodedImage) -> None:
    example = json.loads((EXAMPLES / "submit.json").read_text("utf-8"))
    values = dict(example["promptObject"])
    path = values.pop("imageUrl")
    bench.sandbox.uploads[path] = photo.data  # an existing path, as the page has it
    bench.run(path, **values)
    (submit,) = bench.sandbox.at("submit")
    assert json.dumps(submit.json) == json.dumps({**example, "async": True})
    assert not bench.sandbox.at("upload")


def test_the_synchronous_body_is_the_pages_example(bench: Bench, photo: EncodedImage, home: Path) -> None:
    settings.save(settings.Settings(waiting="sync"), home)
    bench.run(photo)
    (submit,) = bench.sandbox.at("submit")
    assert set(submit.json) == {"type", "model", "promptObject"}
    assert not bench.sandbox.at("poll")


@pytest.mark.parametrize("waiting", ["async", "sync"])
def test_a_failure_record_is_told_in_its_own_words(bench: Bench, photo: EncodedImage, home: Path, waiting: str) -> None:
    settings.save(settings.Settings(waiting=waiting), home)
    bench.sandbox.faults.append(Fault("submit", "failure_at_once" if waiting == "async" else "failure"))
    with pytest.raises(EditFailedError, match="could not make this edit: .+ Change the prompt"):
        bench.run(photo)
    assert only_edit(bench.journal).state is EditState.FAILED


def test_an_address_passes_through_without_an_upload(bench: Bench, photo: EncodedImage) -> None:
    bench.run(photo)
    (path,) = bench.sandbox.uploads
    address = f"{bench.sandbox.base_url}/asset/{path}"
    bench.run(address)
    assert [one.json["promptObject"]["imageUrl"] for one in bench.sandbox.at("submit")] == [path, address]
    assert len(bench.sandbox.at("upload")) == 1


def test_the_upload_is_one_multipart_field_with_an_extension(bench: Bench, photo: EncodedImage) -> None:
    bench.run(photo)
    (upload,) = bench.sandbox.at("upload")
    assert b'name="asset"; filename="fluxdepth-' in upload.body and b'.jpg"' in upload.body
    assert photo.data in upload.body


def test_the_key_goes_to_the_service_and_never_to_the_result(bench: Bench, photo: EncodedImage, home: Path) -> None:
    bench.run(photo)
    for request in bench.sandbox.requests:
        assert ("API-KEY" in request.headers) is (request.stage != "download")
        assert request.headers["User-Agent"].startswith("FluxDepth/")
    for path in home.rglob("*"):
        if path.is_file():
            assert bench.sandbox.api_key.encode() not in path.read_bytes(), path


def test_a_second_edit_of_the_same_picture_uploads_nothing(bench: Bench, photo: EncodedImage) -> None:
    bench.run(photo)
    bench.run(photo, seed=2)
    assert len(bench.sandbox.at("upload")) == 1


def test_another_key_does_not_reuse_the_upload(bench: Bench, photo: EncodedImage) -> None:
    other = Client(bench.sandbox.base_url, "another-key")
    assert other.account(photo.sha256) != bench.client.account(photo.sha256)


def test_a_reused_upload_that_is_forgotten_is_uploaded_again_once(bench: Bench, photo: EncodedImage) -> None:
    bench.run(photo)
    bench.sandbox.faults.append(Fault("submit", "upload_forgotten", times=1))
    bench.run(photo, variations=2)
    assert len(bench.sandbox.at("upload")) == 2
    assert bench.sandbox.taken == 3


def test_a_service_without_async_is_asked_synchronously_and_that_is_remembered(
    bench: Bench, photo: EncodedImage, home: Path
) -> None:
    bench.sandbox.fault = "submit:async_unsupported"
    bench.run(photo)
    bench.run(photo)
    assert ["async" in one.json for one in bench.sandbox.at("submit")] == [True, False, False]
    assert bench.sandbox.taken == 2
    known = settings.load(home)
    (when,) = known.synchronous_addresses.values()
    assert not known.asynchronous(bench.sandbox.base_url) and known.asynchronous("https://elsewhere.example")
    yesterday = {bench.sandbox.base_url: when - 25 * 3600}
    settings.save(dataclasses.replace(known, synchronous_addresses=yesterday), home)
    bench.sandbox.fault = None
    bench.run(photo)
    assert "async" in bench.sandbox.at("submit")[-1].json  # a service may learn it


def test_a_service_that_ignores_async_is_understood(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "submit:async_ignored"
    assert len(bench.run(photo).results) == 1
    assert not bench.sandbox.at("poll")


def test_variations_share_one_upload_and_run_side_by_side(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 0.3
    outcome = bench.run(photo, variations=8, seed=2**32 - 1)
    assert [result.edit.seed for result in outcome.results] == [2**32 - 1, 0, 1, 2, 3, 4, 5, 6]
    assert len(bench.sandbox.at("upload")) == 1
    assert bench.sandbox.peak_in_flight == 4
    assert len({result.file for result in outcome.results}) == 8


def test_variations_that_work_are_kept_when_others_fail(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.faults.append(Fault("submit", "no_credits", times=2))
    outcome = bench.run(photo, variations=4)
    assert len(outcome.results) == 2 and len(outcome.failures) == 2
    assert "credits" in str(outcome.failures[0])


def test_the_events_tell_each_stage_with_its_progress(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 0.1
    bench.run(photo)
    bench.run(photo)
    stages = list(dict.fromkeys(event.stage for event in bench.events))
    assert stages == [Stage.UPLOADING, Stage.SUBMITTING, Stage.GENERATING, Stage.DOWNLOADING, Stage.FINISHED]
    uploading = [event.fraction for event in bench.events if event.stage is Stage.UPLOADING]
    assert uploading[0] == 0.0 and uploading[-1] == 1.0 and len(uploading) > 3
    usual = [event.usual for event in bench.events if event.stage is Stage.GENERATING]
    assert usual[0] is None and usual[1] and usual[1] < 10


def test_the_picture_is_encoded_once_in_the_worker(bench: Bench, photo: EncodedImage) -> None:
    calls = []

    def take() -> Taken:
        calls.append(threading.current_thread().name)
        return Taken(photo)

    desk = bench.desk()
    ticket = desk.start(bench.request(take, 2))
    finish(desk)
    assert calls == ["fluxdepth-job"]
    assert len(ticket.results) == 2


def test_a_picture_over_the_services_limit_is_refused_before_it_is_sent(bench: Bench) -> None:
    with pytest.raises(PictureError, match="51 MB.*longest side"):
        bench.run(EncodedImage(b"\0" * 51_000_000, "png", 9000, 9000))
    assert not bench.sandbox.requests


# Stopping.


def stopped_at(bench: Bench, photo: EncodedImage, stage: Stage, submits: int = 0) -> tuple[Ticket, FluxDepthError]:
    """Stops a job once it is in ``stage`` with so many submits under way; the stop itself must answer at once."""
    desk = bench.desk()
    ticket = desk.start(bench.request(photo, prompt="fog"))
    until(desk, lambda: ticket.progress.text.startswith(stage.value) and bench.sandbox.submits >= submits)
    assert ticket.active
    asked = time.monotonic()
    desk.stop(ticket)
    assert ticket.state is State.STOPPED and time.monotonic() - asked < 0.5
    assert ticket.error is not None
    desk.settle(10.0)
    return ticket, ticket.error


def test_stopped_during_the_upload_nothing_is_submitted(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "upload:silence"
    _, stopped = stopped_at(bench, photo, Stage.UPLOADING)
    assert stopped.billed is Billed.NO
    assert bench.sandbox.submits == 0
    assert only_edit(bench.journal).state is EditState.STOPPED
    assert not bench.owed()


def test_stopped_during_the_wait_it_can_be_fetched_later(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 60
    _, stopped = stopped_at(bench, photo, Stage.GENERATING)
    assert (stopped.billed, stopped.next_step) == (Billed.YES, NextStep.RECOVER)
    ((job, entry),) = bench.owed()
    assert entry.state is EditState.TAKEN and entry.uuid


def test_stopped_during_the_submit_the_late_id_is_written(bench: Bench, photo: EncodedImage) -> None:
    bench.client = Client(bench.sandbox.base_url, bench.sandbox.api_key)  # with the patience of real life
    bench.sandbox.fault = "submit:slow_drip"
    bench.sandbox.drip_interval = 0.0005
    _, stopped = stopped_at(bench, photo, Stage.SUBMITTING, submits=1)
    assert (stopped.billed, stopped.next_step) == (Billed.MAYBE, NextStep.RECOVER)
    ((job, entry),) = bench.owed()
    assert entry.uuid


def test_stopped_during_the_download_it_can_be_fetched_later(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "download:silence"
    stopped_at(bench, photo, Stage.DOWNLOADING)
    bench.sandbox.fault = None
    ((job, entry),) = bench.owed()
    result = bench.recover(job, entry)
    assert (result.image.width, result.edit.prompt) == (640, "fog")
    assert bench.sandbox.submits == 1


# Recovery.


def test_a_result_on_disk_is_recovered_without_the_service(bench: Bench, photo: EncodedImage) -> None:
    (result,) = bench.run(photo).results
    ((job, entry),) = bench.owed()
    bench.sandbox.stop_listening()
    assert bench.recover(job, entry).image == result.image
    bench.journal.mark(job.id, [0], arrived=1.0)
    assert not bench.owed()


def test_half_a_result_on_disk_is_no_result(bench: Bench, photo: EncodedImage) -> None:
    """A full disk left it so, or an earlier version."""
    bench.run(photo, format="jpg")
    (served,) = bench.sandbox.results.values()
    ((job, entry),) = bench.owed()
    assert entry.result_file
    entry.result_file.write_bytes(served[: len(served) // 2])
    bench.sandbox.fault = "download:refuse"
    with pytest.raises(FluxDepthError, match="Recover"):
        bench.recover(job, entry)
    bench.sandbox.fault = None
    assert bench.recover(job, entry).image.data == served
    assert bench.sandbox.submits == 1


def test_a_result_on_disk_is_recovered_without_a_key(bench: Bench, photo: EncodedImage) -> None:
    bench.run(photo)
    ((job, entry),) = bench.owed()
    desk = Desk(DeskHost(), bench.journal)  # with the client in force: there is no key
    desk.look_now()
    ticket = desk.recover(desk.here()[0])
    finish(desk)
    assert ticket.results[0].image.width == 640


def test_a_result_that_was_deleted_from_disk_is_fetched_again(bench: Bench, photo: EncodedImage) -> None:
    (result,) = bench.run(photo).results
    assert result.file
    result.file.unlink()
    ((job, entry),) = bench.owed()
    assert bench.recover(job, entry).image == result.image
    assert bench.sandbox.submits == 1


def test_several_edits_of_one_job_are_recovered_side_by_side(bench: Bench, photo: EncodedImage) -> None:
    bench.run(photo, variations=4)
    for _, entry in bench.owed():
        assert entry.result_file
        entry.result_file.unlink()
    ticket = recovered(bench)
    assert len(ticket.results) == 4 and not bench.owed()
    assert bench.sandbox.submits == 4


def recovered(bench: Bench) -> Ticket:
    desk = bench.desk()
    desk.look_now()
    (owed,) = desk.here()
    ticket = desk.recover(owed)
    finish(desk)
    return ticket


def test_an_edit_that_failed_meanwhile_leaves_the_list(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 0.4
    bench.sandbox.fault = "poll:failure"
    stopped_at(bench, photo, Stage.GENERATING)
    assert isinstance(recovered(bench).error, EditFailedError)
    assert not bench.owed()


def test_an_edit_of_another_service_address_is_not_asked_for_here(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 60
    stopped_at(bench, photo, Stage.GENERATING)
    made_at = bench.sandbox.base_url
    bench.client = Client("https://elsewhere.example", "some-key")
    assert re.search(f"made at {made_at}.*Set that address", str(recovered(bench).error))
    assert len(bench.owed()) == 1


def test_an_absence_is_no_duration(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 0.2
    stopped_at(bench, photo, Stage.GENERATING)
    assert recovered(bench).results[0].seconds == 0
    assert bench.journal.usual_seconds(DepthEdit.checked({"prompt": "x"})) is None


def test_stopping_a_recovery_never_says_that_nothing_was_billed(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.latency = 60
    stopped_at(bench, photo, Stage.GENERATING)
    desk = bench.desk()
    desk.look_now()
    ticket = desk.recover(desk.here()[0])
    desk.stop(ticket)
    assert ticket.error and ticket.error.billed is Billed.YES


def test_of_several_errors_the_one_that_was_paid_for_is_told(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.faults += [Fault("submit", "no_credits", times=1), Fault("download", "expired_url", times=100)]
    with pytest.raises(ResultExpiredError, match="Recover"):
        bench.run(photo, variations=2)


# The disk.


def test_nothing_is_sent_when_the_journal_can_not_be_written(bench: Bench, photo: EncodedImage, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "jobs").write_text("a file where a folder belongs")
    with pytest.raises(StorageError, match="can't be written.*Nothing was billed"):
        bench.run(photo)
    assert not bench.sandbox.requests


def test_a_disk_that_fills_up_after_the_submit_loses_no_result(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write_by_rename

    def full(path: Path, data: bytes, *, private: bool = True) -> None:
        if bench.sandbox.submits:
            raise StorageError(f"“{path}” can't be written: {os.strerror(28)}.")
        write(path, data, private=private)

    monkeypatch.setattr(files, "write_by_rename", full)
    (result,) = bench.run(photo).results
    assert "No space left" in result.warning and result.file is None
    assert sniff(result.image.data).width == 640


def test_a_service_that_never_finishes_is_left_to_be_fetched_later(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "WAIT_DEADLINE", 0.2)
    bench.sandbox.latency = 60
    with pytest.raises(StillRunningError, match="still working.*Recover"):
        bench.run(photo)
    assert len(bench.owed()) == 1


def test_an_unexpected_fault_of_ours_is_told_and_not_lost(bench: Bench) -> None:
    def broken() -> Taken:
        raise ZeroDivisionError("oops")

    desk = bench.desk()
    ticket = desk.start(bench.request(broken))
    finish(desk)
    assert ticket.error and "inside Flux Depth (ZeroDivisionError: oops)" in str(ticket.error)
    assert ticket.error.billed is Billed.NO


def test_a_missing_key_comes_out_of_the_ticket(bench: Bench, photo: EncodedImage) -> None:
    desk = Desk(DeskHost(), bench.journal)
    ticket = desk.start(bench.request(photo))
    finish(desk)
    assert "no API key" in str(ticket.error)
