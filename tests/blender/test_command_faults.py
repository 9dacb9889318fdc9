"""The command against every kind of fault: after the same command was given again, all is there and was paid once."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.faults import Cells, Found, Recovered
from tests.faults.disks import mounted
from tests.faults.secrets import MARKED, exposed, leaks
from tests.faults.ways import FINAL, FULL, STAGE, named
from tests.sandbox import Fault, Sandbox

from .commanding import Killed, argv, command, ended, start, started
from .conftest import Installed, installed
from .test_command_pays_once import fresh, made  # noqa: F401

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def host(
    blender_windowed: object, package: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Installed:
    return installed(request.getfixturevalue("blender_windowed"), package, tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def scene(host: Installed, sandbox: Sandbox) -> Path:
    return made(host, sandbox, "grid.py", "grid.blend")


@pytest.fixture(scope="module")
def undisturbed(host: Installed, scene: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the command makes when nothing happens."""
    file = tmp_path_factory.mktemp("undisturbed") / "shot.png"
    done = command(host, scene, sandbox, *options(file))
    assert done.returncode == 0, done.stderr
    return file


def options(file: Path) -> list[str | Path]:
    return ["--image", "grid", "--output", file, "--prompt", "haze", "--format", "png", "--upload-format", "png"]


@dataclass
class Case:
    """One command, given twice: into a fault, and again when it is over."""

    host: Installed
    scene: Path
    sandbox: Sandbox
    undisturbed: Path
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "out" / "shot.png"

    def run(self) -> subprocess.CompletedProcess[str]:
        done = command(self.host, self.scene, self.sandbox, *options(self.file))
        self._told(done)
        return done

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """The command as "$@" of a shell script, whose $0 is the output folder."""
        words = ["sh", "-c", script, self.file.parent, "blender", *argv(self.scene, *options(self.file))]
        done = ended(start(self.host, self.sandbox, words))
        self._told(done)
        return done

    def _told(self, done: subprocess.CompletedProcess[str]) -> None:
        for wrong in ("Traceback", "Something went wrong", self.sandbox.api_key):
            assert wrong not in done.stdout + done.stderr, done.stderr

    @property
    def equal(self) -> bool:
        with Image.open(self.file) as ours, Image.open(self.undisturbed) as theirs:
            return ours.mode == theirs.mode and ImageChops.difference(ours, theirs).getbbox() is None

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in self.file.parent.iterdir())

    def again(self, found: Found, first: subprocess.CompletedProcess[str], *, final: bool = False) -> None:
        """The fault is over: the same command once more has to bring what is owed and to pay for nothing twice."""
        self.sandbox.fault, taken = None, self.sandbox.taken
        if final:
            assert first.returncode == 1 and "Credits may have been used" in first.stderr or "credits" in first.stderr
            found.end(submits=taken, recovered=Recovered.FINAL)
            return
        second = self.run()
        if first.returncode == 0:
            assert "is there already" in second.stdout
            recovered = Recovered.ARRIVED
        elif taken == 0 and "Credits may have been used" not in first.stderr:
            assert "Nothing was billed." in first.stderr, first.stderr
            assert second.returncode == 0 and self.equal and self.sandbox.taken == 1, second.stderr
            found.end(submits=taken, recovered=Recovered.NOTHING)
            return
        elif "Credits may have been used" in first.stderr:
            assert second.returncode == 1 and "--pay-uncertain" in second.stderr, second.stderr
            assert not self.file.exists()
            found.end(submits=self.sandbox.taken, recovered=Recovered.UNCERTAIN)
            return
        else:
            assert "Credits were used" in first.stderr and "Recover" not in first.stderr, first.stderr
            assert any(words in first.stderr for words in ("The same command fetches it", "is not paid for again"))
            recovered = Recovered.FETCHED
        assert second.returncode == 0 and self.left == ["shot.png"], second.stderr
        found.end(submits=self.sandbox.taken, recovered=recovered, equal=self.equal)


@pytest.fixture
def case(
    host: Installed,
    scene: Path,
    sandbox: Sandbox,
    undisturbed: Path,
    fresh: None,  # noqa: F811
    tmp_path: Path,
) -> Case:
    sandbox.drip_interval = 0.002
    return Case(host, scene, sandbox, undisturbed, tmp_path)


MATRIX = [
    f"{stage}:{kind}"
    for stage, kinds in {
        "upload": "refuse reset truncated wrong_length html html_403 html_503 http_500 not_json unauthorized "
        "key_deleted rate_limit slow_drip*1 redirect_other_host redirect_loop error_envelope refuse*1",
        "submit": "refuse reset reset_after_taken truncated html http_522 http_500 not_json json_shape record_null "
        "text_plain slow_drip unauthorized no_credits unsupported_model missing_fields busy rate_limit*1 "
        "redirect_other_host async_unsupported async_ignored failure html_403",
        "poll": "unauthorized failure no_credits_200 reset*3 http_500*3 html*2 rate_limit*1 unknown_status*2 "
        "result_string no_temporary_url record_null*1 truncated*2 redirect_http*2 not_json*2",
        "download": "reset truncated html html_403 http_500 expired_url*1 result_not_image result_truncated "
        "result_empty result_bomb redirect_http rate_limit reset*1 wrong_length redirect_loop",
    }.items()
    for kind in kinds.split()
]


@FULL
@pytest.mark.parametrize("fault", MATRIX)
def test_a_fault_on_the_way(case: Case, cell: Cells, fault: str) -> None:
    kind = fault.split(":")[1]
    with cell("command", *named(fault)) as found:
        case.sandbox.fault = fault
        first = case.run()
        case.again(found, first, final=kind in FINAL)


# Killed.


@FULL
@pytest.mark.parametrize("stage", ["upload", "submit", "poll", "download"])
def test_killed_at_each_stage(case: Case, cell: Cells, stage: str) -> None:
    with cell("command", STAGE[stage], "killed -9") as found:
        case.sandbox.fault = {"upload": "upload:silence", "submit": "submit:silence_after_taken"}.get(
            stage, f"{stage}:silence"
        )
        killed = Killed(case.host, case.scene, case.sandbox, case.folder / "flags", *options(case.file))
        case.sandbox.wait_until(lambda service: bool(service.at(stage)), 60)
        killed.kill(case.sandbox)
        taken, case.sandbox.fault = case.sandbox.taken, None
        done = killed.resume()
        if stage == "submit":
            assert done.returncode == 1 and "--pay-uncertain" in done.stderr
            found.end(submits=case.sandbox.taken, recovered=Recovered.UNCERTAIN)
            return
        assert done.returncode == 0 and case.left == ["shot.png"] and case.equal, done.stderr
        assert case.sandbox.taken == 1
        if stage == "upload":
            found.end(submits=taken, recovered=Recovered.NOTHING)
        else:
            found.end(submits=case.sandbox.taken, recovered=Recovered.FETCHED, equal=case.equal)


@FULL
@pytest.mark.parametrize("when", ["result here, file not written", "file written, not yet noted"])
def test_killed_spanthe_result_arrives(case: Case, cell: Cells, when: str) -> None:
    with cell("command", "arriving", f"killed -9: {when}") as found:
        killed = Killed(case.host, case.scene, case.sandbox, case.folder / "flags", *options(case.file))

        def reached(_: Sandbox) -> bool:
            if when.startswith("file"):
                return case.file.exists()
            return any(case.host.data_folder.glob("jobs/*/result-1.*"))

        case.sandbox.wait_until(reached, 60)
        killed.kill(case.sandbox)
        done = killed.resume()
        assert done.returncode == 0 and case.left == ["shot.png"], done.stderr
        found.end(submits=case.sandbox.taken, recovered=Recovered.FETCHED, equal=case.equal)


FRAMES = 24
# Three commands share a range; each is killed after a random while and begins again, until it ends by itself. Its first
# argument is how many milliseconds a command needs before it does anything.
KILLED_AGAIN_AND_AGAIN = """
ended=$0 least=$1; shift
one() {
    seed=$1; shift
    while :; do
        seed=$(( (seed * 1103515245 + 12345) % 2147483648 ))
        span=$(( least + seed / 65536 % 30 * (100 + least / 20) ))
        "$@" & pid=$!
        ( sleep $(( span / 1000 )).$(( span / 100 % 10 )); kill -KILL $pid 2> /dev/null ) & killer=$!
        wait $pid; code=$?
        kill $killer 2> /dev/null
        [ $code -gt 128 ] || { echo $code > "$ended-$seed"; return; }
        echo killed >> "$ended-killed"
    done
}
for number in 1 2 3; do one $number "$@" & done
wait
"""


@FULL
@pytest.mark.timeout(600)
def test_commands_that_are_killed_again_and_again_pay_for_each_frame_once(case: Case, cell: Cells) -> None:
    """What was killed between the submit and its reply is told by all of them, and paid for by none."""
    with cell("command × 3", "whole", "one range, killed -9 at random, again and again") as found:
        case.sandbox.latency = 0.5
        words = [*options(case.file.with_name("####.png")), "--frames", f"1-{FRAMES}"]
        began = time.monotonic()
        assert command(case.host, case.scene, case.sandbox, "--help").returncode == 0
        least = str(round((time.monotonic() - began) * 1000))
        shell = ["sh", "-c", KILLED_AGAIN_AND_AGAIN, case.folder / "ended", least, "blender", *argv(case.scene, *words)]
        done = ended(start(case.host, case.sandbox, shell), timeout=500)
        assert "Traceback" not in done.stderr, done.stderr
        assert (case.folder / "ended-killed").read_text().count("killed") >= 3
        last = command(case.host, case.scene, case.sandbox, *words)
        told = [number for number in range(1, FRAMES + 1) if f"frame {number}: This edit may have been" in last.stderr]
        made = sorted(int(path.stem) for path in case.file.parent.glob("*.png"))
        assert sorted(made + told) == list(range(1, FRAMES + 1)), last.stderr
        assert {path.name[:15] for path in case.file.parent.glob(".*")} == {f".{one:04d}.png.claim" for one in told}
        case.file.with_name(f"{made[0]:04d}.png").rename(case.file)
        # One submit for each file, and at most one for each frame that may have been paid for.
        assert len(made) <= case.sandbox.taken <= len(made) + len(told)
        asked = case.sandbox.taken
        found.end(submits=case.sandbox.taken, asked=asked, recovered=Recovered.FETCHED, equal=case.equal)


@FULL
def test_what_version_0_1_0_had_paid_for_when_it_was_killed(case: Case, cell: Cells) -> None:
    with cell("command", "wait", "killed -9 in version 0.1.0") as found:
        first = case.file.with_name("first.png")
        assert command(case.host, case.scene, case.sandbox, *options(first)).returncode == 0
        first.unlink()
        (path,) = case.host.data_folder.glob("jobs/*/job.json")
        ours = json.loads(path.read_text("utf-8"))["edits"][0]
        shutil.rmtree(path.parent)
        for old in (DATA / "version-0.1.0" / "jobs").glob("*/job.json"):
            entry = json.loads(old.read_text("utf-8"))
            (edit,) = entry["edits"][:1]
            if "outputs" in entry["origin"] and edit["state"] == "taken":
                entry["address"], entry["origin"]["outputs"] = case.sandbox.base_url, [str(case.file)]
                edit["uuid"], edit["settings"] = ours["uuid"], ours["settings"]
                (path.parent.parent / entry["id"]).mkdir()
                (path.parent.parent / entry["id"] / "job.json").write_text(json.dumps(entry), "utf-8")
        done = case.run()
        assert done.returncode == 0 and "paid for already" in done.stdout, done.stderr
        found.end(submits=case.sandbox.taken, recovered=Recovered.FETCHED, equal=case.equal)


# The disk.


@FULL
@pytest.mark.parametrize("which", ["output", "data folder"])
def test_a_read_only_folder_costs_nothing(case: Case, cell: Cells, which: str) -> None:
    folder = case.file.parent if which == "output" else case.host.data_folder
    with cell("command", "start", f"{which} read-only") as found, mounted(folder) as disk:
        disk.lock()
        done = case.run()
        disk.unlock()
        assert done.returncode == 1 and "can't be written" in done.stderr and "Nothing was billed." in done.stderr
        found.end(submits=case.sandbox.submits, recovered=Recovered.NOTHING)


@FULL
@pytest.mark.parametrize("which", ["output", "data folder", "both"])
def test_a_disk_that_fills_up_after_paying(case: Case, cell: Cells, which: str, request: pytest.FixtureRequest) -> None:
    case.host.data_folder.mkdir(exist_ok=True)
    folder = {"output": case.file.parent, "data folder": case.host.data_folder, "both": case.folder / "both"}[which]
    with cell("command", "wait", f"{which} fills up") as found, mounted(folder) as disk:
        if which == "both":
            (folder / "data").mkdir()
            (folder / "out").mkdir()
            case.host.data_folder.rmdir()
            case.host.data_folder.symlink_to(folder / "data")
            request.addfinalizer(case.host.data_folder.unlink)
            case.file.parent.symlink_to(folder / "out")
        case.sandbox.latency = 3.0
        process = started(case.host, case.scene, case.sandbox, *options(case.file))
        case.sandbox.wait_until(lambda service: bool(service.at("poll")), 60)
        disk.fill()
        first = ended(process)
        case._told(first)
        disk.empty()
        if which == "data folder":
            assert first.returncode == 0 and "could not be kept in the history" in first.stderr, first.stderr
        else:
            assert first.returncode == 1 and "No space left" in first.stderr, first.stderr
        if which == "both":
            assert "is kept" not in first.stderr, first.stderr
        case.sandbox.latency = 0.0
        second = case.run()
        assert second.returncode == 0, second.stderr
        recovered = Recovered.ARRIVED if which == "data folder" else Recovered.FETCHED
        found.end(submits=case.sandbox.taken, recovered=recovered, equal=case.equal)


@FULL
def test_killed_spanthe_data_folder_had_no_room_for_the_id(case: Case, cell: Cells) -> None:
    """The claim beside the file has it."""
    with cell("command", "wait", "data folder fills up during the submit, then killed -9") as found:
        case.host.data_folder.mkdir(exist_ok=True)
        with mounted(case.host.data_folder) as disk:
            case.sandbox.faults = [Fault("submit", "slow_drip"), Fault("poll", "unknown_status", times=None)]
            killed = Killed(case.host, case.scene, case.sandbox, case.folder / "flags", *options(case.file))
            case.sandbox.wait_until(lambda service: bool(service.at("submit")), 60)
            disk.fill()
            case.sandbox.wait_until(lambda service: bool(service.at("poll")), 60)
            killed.kill(case.sandbox)
            disk.empty()
            case.sandbox.fault = None
            done = killed.resume()
            assert done.returncode == 0 and case.left == ["shot.png"], done.stderr
            found.end(submits=case.sandbox.taken, recovered=Recovered.FETCHED, equal=case.equal)


@FULL
@pytest.mark.parametrize("what", ["a folder stands in the file's place", "the file's name is too long"])
def test_a_file_that_can_never_be_written_costs_nothing(case: Case, cell: Cells, what: str) -> None:
    with cell("command", "start", what) as found:
        file = case.file if "folder" in what else case.file.with_name(f"{'x' * 260}.png")
        if "folder" in what:
            file.mkdir(parents=True)
        done = command(case.host, case.scene, case.sandbox, *options(file))
        assert done.returncode == 1 and "can't be written" in done.stderr and "Nothing was billed." in done.stderr
        found.end(submits=case.sandbox.submits, recovered=Recovered.NOTHING)


@FULL
def test_an_output_folder_that_is_deleted_meanspanis_made_again(case: Case, cell: Cells) -> None:
    with cell("command", "wait", "output folder deleted") as found:
        case.sandbox.latency = 1.5
        script = 'while [ ! -e "$0/.shot.png.claim" ]; do sleep 0.02; done; sleep 1; rm -r "$0"'
        done = case.shell(f'({script}) & "$@"')
        assert done.returncode == 0 and case.left == ["shot.png"], done.stderr
        found.end(submits=case.sandbox.taken, recovered=Recovered.ARRIVED, equal=case.equal)


def test_an_output_with_umlauts_spaces_and_a_name_as_long_as_names_can_be(case: Case, cell: Cells) -> None:
    with cell("command", "whole", "output: umlauts, spaces, 250 characters") as found:
        case.folder /= f"Bilder für Übungen {'x' * 100}"
        long = case.file.with_name(f"{'ä ' * 83}a.png")
        assert len(long.name.encode()) == 254
        done = command(case.host, case.scene, case.sandbox, *options(long))
        assert done.returncode == 0 and case.left == [long.name], done.stderr
        long.rename(case.file)
        found.end(submits=case.sandbox.taken, recovered=Recovered.ARRIVED, equal=case.equal)


# Secrets.


@FULL
def test_a_marked_key_is_in_no_byte_that_is_written(
    case: Case, cell: Cells, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cell("command", "whole", "a marked key, refused and taken") as found:
        monkeypatch.setattr(case.sandbox, "api_key", MARKED)
        case.sandbox.fault = "upload:unauthorized"
        first = case.run()
        assert first.returncode == 1 and "key" in first.stderr
        case.sandbox.fault = "download:html"
        second = case.run()
        case.sandbox.fault = None
        third = case.run()
        assert third.returncode == 0, third.stderr
        (case.folder / "said").write_text("".join(one.stdout + one.stderr for one in (first, second, third)))
        assert (case.host.data_folder / "log" / "fluxdepth.log").exists()
        written = [case.folder, case.host.out.parent, case.host.profile]
        assert list(leaks(MARKED, *written)) == [] and exposed(case.host.data_folder) == []
        found.end(submits=case.sandbox.taken, recovered=Recovered.FETCHED, equal=case.equal)


# Nobody to talk to.


@pytest.mark.parametrize("what", ["full", pytest.param("ASCII only", marks=FULL)])
def test_standard_output_that_takes_nothing_costs_no_frame(case: Case, cell: Cells, what: str) -> None:
    """It may lie on the disk that is full."""
    with cell("command", "arriving", f"standard output {what}") as found:
        if what == "ASCII only":
            case.folder /= "für Übungen"
        script = {
            "full": '"$@" > /dev/full 2> /dev/full',
            "ASCII only": 'LC_ALL=C PYTHONIOENCODING=ascii "$@"',
        }[what]
        done = case.shell(script)
        assert done.returncode == 0 and case.left == ["shot.png"], done.stderr
        (entry,) = case.host.data_folder.glob("jobs/*/job.json")
        assert '"safe": true' in entry.read_text()
        found.end(submits=case.sandbox.taken, recovered=Recovered.ARRIVED, equal=case.equal)


@FULL
def test_a_closed_pipe_is_as_good_as_a_kill(case: Case, cell: Cells) -> None:
    """Blender dies of it at its next word, as programs do."""
    with cell("command", "whole", "standard output is a pipe that nobody reads") as found:
        done = case.shell('"$@" | true; echo again; "$@"')  # in one place, so that they see each other's process
        assert done.returncode == 0 and case.left == ["shot.png"], done.stderr
        assert "again" in done.stdout and "shot.png" in done.stdout
        found.end(submits=case.sandbox.taken, recovered=Recovered.ARRIVED, equal=case.equal)


def test_a_prompt_that_is_no_text_costs_nothing(case: Case) -> None:
    done = case.shell('"$@" --prompt "$(printf \'far \\377\')"')
    assert (
        done.returncode == 1 and "holds bytes that are no text" in done.stderr and "Nothing was billed" in done.stderr
    )
    assert case.sandbox.requests == []
