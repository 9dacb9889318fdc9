"""The command's decisions, without Blender: which frames, which files, and for each file whether it is paid for."""

from __future__ import annotations

import importlib
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ADDRESS = "https://api.example"


@pytest.fixture(scope="module")
def house() -> Iterator[types.ModuleType]:
    """The extension's package as it is built, with the core in it, but without the module that needs Blender."""
    package = types.ModuleType("without_blender")
    package.__path__ = [str(ROOT / "blender_addon"), str(ROOT)]
    sys.modules[package.__name__] = package
    yield package
    for name in [one for one in sys.modules if one.split(".")[0] == package.__name__]:
        del sys.modules[name]


def room(name: str) -> Any:
    return importlib.import_module(f"without_blender.{name}")


@pytest.fixture(scope="module")
def frames(house: types.ModuleType) -> Any:
    return room("command.frames")


# Which frames, which files.


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", [5]), ("1-4", [1, 2, 3, 4]), ("1-7:3", [1, 4, 7]), ("-2-1", [-2, -1, 0, 1]), ("-5--4", [-5, -4])],
)
def test_frame_ranges(frames: Any, text: str, expected: list[int]) -> None:
    assert list(frames.numbers(text)) == expected


@pytest.mark.parametrize("text", ["soon", "4-1", "1-3:0", "", "1,2"])
def test_frame_ranges_that_are_none(frames: Any, text: str) -> None:
    with pytest.raises(room("shared.errors").ParameterError, match="1-20"):
        frames.numbers(text)


@pytest.mark.parametrize(
    ("output", "transparent", "format", "expected"),
    [
        ("/out/####", False, "jpg", "0002.jpg"),
        ("/out/####", False, "webp", "0002.webp"),
        ("/out/####", True, "jpg", "0002.png"),
        ("/out/####.webp", True, "jpg", "0002.webp"),
        ("/out/####.jpg", True, "png", "0002.jpg"),
        ("/out/f_##.JPEG", False, "png", "f_02.JPEG"),
        ("/out/shot", False, "png", "shot_0002.png"),
        ("/out/shot.png", False, "jpg", "shot_0002.png"),
        ("/out/take.2", False, "jpg", "take.2_0002.jpg"),
    ],
)
def test_one_rule_for_the_name_and_the_kind(
    frames: Any, output: str, transparent: bool, format: str, expected: str
) -> None:
    """Known before anything is paid for, and the same for the whole range."""
    whole = frames.with_kind(output, transparent, format)
    (first, second) = frames.wishes(whole, range(1, 3), [an_edit()])
    assert second[0].file.name == expected and first[0].file.suffix == second[0].file.suffix


def test_variations_are_numbered_from_the_second_on(frames: Any) -> None:
    ((one, two),) = frames.wishes("/out/shot.png", [7], an_edit().variations(2))
    assert (one.file.name, two.file.name) == ("shot.png", "shot-2.png")
    assert (two.edit.seed, two.index, two.frame) == (1, 1, 7)


def test_two_names_of_a_folder_are_one(frames: Any, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    ((one,),) = frames.wishes(str(tmp_path / "real" / "a.png"), [1], [an_edit()])
    ((two,),) = frames.wishes(str(tmp_path / "link" / "a.png"), [1], [an_edit()])
    assert one.file == two.file


def test_room_is_proven_also_for_a_folder_that_is_not_there_yet(
    frames: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 100e6

    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage)
    frames.prove_room([tmp_path / "not" / "yet"], (1920, 1080))
    with pytest.raises(room("shared.errors").StorageError, match="Nothing was billed"):
        frames.prove_room([tmp_path], (3840, 2160))


def test_where_no_file_can_be_is_told_before_it_is_paid_for(frames: Any, tmp_path: Path) -> None:
    frames.prove_place(tmp_path / "0001.png")
    (tmp_path / "there.png").touch()
    frames.prove_place(tmp_path / "there.png")
    (tmp_path / "folder.png").mkdir()
    error = room("shared.errors").StorageError
    with pytest.raises(error, match=r"folder.png” can't be written: a folder stands in its place.*Nothing was billed"):
        frames.prove_place(tmp_path / "folder.png")
    with pytest.raises(error, match="File name too long"):
        frames.prove_place(tmp_path / f"{'x' * 260}.png")
    with pytest.raises(error, match="can't be written"):
        frames.prove_place(tmp_path / "there.png" / "0001.png")


# What has to be done for one file.


def an_edit(**values: object) -> Any:
    return room("shared.model.edit").DepthEdit.checked({"prompt": "haze", **values})


class Desk:
    """A journal of jobs for one file, and what is decided for it."""

    def __init__(self, frames: Any, file: Path) -> None:
        self.frames = frames
        self.entries = room("shared.storage.entries")
        self.wish = frames.Wish(1, 0, an_edit(), file)
        self.jobs: list[Any] = []
        self.running: set[str] = set()

    def job(self, state: str, *, attempt: str = "a1", file: str = "", host: str = "command", **entry: Any) -> str:
        """A newer job than those before; returns its id."""
        job_id = f"job-{len(self.jobs)}"
        settings = entry.pop("settings", dict(self.wish.edit.values))
        place = {self.frames.ATTEMPT: attempt} if attempt else {}
        destination = self.entries.Destination(host, place=place, files=(file or str(self.wish.file),))
        edit = self.entries.EditEntry(0, settings, self.entries.EditState(state), **entry)
        job = self.entries.Job(
            job_id, Path("/nowhere"), float(len(self.jobs)), self.wish.edit.model.id, ADDRESS, destination, (edit,)
        )
        self.jobs.insert(0, job)
        return job_id

    def claim(self, **facts: Any) -> dict[str, Any]:
        """What a dead worker's claim says of the same edit."""
        return {"edit": self.frames.fingerprint(self.wish.edit, ADDRESS), self.frames.ATTEMPT: "elsewhere", **facts}

    def decide(self, before: dict[str, Any] | None = None, **options: bool) -> tuple[str, str]:
        decision = self.decision(before, **options)
        return decision.way.name, decision.uuid or (decision.job.id if decision.job else "")

    def decision(self, before: dict[str, Any] | None = None, **options: bool) -> Any:
        running = self.running
        return self.frames.decide(
            self.wish, before or {}, self.jobs, ADDRESS, is_running=lambda job: job.id in running, **options
        )


@pytest.fixture
def desk(frames: Any, tmp_path: Path) -> Desk:
    return Desk(frames, tmp_path.resolve() / "0001.png")


def test_nothing_is_known(desk: Desk) -> None:
    assert desk.decide() == ("PAY", "")


@pytest.mark.parametrize("state", ["taken", "done"])
@pytest.mark.parametrize("arrived", [None, 12.0])
def test_what_was_paid_for_is_fetched_whatever_a_window_did(desk: Desk, state: str, arrived: float | None) -> None:
    job = desk.job(state, uuid="u", arrived=arrived)
    assert desk.decide() == ("FETCH", job)
    assert desk.decide(pay_uncertain=True) == ("FETCH", job)
    assert desk.decide(overwrite=True) == ("PAY", "")


@pytest.mark.parametrize("state", ["prepared", "failed", "stopped"])
def test_what_was_not_taken_is_paid_for(desk: Desk, state: str) -> None:
    desk.job(state)
    assert desk.decide() == ("PAY", "")


def test_what_is_not_wanted_any_more_is_paid_for_anew(desk: Desk) -> None:
    desk.job("taken", uuid="u", discarded=True)
    desk.job("uncertain", discarded=True)
    assert desk.decide() == ("PAY", "")


@pytest.mark.parametrize(
    "other",
    [
        {"settings": {"prompt": "other"}},
        {"file": "/elsewhere/0001.png"},
        {"host": "blender"},
    ],
)
def test_another_edit_is_none_of_this_file(desk: Desk, other: dict[str, Any]) -> None:
    desk.job("taken", uuid="u", **other)
    assert desk.decide() == ("PAY", "")


def test_uncertain_is_told_and_not_paid_again_unless_that_is_said(desk: Desk) -> None:
    job = desk.job("uncertain")
    assert desk.decide() == ("UNCERTAIN", job)
    assert desk.decide(pay_uncertain=True) == ("PAY", "")


def test_what_was_delivered_since_settles_what_was_before(desk: Desk) -> None:
    """The artist has removed the file to get it anew; the same picture comes from the history."""
    desk.job("uncertain")
    desk.job("taken", uuid="u")
    job = desk.job("done", safe=True)
    decision = desk.decision()
    assert decision.way.name == "PAY" and [one.id for one, _ in decision.delivered] == [job]


def test_what_came_after_the_delivery_counts(desk: Desk) -> None:
    desk.job("done", safe=True)
    job = desk.job("taken", uuid="u")
    assert desk.decide() == ("FETCH", job)


@pytest.mark.parametrize("state", ["prepared", "submitting", "taken"])
def test_a_live_process_is_waited_for(desk: Desk, state: str) -> None:
    """Its claim was lost, as that of a machine that slept."""
    job = desk.job(state)
    desk.running = {job}
    assert desk.decide() == ("WAIT", job)


def test_another_machines_edit_is_adopted(desk: Desk) -> None:
    assert desk.decide(desk.claim(state="taken", uuid="u7")) == ("ADOPT", "u7")


@pytest.mark.parametrize("state", ["submitting", "uncertain"])
def test_another_machines_submit_without_an_id_is_uncertain(desk: Desk, state: str) -> None:
    assert desk.decide(desk.claim(state=state, uuid="")) == ("UNCERTAIN", "")
    assert desk.decide(desk.claim(state=state, uuid=""), pay_uncertain=True) == ("PAY", "")


def test_a_claim_of_another_edit_says_nothing(desk: Desk) -> None:
    assert desk.decide({**desk.claim(state="taken", uuid="u7"), "edit": "another"}) == ("PAY", "")


def test_of_a_job_of_this_data_folder_the_journal_knows_more_than_the_claim(desk: Desk) -> None:
    desk.job("failed", attempt="elsewhere")
    assert desk.decide(desk.claim(state="submitting", uuid="")) == ("PAY", "")


@pytest.mark.parametrize("state", ["submitting", "uncertain"])
def test_an_id_that_only_the_claim_holds_is_fetched(desk: Desk, state: str) -> None:
    """The data folder was full when the service had taken it, and the worker was killed then."""
    desk.job(state, attempt="elsewhere")
    assert desk.decide(desk.claim(state="taken", uuid="u7")) == ("ADOPT", "u7")
    assert desk.decide(desk.claim(state="submitting", uuid="")) == ("UNCERTAIN", "job-0")
    assert desk.decide(desk.claim(state="taken", uuid="u7"), overwrite=True) == ("PAY", "")


def test_what_was_adopted_settles_what_its_worker_left_uncertain(desk: Desk) -> None:
    desk.job("uncertain", attempt="elsewhere")
    job = desk.job("taken", attempt="adopted", uuid="u7")
    assert desk.decide(desk.claim(state="taken", uuid="u7")) == ("FETCH", job)


def test_a_claim_shows_nobody_the_prompt(desk: Desk, frames: Any) -> None:
    told = frames.fingerprint(desk.wish.edit, ADDRESS)
    assert "haze" not in told
    assert told != frames.fingerprint(an_edit(seed=1), ADDRESS) != frames.fingerprint(an_edit(seed=1), "https://b")


def test_files_of_version_one_are_found_by_their_name(desk: Desk) -> None:
    """It named the file by the format that was asked for, whatever it became."""
    job = desk.job("taken", uuid="u", attempt="", file=str(desk.wish.file.with_suffix(".jpg")))
    assert desk.decide() == ("FETCH", job)
