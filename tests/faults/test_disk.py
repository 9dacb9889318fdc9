"""The disk of the data folder at its worst: full, read-only, gone, oddly named, old, new, half written; odd clocks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.errors import Billed, FluxDepthError, NextStep, StorageError
from shared.jobs import owed, polling
from shared.jobs.request import Outcome
from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage
from shared.storage import files, processes, settings
from shared.storage.entries import Destination, EditState
from shared.storage.journal import Journal
from tests.core.conftest import DATA, HERE, Bench, DeskHost, finish
from tests.core.test_journal import start_edit
from tests.faults import Cells, Recovered
from tests.faults.disks import SmallDisk, mounted
from tests.sandbox import Fault

FULL = pytest.mark.full
OLD = DATA / "version-0.1.0"


@pytest.fixture
def disk(home: Path) -> Iterator[SmallDisk]:
    """The data folder is a small disk of its own."""
    with mounted(home) as one:
        yield one


def at(bench: Bench, stage: str, disturb: Callable[[], object]) -> Callable[[], None]:
    """Calls ``disturb`` in a thread as soon as ``stage`` (of the sandbox) has begun, and lets it go on then.

    Returns what joins that thread.
    """
    bench.sandbox.drip_interval = 0.001
    bench.sandbox.fault = f"{stage}:slow_drip*1"
    if stage != "download":  # whose body would drip for minutes: it is asked for again instead
        bench.client = bench.patient()
    if stage == "poll":
        bench.sandbox.fault, bench.sandbox.latency = None, 0.5

    def run() -> None:
        bench.sandbox.wait_until(lambda service: bool(service.at(stage)), 20)
        disturb()

    thread = threading.Thread(target=run)
    thread.start()
    return thread.join


def served(bench: Bench) -> bytes:
    (data,) = bench.sandbox.results.values()
    return data


def only(outcome: Outcome) -> EncodedImage:
    (result,) = outcome.results
    return result.image


# Full.


def test_a_full_data_folder_is_told_before_anything_is_paid(
    bench: Bench, photo: EncodedImage, disk: SmallDisk, cell: Cells
) -> None:
    with cell("core", "start", "data folder full") as found:
        disk.fill()
        with pytest.raises(StorageError, match=r"too little room.*Free some space.*Nothing was billed"):
            bench.run(photo)
        assert bench.sandbox.requests == []
        found.end(submits=bench.sandbox.submits, recovered=Recovered.NOTHING)


@FULL
def test_a_disk_that_fills_up_before_the_submit_costs_nothing(
    bench: Bench, photo: EncodedImage, disk: SmallDisk, cell: Cells
) -> None:
    with cell("core", "upload", "data folder fills up") as found:
        join = at(bench, "upload", disk.fill)
        with pytest.raises(StorageError, match=r"No space left.*Nothing was billed") as raised:
            bench.run(photo)
        join()
        assert raised.value.billed is Billed.NO
        found.end(submits=bench.sandbox.submits, recovered=Recovered.NOTHING)


@pytest.mark.parametrize("stage", [pytest.param("submit", marks=FULL), "poll", pytest.param("download", marks=FULL)])
def test_a_disk_that_fills_up_after_the_submit_takes_nothing_away(
    bench: Bench, photo: EncodedImage, disk: SmallDisk, cell: Cells, stage: str
) -> None:
    with cell("core", {"poll": "wait"}.get(stage, stage), "data folder fills up") as found:
        join = at(bench, stage, disk.fill)
        (result,) = bench.run(photo).results
        join()
        assert result.file is None and "could not be kept in the history" in result.warning
        equal = result.image.data == served(bench)
        # With room again the journal is whole: what it missed can be fetched, or was never more than unknown.
        disk.empty()
        (job,) = bench.journal.entries()
        if stage != "submit":
            bench.sandbox.fault = None
            equal &= bench.recover(job, job.edits[0]).image.data == served(bench)
        found.end(submits=bench.sandbox.submits, recovered=Recovered.ARRIVED, equal=equal)


@FULL
def test_killed_while_the_id_of_a_paid_edit_could_not_be_written(
    bench: Bench, home: Path, disk: SmallDisk, cell: Cells
) -> None:
    with cell("core", "wait", "data folder fills up during the submit, then killed -9") as found:
        bench.sandbox.latency = 30.0
        join = at(bench, "submit", disk.fill)
        bench.sandbox.latency = 30.0
        process = start_edit(bench.sandbox, home)
        try:
            join()
            bench.sandbox.wait_until(lambda service: len(service.at("poll")) >= 2, 20)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        disk.empty()
        (standing,) = owed.read(bench.journal, host="test", process="p", held=(), ours=()).owed
        assert "may have been billed" in standing.words
        found.end(submits=bench.sandbox.submits, recovered=Recovered.UNCERTAIN)


@FULL
def test_room_that_comes_back_during_the_wait_brings_the_journal_up_to_date(
    bench: Bench, photo: EncodedImage, disk: SmallDisk, cell: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "WAIT_DEADLINE", 60.0)
    with cell("core", "wait", "data folder full, then has room again") as found:
        states = []

        def full_for_a_while() -> None:
            disk.fill()
            bench.sandbox.wait_until(lambda service: len(service.at("poll")) >= 2, 20)
            disk.empty()
            looks = len(bench.sandbox.at("poll"))
            bench.sandbox.wait_until(lambda service: len(service.at("poll")) >= looks + 2, 20)
            states.append(Journal(disk.folder).entries()[0].edits[0].state)
            bench.sandbox.fault = None

        join = at(bench, "submit", full_for_a_while)
        bench.sandbox.faults.append(Fault("poll", "unknown_status", times=None))  # until all of that is over
        (result,) = bench.run(photo).results
        join()
        assert states == [EditState.TAKEN] and result.file and result.file.read_bytes() == served(bench)
        found.end(submits=bench.sandbox.submits, recovered=Recovered.ARRIVED, equal=result.image.data == served(bench))


# Read-only.


def test_a_read_only_data_folder_is_told_before_anything_is_paid(
    bench: Bench, photo: EncodedImage, disk: SmallDisk, cell: Cells
) -> None:
    with cell("core", "start", "data folder read-only") as found:
        disk.lock()
        with pytest.raises(StorageError, match=r"can't be written: Read-only.*Nothing was billed"):
            bench.run(photo)
        found.end(submits=bench.sandbox.submits, recovered=Recovered.NOTHING)


@pytest.mark.parametrize("stage", [pytest.param("submit", marks=FULL), "poll", pytest.param("download", marks=FULL)])
def test_a_data_folder_that_becomes_read_only_takes_nothing_away(
    bench: Bench, photo: EncodedImage, disk: SmallDisk, cell: Cells, stage: str
) -> None:
    with cell("core", {"poll": "wait"}.get(stage, stage), "data folder becomes read-only") as found:
        join = at(bench, stage, disk.lock)
        result = only(bench.run(photo))
        join()
        disk.unlock()
        found.end(submits=bench.sandbox.submits, recovered=Recovered.ARRIVED, equal=result.data == served(bench))


def test_what_lies_in_a_read_only_data_folder_comes_back(
    bench: Bench, photo: EncodedImage, disk: SmallDisk, cell: Cells
) -> None:
    with cell("core", "recover", "data folder read-only") as found:
        bench.run(photo)
        disk.lock()
        ((job, entry),) = bench.owed()
        result = bench.recover(job, entry)
        disk.unlock()
        found.end(submits=bench.sandbox.submits, recovered=Recovered.FETCHED, equal=result.image.data == served(bench))


# Gone.


@pytest.mark.parametrize(
    "stage", [*(pytest.param(one, marks=FULL) for one in ("upload", "submit", "download")), "poll"]
)
def test_a_data_folder_that_is_deleted_meanwhile_takes_nothing_away(
    bench: Bench, photo: EncodedImage, home: Path, cell: Cells, stage: str
) -> None:
    with cell("core", {"poll": "wait"}.get(stage, stage), "data folder deleted") as found:
        join = at(bench, stage, lambda: shutil.rmtree(home))
        result = only(bench.run(photo))
        join()
        (job,) = bench.journal.entries()
        assert job.edits[0].state is EditState.DONE and job.edits[0].result_file
        equal = result.data == served(bench) == job.edits[0].result_file.read_bytes()
        assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in [home, *home.rglob("*")])
        found.end(submits=bench.sandbox.submits, recovered=Recovered.ARRIVED, equal=equal)


# Odd names.


def test_a_data_folder_with_umlauts_spaces_and_a_long_way(
    bench: Bench, photo: EncodedImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: Cells
) -> None:
    with cell("core", "whole", "data folder: umlauts, spaces, 250 characters") as found:
        name = "Bilder für Übungen " + "ä" * 100
        home = tmp_path / name / ("x" * max(1, 250 - len(str(tmp_path / name))))
        assert len(str(home)) >= 250
        monkeypatch.setenv("FLUXDEPTH_HOME", str(home))
        settings.save(settings.Settings())
        bench.journal = Journal()
        bench.run(photo)
        ((job, entry),) = bench.owed()
        result = bench.recover(job, entry)
        assert home in job.folder.parents
        found.end(submits=bench.sandbox.submits, recovered=Recovered.FETCHED, equal=result.image.data == served(bench))


def test_a_file_whose_name_is_as_long_as_names_can_be_is_written(tmp_path: Path) -> None:
    """Else it would be claimed and paid for, and then could never be written."""
    file = tmp_path / f"{'ä' * 125}.png"
    files.write_by_rename(file, b"x", private=False)
    files.write_by_rename(file, b"y", private=False)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"y"]


# Old, new, half written.


def old_folder(bench: Bench, uuid: str) -> None:
    """A data folder as version 0.1.0 wrote it, whose host was killed with -9; this service knows its edits as one."""
    shutil.copytree(OLD, bench.journal.home, dirs_exist_ok=True)
    for path in bench.journal.home.glob("jobs/*/job.json"):
        entry = json.loads(path.read_text("utf-8"))
        entry["address"] = bench.sandbox.base_url
        for edit in entry["edits"]:
            edit["uuid"] = edit["uuid"] and uuid
        path.write_text(json.dumps(entry), "utf-8")


def test_a_data_folder_of_version_0_1_0_with_unfinished_edits(
    bench: Bench, photo: EncodedImage, tmp_path: Path, cell: Cells
) -> None:
    bench.journal = Journal(tmp_path / "now")
    (known,) = bench.run(photo).results
    bench.journal = Journal(tmp_path / "then")
    old_folder(bench, known.uuid)
    jobs = {job.destination.host + job.edits[0].settings["prompt"][-5:]: job for job in bench.journal.entries()}
    assert bench.journal.problems == [] and len(jobs) == 6
    for name, host, stage in [
        ("gimptaken", "gimp", "wait"),
        ("blendertaken", "blender", "wait"),
        ("commandtaken", "command", "wait"),
        ("gimp-done", "gimp", "arriving"),
        ("command-done", "command", "arriving"),
    ]:
        with cell(f"core, for {host}", stage, "killed -9 in version 0.1.0") as found:
            job = jobs[name]
            result = bench.recover(job, job.edits[0])
            kept = job.folder / "result-1.png"
            equal = result.image.data == (kept.read_bytes() if stage == "arriving" else served(bench))
            found.end(submits=bench.sandbox.submits, recovered=Recovered.FETCHED, equal=equal)
    with cell("core, for gimp", "submit", "killed -9 in version 0.1.0") as found:
        (standing,) = [
            one
            for one in owed.read(bench.journal, host="gimp", process="p", held=(), ours=()).owed
            if one.job.id == jobs["gimptting"].id
        ]
        assert "may have been billed" in standing.words
        found.end(submits=bench.sandbox.submits, recovered=Recovered.UNCERTAIN)
    assert jobs["gimptaken"].destination.path == "/home/artist/häuser.xcf"
    assert jobs["gimptaken"].destination.place["mask"]["width"] == 12
    assert jobs["commandtaken"].destination.files == ("/home/artist/fluxdepth/0007.png",)


@pytest.mark.parametrize("step", [13, pytest.param(1, marks=FULL)])
def test_an_entry_that_was_cut_at_any_byte_is_left_alone_and_the_others_come(
    bench: Bench, photo: EncodedImage, cell: Cells, step: int
) -> None:
    with cell("core", "recover", f"job.json cut at every {step}. byte") as found:
        bench.run(photo)
        ((job, entry),) = bench.owed()
        writer = bench.journal.create([DepthEdit.checked({"prompt": "far ö"})], address="https://x", destination=HERE)
        writer.update_edit(0, state=EditState.TAKEN, uuid="u")
        writer.close()
        path = writer.job.folder / "job.json"
        whole = path.read_bytes()
        for length in range(0, len(whole), step):
            path.write_bytes(whole[:length])
            standing = owed.read(bench.journal, host="test", process="p", held=(), ours=())
            assert [one.job.id for one in standing.owed] == [job.id]
            (problem,) = standing.problems
            assert writer.job.id in problem and problem.endswith("left alone.")
            bench.journal.trim(0)
            assert path.read_bytes() == whole[:length]
        with pytest.raises(StorageError, match="is damaged|can't be read"):
            bench.journal.mark(writer.job.id, [0], safe=True)
        path.write_bytes(whole)
        assert len(bench.owed()) == 2
        result = bench.recover(job, entry)
        found.end(submits=bench.sandbox.submits, recovered=Recovered.FETCHED, equal=result.image.data == served(bench))


def test_an_entry_of_a_newer_version_is_left_alone_and_disturbs_no_edit(
    bench: Bench, photo: EncodedImage, cell: Cells
) -> None:
    with cell("core", "recover", "an entry of a newer version beside it") as found:
        bench.run(photo)
        ((job, entry),) = bench.owed()
        newer = bench.journal.home / "jobs" / "20990101-000000-00000000"
        shutil.copytree(job.folder, newer)
        text = json.dumps({**json.loads((newer / "job.json").read_text()), "version": 3, "edits": {"new": "shape"}})
        (newer / "job.json").write_text(text)
        result = bench.recover(job, entry)
        bench.run(photo, seed=7)
        bench.journal.trim(0)
        bench.journal.entries()
        assert (newer / "job.json").read_text() == text and "newer version" in bench.journal.problems[0]
        equal = result.image.data == list(bench.sandbox.results.values())[0]
        found.end(submits=bench.sandbox.submits, asked=2, recovered=Recovered.FETCHED, equal=equal)


# The clock.


def test_a_document_that_was_saved_before_the_clock_was_set_back_has_not_got_the_result(
    bench: Bench, photo: EncodedImage, tmp_path: Path, cell: Cells
) -> None:
    """GIMP's saving is seen by the file's time alone, which lies in the future then."""
    with cell("core, for gimp", "unsaved", "the clock jumps an hour back") as found:
        document = tmp_path / "a.xcf"
        document.write_bytes(b"xcf")
        os.utime(document, (time.time() + 3600, time.time() + 3600))
        dead = subprocess.Popen([sys.executable, "-c", ""])
        session = processes.session_name(dead.pid)
        dead.wait()
        host = DeskHost(str(document))
        host.name = "gimp"
        desk = bench.desk(host)
        desk.start(bench.request(photo, destination=Destination("gimp", str(document), f"{session}#4")))
        finish(desk)
        assert len(host.placed) == 1
        desk = bench.desk(host)
        desk.look_now()
        (lost,) = desk.here()
        desk.recover(lost)
        finish(desk)
        assert len(host.placed) == 2
        found.end(
            submits=bench.sandbox.submits, recovered=Recovered.FETCHED, equal=host.placed[1].image.data == served(bench)
        )
        document.write_bytes(b"saved")
        os.utime(document, (time.time() + 3605, time.time() + 3605))
        desk = bench.desk(host)
        desk.look_now()
        assert not desk.here()


@pytest.mark.parametrize("hours", [pytest.param(1, marks=FULL), -1])
@pytest.mark.parametrize("stage", [pytest.param("submit", marks=FULL), "poll", pytest.param("download", marks=FULL)])
def test_a_clock_that_jumps_disturbs_nothing(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch, cell: Cells, stage: str, hours: int
) -> None:
    words = f"the clock jumps an hour {'forth' if hours > 0 else 'back'}"
    with cell("core", {"poll": "wait"}.get(stage, stage), words) as found:
        clock = time.time
        join = at(bench, stage, lambda: monkeypatch.setattr(time, "time", lambda: clock() + hours * 3600))
        (result,) = bench.run(photo).results
        join()
        assert 0 < result.seconds < 60
        usual = bench.journal.usual_seconds(DepthEdit.checked({"prompt": "x"}))
        assert usual is not None and 0 < usual < 60
        # The next edit is the newest, or may be told to be older; it is found again in any case.
        bench.sandbox.latency, bench.sandbox.fault = 0.0, "download:html"
        with pytest.raises(FluxDepthError) as raised:
            bench.run(photo, seed=1)
        assert raised.value.next_step is NextStep.RECOVER
        bench.sandbox.fault = None
        monkeypatch.setattr(time, "time", clock)
        equal = result.image.data == list(bench.sandbox.results.values())[0]
        for job, entry in bench.owed():
            equal &= bench.recover(job, entry).image.data in bench.sandbox.results.values()
        found.end(submits=bench.sandbox.submits, asked=2, recovered=Recovered.FETCHED, equal=equal)
