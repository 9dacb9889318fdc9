"""The disk of GIMP's data folder at its worst: full, read-only, gone, oddly named."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import Cells, Recovered, disks
from tests.faults.disks import SmallDisk, mounted
from tests.faults.ways import FULL, STAGE
from tests.hosts import Gimp
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import Inside, installed
from .live import Live
from .test_faults import KIND, Undisturbed, closed, judged, remembered, service, undisturbed  # noqa: F401


@pytest.fixture(scope="module")
def disk(gimp30: Gimp, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Inside, SmallDisk]]:
    """GIMP's data folder is a small disk of its own, there before GIMP is: what is mounted later it does not see."""
    inside = installed(gimp30, package, tmp_path_factory.mktemp("disks"))
    with mounted(inside.data_folder) as one:
        yield inside, one


@pytest.fixture(scope="module")
def gimp(disk: tuple[Inside, SmallDisk]) -> Iterator[Live]:
    with Live(disk[0]) as live:
        yield live


@pytest.fixture
def small(disk: tuple[Inside, SmallDisk]) -> Iterator[SmallDisk]:
    disk[1].empty()
    yield disk[1]
    disk[1].empty()


def reach(gimp: Live, service: Sandbox, stage: str) -> None:  # noqa: F811
    disks.reach(service, stage, lambda: gimp.inside.ask("edit", kind=KIND))


@pytest.mark.parametrize(
    "stage", ["poll", *(pytest.param(one, marks=FULL) for one in ("upload", "submit", "download"))]
)
def test_a_disk_that_fills_up(
    gimp: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    small: SmallDisk,
    cell: Cells,
    stage: str,
) -> None:
    with cell("gimp", STAGE[stage], "data folder fills up") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        mark = gimp.mark
        reach(gimp, service, stage)
        small.fill()
        facts = gimp.reply()
        small.empty()
        if stage == "upload":
            assert "No space left" in facts["message"], facts
        else:
            assert facts["status"] == "success" and gimp.look("came").equals(expected), facts
            assert "could not be kept in the history" in gimp.said(mark)
        if stage != "upload":
            # What the journal missed is fetched again, at most, or named: it costs nothing and is never paid for anew.
            taken = service.taken
            service.fault = None
            gimp.do("recover")
            assert service.taken == taken
            found.end(submits=taken, recovered=Recovered.ARRIVED, equal=True)
            return
        found.end(**judged(gimp, service, facts, KIND, expected))


@FULL
def test_a_full_data_folder_is_told_before_anything_is_paid(
    gimp: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    small: SmallDisk,
    cell: Cells,
) -> None:
    with cell("gimp", "start", "data folder full") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        small.fill()
        facts = gimp.do("edit", kind=KIND)
        small.empty()
        assert "too little room" in facts["message"] and service.requests == []
        found.end(**judged(gimp, service, facts, KIND, expected))


@FULL
@pytest.mark.parametrize("stage", ["start", "poll", "download"])
def test_a_read_only_data_folder(
    gimp: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    small: SmallDisk,
    cell: Cells,
    stage: str,
) -> None:
    words = "data folder read-only" if stage == "start" else "data folder becomes read-only"
    with cell("gimp", STAGE.get(stage, stage), words) as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        mark = gimp.mark
        if stage != "start":
            reach(gimp, service, stage)
        with disks.read_only_for(gimp.console, small.folder):
            facts = gimp.do("edit", kind=KIND) if stage == "start" else gimp.reply()
            if stage == "start":
                assert "can't be written: Read-only" in facts["message"], facts
            else:
                assert facts["status"] == "success" and gimp.look("came").equals(expected), facts
                assert "could not be kept in the history" in gimp.said(mark)
        if stage == "start":
            found.end(**judged(gimp, service, facts, KIND, expected))
            return
        taken, service.fault = service.taken, None
        gimp.do("recover")
        assert service.taken == taken
        found.end(submits=taken, recovered=Recovered.ARRIVED, equal=True)


@pytest.mark.parametrize("stage", [pytest.param(one, marks=FULL) for one in ("upload", "submit", "poll", "download")])
def test_a_data_folder_that_is_deleted_meanwhile(
    gimp: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
    stage: str,
) -> None:
    with cell("gimp", STAGE[stage], "data folder deleted") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        reach(gimp, service, stage)
        for path in gimp.inside.data_folder.iterdir():  # itself it is a mount here
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        facts = gimp.reply()
        assert facts["status"] == "success", facts
        equal = gimp.look("came").equals(expected)
        assert [edit["state"] for edit in gimp.edits()] == ["done"]
        found.end(submits=service.taken, recovered=Recovered.ARRIVED, equal=equal)


@FULL
@pytest.mark.parametrize("killed", [False, True])
def test_a_data_folder_with_umlauts_spaces_and_a_long_way(
    gimp30: Gimp,
    package: Path,
    service: Sandbox,  # noqa: F811
    gimp: Live,
    undisturbed: Undisturbed,  # noqa: F811
    tmp_path: Path,
    cell: Cells,
    killed: bool,
) -> None:
    with cell("gimp", "whole", f"home: umlauts, spaces, 250 characters{', killed -9' if killed else ''}") as found:
        expected = undisturbed(KIND)
        folder = tmp_path / f"Bilder für Übungen {'ä' * 90}"
        folder /= "x y" * ((240 - len(str(folder))) // 3)
        folder.mkdir(parents=True)
        with Live(installed(gimp30, package, folder)) as other:
            assert len(str(other.inside.data_folder)) >= 250
            other.fresh(service)
            other.do("open", kind=KIND)
            service.fault = "download:html"
            if killed:
                service.fault, service.latency = None, 3.0
                other.inside.ask("edit", kind=KIND)
                wait_until(lambda: service.at("poll"), 60, "the wait")
                time.sleep(0.5)
                other.kill("GIMP")
                other.restart()
                other.do("open", kind=KIND)
                facts = {"status": "killed", "message": "Credits were used. Recover", "changed": []}
            else:
                facts = other.do("edit", kind=KIND)
            found.end(**judged(other, service, facts, KIND, expected))
