"""The disks of a Blender at their worst: data folder and file full, read-only, gone, oddly named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import Cells, disks
from tests.faults.disks import SmallDisk, mounted
from tests.faults.moments import MOMENTS, TOLD, is_there
from tests.faults.ways import FULL, STAGE
from tests.sandbox import Sandbox

from .conftest import Installed
from .live import Live
from .test_faults import (  # noqa: F401
    KIND,
    Undisturbed,
    closed,
    host,
    judged,
    kept,
    remembered,
    service,
    undisturbed,
)

FILM = "film-transparent render"


@pytest.fixture(scope="module")
def disk(host: Installed) -> Iterator[SmallDisk]:  # noqa: F811
    """The data folder is a small disk of its own, there before Blender is: a root sees nothing later."""
    with mounted(host.data_folder) as one:
        yield one


@pytest.fixture(scope="module")
def blender(host: Installed, disk: SmallDisk) -> Iterator[Live]:  # noqa: F811
    with Live(host) as live:
        yield live


@pytest.fixture
def small(disk: SmallDisk) -> Iterator[SmallDisk]:
    disk.empty()
    yield disk
    disk.empty()


def reach(blender: Live, service: Sandbox, stage: str) -> None:  # noqa: F811
    disks.reach(service, stage, lambda: blender.ask("edit", kind=KIND))


@pytest.mark.parametrize("stage", [pytest.param(one, marks=() if one == "poll" else FULL) for one in STAGE])
def test_a_data_folder_that_fills_up(
    blender: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    small: SmallDisk,
    cell: Cells,
    stage: str,
) -> None:
    with cell("blender", STAGE[stage], "data folder fills up") as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        reach(blender, service, stage)
        small.fill()
        facts = blender.reply()
        small.empty()
        if stage == "upload":
            assert "No space left" in facts["message"], facts
        else:
            assert facts["status"] == "FINISHED" and "could not be kept in the history" in facts["warnings"][0], facts
        found.end(**judged(blender, service, facts, KIND, expected))


@FULL
def test_a_full_data_folder_is_told_before_anything_is_paid(
    blender: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    small: SmallDisk,
    cell: Cells,
) -> None:
    with cell("blender", "start", "data folder full") as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        small.fill()
        facts = blender.do("edit", kind=KIND)
        small.empty()
        assert "too little room" in facts["message"] and service.requests == []
        found.end(**judged(blender, service, facts, KIND, expected))


@FULL
@pytest.mark.parametrize("stage", ["start", "poll", "download"])
def test_a_read_only_data_folder(
    blender: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    small: SmallDisk,
    cell: Cells,
    stage: str,
) -> None:
    words = "data folder read-only" if stage == "start" else "data folder becomes read-only"
    with cell("blender", STAGE.get(stage, stage), words) as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        if stage != "start":
            reach(blender, service, stage)
        with disks.read_only_for(blender.pid, small.folder):
            facts = blender.do("edit", kind=KIND) if stage == "start" else blender.reply()
        if stage == "start":
            assert "can't be written: Read-only" in facts["message"], facts
        else:
            assert facts["status"] == "FINISHED" and "could not be kept in the history" in facts["warnings"][0], facts
        found.end(**judged(blender, service, facts, KIND, expected))


@FULL
@pytest.mark.parametrize("stage", STAGE)
def test_a_data_folder_that_is_deleted_meanwhile(
    blender: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
    stage: str,
) -> None:
    with cell("blender", STAGE[stage], "data folder deleted") as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        reach(blender, service, stage)
        for path in blender.host.data_folder.iterdir():  # itself it is a mount here
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        facts = blender.reply()
        assert facts["status"] == "FINISHED", facts
        assert [edit["state"] for edit in blender.edits()] == ["done"]
        found.end(**judged(blender, service, facts, KIND, expected))


@FULL
def test_a_journal_that_can_not_be_written(
    blender: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    with cell("blender", "start", "a file stands in the journal's place") as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        jobs = blender.host.data_folder / "jobs"
        jobs.touch(0o600)
        facts = blender.do("edit", kind=KIND)
        jobs.unlink()
        assert "can't be written" in facts["message"] and service.requests == [], facts
        found.end(**judged(blender, service, facts, KIND, expected))


@FULL
@pytest.mark.parametrize("killed", [False, True])
def test_a_data_folder_with_umlauts_spaces_and_a_long_way(
    host: Installed,  # noqa: F811
    service: Sandbox,  # noqa: F811
    cell: Cells,
    tmp_path: Path,
    killed: bool,
) -> None:
    folder = tmp_path / f"Bilder für Übungen {'ä' * 90}"
    folder /= "x y" * ((241 - len(str(folder))) // 3)
    folder.mkdir(parents=True)
    with (
        cell("blender", "whole", f"home: umlauts, spaces, 250 characters{', killed -9' if killed else ''}") as found,
        Live(host.beside(folder)) as blender,
    ):
        assert len(str(blender.host.data_folder)) >= 250
        expected = remembered(blender, service)(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        if killed:
            service.latency = 3.0
            blender.ask("edit", kind=KIND)
            is_there(blender.alive, lambda: MOMENTS["wait"].reached(blender.host.data_folder, service))
            blender.kill()
            blender.restart()
            blender.do("reopen", kind=KIND)
            facts = {"status": "killed", "message": TOLD["wait"], "changed": []}
        else:
            service.fault = "download:html"
            facts = blender.do("edit", kind=KIND)
        found.end(**judged(blender, service, facts, KIND, expected))


# The disk of the file, and of Blender's temporary folder.


@pytest.fixture
def cramped(host: Installed, tmp_path: Path) -> Iterator[tuple[Live, SmallDisk]]:  # noqa: F811
    own = host.beside(tmp_path)
    with mounted(own.out) as one, Live(own) as live:
        yield live, one


@FULL
def test_a_temporary_folder_without_room_costs_nothing(
    cramped: tuple[Live, SmallDisk],
    service: Sandbox,  # noqa: F811
    cell: Cells,
) -> None:
    with cell("blender", "preparing", "temporary folder full") as found:
        blender, small = cramped
        expected = remembered(blender, service)(FILM)
        blender.fresh(service)
        blender.do("make", kind=FILM)
        small.fill()
        facts = blender.do("edit", kind=FILM)
        small.empty()
        assert "could not write" in facts["message"] and service.requests == [], facts
        found.end(**judged(blender, service, facts, FILM, expected))


@FULL
@pytest.mark.parametrize("what", ["full", "read-only"])
def test_a_file_that_can_not_be_saved_and_then_its_blender_is_killed(
    cramped: tuple[Live, SmallDisk],
    service: Sandbox,  # noqa: F811
    cell: Cells,
    what: str,
) -> None:
    with cell("blender", "unsaved", f"the file's disk {what}, then killed -9") as found:
        blender, small = cramped
        expected = remembered(blender, service)(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        assert blender.do("edit", kind=KIND)["status"] == "FINISHED"
        with pytest.raises(AssertionError, match="RuntimeError: "):
            if what == "full":
                small.fill()
                blender.do("save")
            else:
                with disks.read_only_for(blender.pid, small.folder):
                    blender.do("save")
        blender.kill()
        small.empty()
        blender.restart()
        blender.do("reopen", kind=KIND)
        facts = {"status": "killed", "message": TOLD["unsaved"], "changed": []}
        found.end(**judged(blender, service, facts, KIND, expected))
