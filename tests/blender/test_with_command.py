"""One data folder that a Blender and the command share: what is the command's stays the command's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import Cells, Recovered
from tests.faults.moments import MOMENTS, is_there
from tests.faults.ways import FULL
from tests.hosts import Blender
from tests.sandbox import Sandbox

from .commanding import Killed, command, ended, is_one_of, started
from .conftest import installed
from .live import Live
from .test_command_faults import options
from .test_command_pays_once import made
from .test_faults import KIND, NOTHING, kept, remembered, service  # noqa: F401

BOTH = "blender + command"


@pytest.fixture
def both(
    blender_windowed: Blender,
    package: Path,
    service: Sandbox,  # noqa: F811
    tmp_path: Path,
) -> Iterator[tuple[Live, Path]]:
    """A Blender, and a file for the command, which has the same data folder."""
    host = installed(blender_windowed, package, tmp_path)
    scene = made(host, service, "grid.py", "grid.blend")
    with Live(host) as live:
        yield live, scene


@FULL
def test_the_commands_result_is_named_in_blender_and_comes_to_the_command(
    both: tuple[Live, Path],
    service: Sandbox,  # noqa: F811
    tmp_path: Path,
    cell: Cells,
) -> None:
    with cell(BOTH, "wait", "command killed -9, then Recover in Blender") as found:
        blender, scene = both
        blender.fresh(service)
        blender.do("make", kind=KIND)
        service.latency = 3.0
        file = tmp_path / "out" / "shot.png"
        killed = Killed(blender.host, scene, service, tmp_path / "flags", *options(file))
        is_there(blender.alive, lambda: MOMENTS["wait"].reached(blender.host.data_folder, service))
        assert blender.do("recover") == NOTHING
        killed.kill(service)
        assert blender.do("recover") == NOTHING
        panel = blender.do("panel")
        assert "Belongs elsewhere" in panel and "For “shot.png” of the Blender command" in panel, panel
        done = killed.resume()
        assert done.returncode == 0, done.stderr
        assert "Belongs elsewhere" not in blender.do("panel") and blender.do("recover") == NOTHING
        equal = is_one_of(file, service.results.values())
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)


@FULL
def test_blender_and_the_command_at_once(
    both: tuple[Live, Path],
    service: Sandbox,  # noqa: F811
    tmp_path: Path,
    cell: Cells,
) -> None:
    with cell(BOTH, "whole", "both at once, Blender killed -9 in the wait") as found:
        blender, scene = both
        expected = remembered(blender, service)(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        service.latency = 6.0
        file = tmp_path / "shots" / "shot.png"
        process = started(blender.host, scene, service, *options(file))
        service.wait_until(lambda one: bool(one.at("poll")), 60)
        blender.ask("edit", kind=KIND)
        is_there(blender.alive, lambda: [bool(edit["uuid"]) for edit in blender.edits()] == [True, True])
        blender.kill()
        done = ended(process)
        assert done.returncode == 0, done.stderr
        service.latency = 0.0
        blender.restart()
        blender.do("reopen", kind=KIND)
        assert blender.do("recover")["status"] == "FINISHED" and blender.do("recover") == NOTHING
        again = command(blender.host, scene, service, *options(file))
        assert again.returncode == 0 and "is there already" in again.stdout, again.stderr
        equal = kept(blender, KIND).equals(expected) and is_one_of(file, service.results.values())
        found.end(submits=service.taken, asked=2, recovered=Recovered.FETCHED, equal=equal)
