"""One data folder that two GIMPs share, or GIMP and the Blender command: no frame is paid twice, none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import build
from tests.blender.commanding import Killed, command, ended, is_one_of, started
from tests.blender.conftest import INSIDE as SCRIPTS, Installed, installed
from tests.faults import Cells, Recovered
from tests.faults.data_folder import unlocked
from tests.faults.ways import FULL
from tests.hosts import Blender
from tests.hosts.fixtures import blender_windowed  # noqa: F401
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .live import Live
from .test_faults import KIND, Undisturbed, closed, gimp, service, undisturbed  # noqa: F401

TWO = "gimp + gimp"


@pytest.fixture(scope="module")
def other(gimp: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:  # noqa: F811
    """A second GIMP of the same artist, with pictures of its own."""
    with Live(replace(gimp.inside, out=tmp_path_factory.mktemp("other"))) as live:
        yield live


@pytest.fixture(autouse=True)
def closed_too(other: Live) -> Iterator[None]:
    yield
    if not other.alive():
        other.restart()
    other.do("close")


@FULL
def test_one_recovers_while_the_other_waits(
    gimp: Live,  # noqa: F811
    other: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    with cell(TWO, "wait", "the other presses Recover meanwhile") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        other.do("open", kind=KIND)
        service.latency = 3.0
        gimp.inside.ask("edit", kind=KIND)
        wait_until(lambda: service.at("poll"), 60, "the wait")
        assert not other.do("recover")["came"]
        assert gimp.reply()["status"] == "success"
        assert other.look("seen").count == 1
        assert not other.do("recover")["came"] and unlocked(gimp.inside.data_folder)
        found.end(submits=service.taken, recovered=Recovered.ARRIVED, equal=gimp.look("seen").equals(expected))


@FULL
@pytest.mark.parametrize("round_", range(3))
def test_both_recover_what_one_was_killed_over(
    gimp: Live,  # noqa: F811
    other: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
    round_: int,
) -> None:
    with cell(TWO, "recover", f"both press Recover at once, round {round_ + 1}") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        service.latency = 2.0
        gimp.inside.ask("edit", kind=KIND)
        wait_until(lambda: service.at("poll") and gimp.edits()[0]["uuid"], 60, "the wait")
        gimp.kill("GIMP")
        gimp.restart()
        for live in (gimp, other):
            # The same file in both: by a link, for each has a folder of its own.
            file = live.inside.out / f"{KIND}.xcf"
            if live is other:
                file.unlink(missing_ok=True)
                file.symlink_to(gimp.inside.out / file.name)
            live.do("open", kind=KIND)
        with ThreadPoolExecutor(2) as both:
            replies = list(both.map(lambda live: live.do("recover"), (gimp, other)))
        assert any(reply["came"] for reply in replies), replies
        for live in (gimp, other):
            live.do("recover")
        # Both are its document, so that both may get it; none gets it twice.
        seen = [live.look("seen") for live in (gimp, other)]
        assert all(one.count <= 2 for one in seen)
        equal = all(one.equals(expected) for one in seen if one.count == 2)
        assert unlocked(gimp.inside.data_folder)
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)


@FULL
def test_both_edit_at_once(
    gimp: Live,  # noqa: F811
    other: Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    rounds = 4
    with cell(TWO, "whole", f"both edit the same picture at once, {rounds} times") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        service.latency = 0.5
        equal = True

        def one(live: Live) -> bool:
            live.do("open", kind=KIND)
            facts = live.do("edit", kind=KIND)
            same = live.look("seen").equals(expected)
            live.do("close")
            return facts["status"] == "success" and same

        for _ in range(rounds):
            with ThreadPoolExecutor(2) as both:
                equal &= all(both.map(one, (gimp, other)))
        assert len(gimp.edits()) == 2 * rounds and unlocked(gimp.inside.data_folder)
        assert {edit["state"] for edit in gimp.edits()} == {"done"}
        found.end(submits=service.taken, asked=2 * rounds, recovered=Recovered.ARRIVED, equal=equal)


@FULL
def test_what_one_lost_in_the_submit_is_told_by_the_other(
    gimp: Live,  # noqa: F811
    other: Live,
    service: Sandbox,  # noqa: F811
    cell: Cells,
) -> None:
    with cell(TWO, "submit", "one killed -9, after it was taken") as found:
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        service.fault = "submit:silence_after_taken"
        gimp.inside.ask("edit", kind=KIND)
        wait_until(lambda: service.taken, 60, "the submit")
        mark = other.mark
        other.do("recover")
        assert "may have been billed" not in other.said(mark)  # its process is still at it
        gimp.kill("GIMP")
        service.fault, mark = None, other.mark
        assert not other.do("recover")["came"]
        assert "may have been billed" in other.said(mark) and "Discard" in other.said(mark)
        found.end(submits=service.taken, recovered=Recovered.UNCERTAIN)


# GIMP and the command.

BOTH = "gimp + command"


@pytest.fixture(scope="module")
def blender(
    gimp: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    blender_windowed: Blender,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Installed, Path]]:
    """Blender with the extension, on GIMP's data folder, and a file with a picture."""
    (package,) = build.package_blender(["linux-x64"])
    host = installed(blender_windowed, package, tmp_path_factory.mktemp("blender"))
    host.data_folder.symlink_to(gimp.inside.data_folder)
    scene = host.out / "grid.blend"
    done = host.host.run_script(
        SCRIPTS / "grid.py", [scene], user_resources=host.profile, env=host.environment(service)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield host, scene
    host.data_folder.unlink()


def words(file: Path) -> list[str | Path]:
    return ["--image", "grid", "--output", file, "--prompt", "haze", "--format", "png", "--upload-format", "png"]


@FULL
def test_the_commands_result_is_named_in_gimp_and_comes_to_the_command(
    gimp: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    blender: tuple[Installed, Path],
    tmp_path: Path,
    cell: Cells,
) -> None:
    with cell(BOTH, "wait", "command killed -9, then Recover in GIMP") as found:
        host, scene = blender
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        service.latency = 3.0
        file = tmp_path / "out" / "shot.png"
        killed = Killed(host, scene, service, tmp_path / "flags", *words(file))
        wait_until(lambda: service.at("poll") and gimp.edits()[0]["uuid"], 60, "the wait")
        mark = gimp.mark
        assert not gimp.do("recover")["came"]
        killed.kill(service)
        assert not gimp.do("recover")["came"]
        assert "Not brought in here" in gimp.said(mark) and "shot.png" in gimp.said(mark), gimp.said(mark)
        done = killed.resume()
        assert done.returncode == 0, done.stderr
        mark = gimp.mark
        assert not gimp.do("recover")["came"] and "nothing to recover" in gimp.said(mark)
        equal = is_one_of(file, service.results.values())
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)


@FULL
def test_gimp_and_the_command_at_once(
    gimp: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    blender: tuple[Installed, Path],
    tmp_path: Path,
    cell: Cells,
) -> None:
    with cell(BOTH, "whole", "both at once, GIMP's plug-in killed -9 in the wait") as found:
        host, scene = blender
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        service.latency = 4.0
        file = tmp_path / "out" / "shot.png"
        process = started(host, scene, service, *words(file))
        wait_until(lambda: service.at("poll"), 60, "the command's wait")
        gimp.inside.ask("edit", kind=KIND)
        wait_until(lambda: [edit["uuid"] != "" for edit in gimp.edits()] == [True, True], 60, "both to wait")
        gimp.kill("plug-in")
        done = ended(process)
        assert done.returncode == 0, done.stderr
        assert gimp.do("recover")["came"]
        again = command(host, scene, service, *words(file))
        assert again.returncode == 0 and "is there already" in again.stdout, again.stderr
        equal = gimp.look("seen").equals(expected) and is_one_of(file, service.results.values())
        found.end(submits=service.taken, asked=2, recovered=Recovered.FETCHED, equal=equal)
