"""The journal: two processes at once, a process that is killed, entries that are damaged or newer, what is kept."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import pytest

from shared.errors import StorageError
from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage
from shared.storage import locks, uploads
from shared.storage.entries import ALPHA, Destination, EditEntry, EditState
from shared.storage.journal import JobWriter, Journal, is_running
from shared.storage.library.index import recent_prompts
from tests.core.conftest import DATA, HERE, Bench
from tests.sandbox import Sandbox

ROOT = Path(__file__).parents[2]


def edit(**values: object) -> DepthEdit:
    return DepthEdit.checked({"prompt": "haze", **values})


def created(journal: Journal, count: int = 1, **values: object) -> JobWriter:
    return journal.create([edit(**values)] * count, address="https://x", destination=HERE)


def unfinished(journal: Journal) -> list[EditEntry]:
    return [edit for job in journal.entries() if not is_running(job) for edit in job.edits if edit.unfinished]


def finished_job(journal: Journal, *, safe: bool = True, **values: object) -> str:
    writer = created(journal, **values)
    writer.update_edit(0, state=EditState.TAKEN, uuid="u", submitted=100.0)
    writer.keep_result(0, EncodedImage(b"bytes", "png", 3, 2))
    writer.update_edit(0, finished=110.0, safe=safe)
    writer.close()
    return writer.job.id


def test_an_entry_comes_back_as_it_was_written(journal: Journal) -> None:
    job_id = finished_job(journal, seed=5)
    (job,) = journal.entries()
    assert (job.id, job.destination, job.address) == (job_id, HERE, "https://x")
    (entry,) = job.edits
    assert entry.settings == dict(edit(seed=5).values)
    assert entry.result_file and entry.result_file.read_bytes() == b"bytes"
    assert (entry.format, entry.width, entry.height) == ("png", 3, 2)
    assert journal.usual_seconds(DepthEdit.checked({"prompt": "x"})) == 10.0


def test_a_data_folder_that_was_moved_still_has_its_results(journal: Journal, tmp_path: Path) -> None:
    finished_job(journal)
    moved = journal.home.rename(tmp_path / "moved")
    (job,) = Journal(moved).entries()
    assert job.edits[0].result_file and job.edits[0].result_file.read_bytes() == b"bytes"


def test_a_result_file_never_lies_outside_its_job(journal: Journal) -> None:
    finished_job(journal)
    (path,) = journal.home.glob("jobs/*/job.json")
    path.write_text(path.read_text().replace("result-1.png", "../../../etc/passwd"))
    (job,) = journal.entries()
    assert job.edits[0].result_file == job.folder / "passwd"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "can't be read"),
        ("{", "can't be read"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        ('{"version": 99}', "newer version"),
        ('{"version": "x"}', "damaged"),
        (None, "missing"),
    ],
)
def test_damaged_and_newer_entries_are_reported_and_left_alone(journal: Journal, text: str | None, words: str) -> None:
    finished_job(journal)
    folder = journal.home / "jobs" / "20200101-000000-x"
    folder.mkdir()
    if text is not None:
        (folder / "job.json").write_text(text)
    assert len(journal.entries()) == 1
    (problem,) = journal.problems
    assert words in problem
    journal.trim(0)
    assert folder.exists()
    if text is not None:
        assert (folder / "job.json").read_text() == text


def test_what_is_unfinished_is_never_trimmed(journal: Journal) -> None:
    for number in range(3):
        finished_job(journal, seed=number)
    kept = finished_job(journal, safe=False)
    running = created(journal)
    journal.trim(1)
    ids = [job.id for job in journal.entries()]
    assert kept in ids and running.job.id in ids and len(ids) <= 3
    running.close()


def test_a_job_that_is_held_is_running_and_not_to_recover(journal: Journal) -> None:
    writer = created(journal)
    writer.update_edit(0, state=EditState.TAKEN, uuid="u")
    (job,) = journal.entries()
    assert is_running(job) and not unfinished(journal)
    script = "import sys; from pathlib import Path; from shared.storage.journal import Journal\n"
    script += "Journal(Path(sys.argv[1])).reopen(sys.argv[2])"
    other = subprocess.run(
        [sys.executable, "-c", script, str(journal.home), job.id], cwd=ROOT, capture_output=True, text=True
    )
    assert "BusyError: Another program is working on this edit. Wait until it is done." in other.stderr
    writer.close()
    assert not is_running(job) and len(unfinished(journal)) == 1


def test_a_glance_is_no_hold(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads look whether somebody works on a job, and one of them is held up while it does."""
    finished_job(journal)
    (job,) = journal.entries()
    acquired, looking = locks.acquired, threading.Event()

    def slowly(folder: Path, wait: float, name: str) -> filelock.BaseFileLock:
        lock = acquired(folder, wait, name)
        if not looking.is_set():
            looking.set()
            time.sleep(0.5)  # longer than anybody waits for a lock that somebody looks at
        return lock

    monkeypatch.setattr(locks, "acquired", slowly)
    with ThreadPoolExecutor(1) as first:
        held_up = first.submit(is_running, job)
        assert looking.wait(10)
        assert not is_running(job) and not held_up.result()


def test_what_is_given_as_being_submitted_is_running_and_not_asked_for_again(journal: Journal) -> None:
    """Between two looks at its lock the answer may change, and it would be neither running nor uncertain."""
    writer = created(journal)
    writer.update_edit(0, state=EditState.SUBMITTING)
    writer.close()
    with filelock.FileLock(writer.job.folder / "job.lock"):
        (job,) = journal.entries()
    assert job.edits[0].state is EditState.SUBMITTING and is_running(job)
    (job,) = journal.entries()
    assert job.edits[0].state is EditState.UNCERTAIN and not is_running(job)


def test_those_who_work_on_a_job_in_one_process_share_its_hold(journal: Journal) -> None:
    first = created(journal, 2)
    second = journal.reopen(first.job.id)
    assert second is first
    first.close()
    assert is_running(first.job)
    journal.mark(first.job.id, [1], safe=True)
    second.close()
    (job,) = journal.entries()
    assert not is_running(job) and [entry.safe for entry in job.edits] == [False, True]


def test_a_job_that_was_trimmed_meanwhile_leaves_no_ghost(journal: Journal) -> None:
    job_id = finished_job(journal)
    (job,) = journal.entries()
    journal.trim(0)
    with pytest.raises(StorageError, match="no longer in the history"):
        journal.mark(job_id, [0], safe=True)
    assert not is_running(job)
    assert list((journal.home / "jobs").iterdir()) == []


def test_what_is_not_wanted_any_more_is_not_unfinished(journal: Journal) -> None:
    writer = created(journal)
    writer.update_edit(0, state=EditState.TAKEN, uuid="u")
    writer.close()
    journal.mark(writer.job.id, [0], discarded=True)
    assert not unfinished(journal)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [('"finished": 110.0', '"finished": "soon"', "damaged"), ('"done"', '"archived"', "newer version")],
)
def test_an_odd_value_in_an_old_entry_disturbs_no_new_edit(journal: Journal, old: str, new: str, words: str) -> None:
    finished_job(journal)
    (path,) = journal.home.glob("jobs/*/job.json")
    path.write_text(path.read_text().replace(old, new))
    assert journal.usual_seconds(DepthEdit.checked({"prompt": "x"})) is None
    assert words in journal.problems[0]


def test_everything_is_for_its_owner_only(journal: Journal) -> None:
    finished_job(journal)
    for path in [journal.home / "jobs", *(journal.home / "jobs").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_recent_prompts_are_different_and_newest_first(journal: Journal) -> None:
    for prompt in ("one", "two", "one", "three"):
        finished_job(journal, prompt=prompt)
    assert recent_prompts(journal.summaries(), 10) == ["three", "one", "two"]
    assert len(recent_prompts(journal.summaries(), 2)) == 2


def _remember(home: str, name: str) -> None:
    journal = Journal(Path(home))
    for number in range(20):
        uploads.remember(journal.home, f"{name}-{number}", f"images/{name}-{number}.png")
        created(journal).close()


def test_two_processes_write_at_once_and_nothing_is_lost(journal: Journal) -> None:
    processes = [
        multiprocessing.get_context("spawn").Process(target=_remember, args=(str(journal.home), name)) for name in "ab"
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert all(uploads.known(journal.home, f"{name}-{n}") for name in "ab" for n in range(20))
    assert len(journal.entries()) == 40 and not journal.problems


def test_a_host_killed_while_it_waits_leaves_an_edit_to_recover(bench: Bench, home: Path) -> None:
    bench.sandbox.latency = 2.0
    process = start_edit(bench.sandbox, home)
    try:
        bench.sandbox.wait_until(lambda service: len(service.at("poll")) >= 1, timeout=30)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    ((job, entry),) = bench.owed()
    assert entry.state is EditState.TAKEN
    result = bench.recover(job, entry)
    assert result.image.width == 640
    assert bench.sandbox.submits == 1


def test_a_host_killed_during_the_submit_is_shown_as_uncertain(bench: Bench, home: Path) -> None:
    bench.sandbox.fault = "submit:silence_after_taken"
    process = start_edit(bench.sandbox, home)
    try:
        bench.sandbox.wait_until(lambda service: service.submits == 1, timeout=30)
        (job,) = bench.journal.entries()
        assert job.edits[0].state is EditState.SUBMITTING
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    (job,) = bench.journal.entries()
    assert job.edits[0].state is EditState.UNCERTAIN
    assert not bench.owed()


def start_edit(sandbox: Sandbox, home: Path) -> subprocess.Popen[bytes]:
    script = """
import sys
from pathlib import Path
from shared.jobs.desk import Desk
from shared.jobs.request import EditRequest
from shared.model.edit import DepthEdit
from shared.pictures.encoded import sniff
from shared.storage.entries import Destination
from shared.storage.library.index import recent_prompts
from tests.core.conftest import DeskHost
picture = sniff(Path(sys.argv[1]).read_bytes())
edit = DepthEdit.checked({"prompt": "x"})
Desk(DeskHost()).start(EditRequest(edit, picture, Destination("test", path="/pictures/a.xcf"))).worker.join(60)
"""
    return subprocess.Popen(
        [sys.executable, "-c", script, str(DATA / "rocket.jpg")],
        cwd=ROOT,
        env={
            **os.environ,
            "FLUXDEPTH_HOME": str(home),
            "FLUXDEPTH_API_KEY": sandbox.api_key,
            "FLUXDEPTH_BASE_URL": sandbox.base_url,
        },
    )


def test_an_entry_of_this_version_holds_what_it_should_and_nothing_more(journal: Journal) -> None:
    writer = created(journal)
    writer.keep_companions({ALPHA: b"gray"})
    writer.close()
    stored = json.loads((writer.job.folder / "job.json").read_text())
    assert set(stored) == {
        *("version", "id", "created", "model", "address", "destination", "host_settings", "picture", "upload", "edits"),
        *("credits", "pattern"),
    }
    assert stored["version"] == 2
    (job,) = journal.entries()
    assert job.companion(ALPHA) == b"gray" and job.companion("mask.png") is None


VERSION_1_EDIT = {
    "index": 0,
    "settings": {"prompt": "haze", "seed": 5},
    "state": "done",
    "uuid": "u",
    "result_file": "result-1.png",
    "format": "png",
    "width": 3,
    "height": 2,
    "error": "",
    "imported": False,
    "submitted": 1.0,
    "finished": 2.0,
}


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (
            {
                "host": "gimp",
                "document": "a.xcf",
                "path": "/p/a.xcf",
                "place": {"x": 3},
                "host_settings": {"fit": True},
            },
            Destination("gimp", "/p/a.xcf", "", "a.xcf", {"x": 3}),
        ),
        (
            {"host": "blender", "file": "/p/a.blend", "source": "IMAGE", "image": "A"},
            Destination(
                "blender", "/p/a.blend", "", "a.blend", {"file": "/p/a.blend", "source": "IMAGE", "image": "A"}
            ),
        ),
        (
            {"host": "blender", "file": "/p/a.blend", "source": "RENDER", "outputs": ["/o/1.png"]},
            Destination(
                "command", "/p/a.blend", "", "a.blend", {"file": "/p/a.blend", "source": "RENDER"}, ("/o/1.png",)
            ),
        ),
        ({}, Destination("gimp")),
    ],
)
def test_an_entry_of_version_1_is_read_and_recovered(
    bench: Bench, origin: dict[str, object], expected: Destination
) -> None:
    folder = bench.journal.home / "jobs" / "20250101-120000-0"
    folder.mkdir(parents=True)
    (folder / "result-1.png").write_bytes((DATA / "coffee.png").read_bytes())
    head = {"version": 1, "id": folder.name, "created": 1.0, "model": "m", "address": "https://x"}
    edits = [VERSION_1_EDIT, {**VERSION_1_EDIT, "imported": True}]
    (folder / "job.json").write_text(
        json.dumps({**head, "origin": origin, "picture": {}, "upload": "", "edits": edits})
    )
    (job,) = bench.journal.entries()
    assert job.destination == expected
    assert [entry.unfinished for entry in job.edits] == [True, False]
    assert bench.recover(job, job.edits[0]).image.width == 600
    bench.journal.mark(job.id, [0], arrived=3.0)
    assert json.loads((folder / "job.json").read_text())["version"] == 2
    assert bench.journal.entries()[0].destination == expected
