"""The command never pays for a frame twice: killed, stopped, side by side, on a farm, replies lost, disks full."""

from __future__ import annotations

import dataclasses
import shutil
import signal
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.faults import Cells, Recovered
from tests.sandbox import Fault, Sandbox, pictures

from .commanding import Killed, all_are_known, command, ended, sizes, start, started
from .conftest import INSIDE, WINDOWED, Installed, installed

FRAMES = [f"{number:04d}.jpg" for number in range(1, 13)]


@pytest.fixture(scope="module", params=WINDOWED)
def host(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))


Contents = dict[str, tuple[str | None, str, bytes]]


def made(host: Installed, sandbox: Sandbox, script: str, name: str) -> Path:
    path = host.out / name
    done = host.host.run_script(INSIDE / script, [path], user_resources=host.profile, env=host.environment(sandbox))
    assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.fixture(scope="module")
def scene(host: Installed, sandbox: Sandbox) -> Path:
    return made(host, sandbox, "scene.py", "scene.blend")


@pytest.fixture(scope="module")
def glass(host: Installed, sandbox: Sandbox, scene: Path) -> Path:
    """A scene whose film is transparent, and whose frame 1 is covered wholly."""
    return made(host, sandbox, "film.py", "glass.blend")


@pytest.fixture(autouse=True)
def fresh(host: Installed, sandbox: Sandbox) -> None:
    """An empty service and an empty data folder."""
    sandbox.reset()
    sandbox.latency = 0.0
    shutil.rmtree(host.data_folder, ignore_errors=True)


@pytest.fixture(scope="module")
def straight(host: Installed, sandbox: Sandbox, scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """The twelve frames as they come when nothing happens, by their file's name."""
    out = tmp_path_factory.mktemp("straight")
    sandbox.reset()
    sandbox.latency = 0.0
    done = command(host, scene, sandbox, "--frames", "1-12", "--output", out / "####", "--prompt", "haze")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(host.data_folder)
    return contents(out)


def contents(folder: Path) -> Contents:
    """Of each picture its format, its mode and its pixels: what else is in the file are its settings."""
    found = {}
    for path in sorted(folder.iterdir()):
        with Image.open(path) as picture:
            found[path.name] = picture.format, picture.mode, picture.tobytes()
    return found


def recover_in_a_window(host: Installed, sandbox: Sandbox) -> None:
    """Presses Recover in another Blender."""
    done = host.host.run_script(
        INSIDE / "recover.py", user_resources=host.profile, env=host.environment(sandbox), timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_killed_in_the_middle_and_resumed_after_a_window_recovered(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, straight: Contents, cell: Cells
) -> None:
    sandbox.latency = 3.0
    out = tmp_path / "out"
    killed = Killed(
        host, scene, sandbox, tmp_path / "flags", "--frames", "1-12", "--output", out / "####", "--prompt", "haze"
    )
    sandbox.wait_until(lambda service: all_are_known(service, 6), 90)
    killed.kill(sandbox)
    assert sandbox.submits < 12
    sandbox.latency = 0.0
    recover_in_a_window(host, sandbox)
    done = killed.resume()
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(sizes(out)) == FRAMES
    with cell("command", "wait", "killed -9 in a range, a window recovers meanwhile") as found:
        found.end(submits=sandbox.submits, asked=12, recovered=Recovered.FETCHED, equal=contents(out) == straight)


def test_two_commands_share_a_range(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, straight: Contents, cell: Cells
) -> None:
    sandbox.latency = 0.4
    options = ["--frames", "1-12", "--output", tmp_path / "out" / "####", "--prompt", "haze"]
    both = [started(host, scene, sandbox, *options) for _ in range(2)]
    for process in both:
        done = ended(process)
        assert done.returncode == 0, done.stdout + done.stderr
    assert list(sizes(tmp_path / "out")) == FRAMES
    with cell("command + command", "whole", "one data folder, one output folder") as found:
        equal = contents(tmp_path / "out") == straight
        found.end(submits=sandbox.submits, asked=12, recovered=Recovered.ARRIVED, equal=equal)


def test_another_machine_of_a_farm_takes_over_what_was_paid_for(
    host: Installed, glass: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Another data folder: only the claims beside the frames say what the dead worker had paid for."""
    sandbox.latency = 3.0
    out = tmp_path / "out"
    other = tmp_path / "another machine"
    options = ["--frames", "1-4", "--output", out / "####", "--prompt", "haze"]
    killed = Killed(host, glass, sandbox, tmp_path / "flags", *options, second_home=str(other))
    sandbox.wait_until(lambda service: all_are_known(service, 3), 90)
    killed.kill(sandbox)
    sandbox.latency = 0.0
    done = killed.resume()
    assert done.returncode == 0, done.stdout + done.stderr
    assert sandbox.submits == 4
    assert list(sizes(out)) == [f"{number:04d}.png" for number in range(1, 5)]
    with Image.open(out / "0002.png") as picture:
        assert picture.mode == "RGBA"


def test_after_lost_replies_nothing_is_paid_again_in_silence(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, cell: Cells
) -> None:
    out = tmp_path / "out"
    options = ["--frames", "1-2", "--output", out / "####", "--prompt", "haze"]
    sandbox.faults.append(Fault("submit", "reset_after_taken", times=2))
    first = command(host, scene, sandbox, *options)
    assert first.returncode == 1 and "may have been" in first.stderr
    paid = sandbox.taken
    lost = [number for number in (1, 2) if f"frame {number}:" in first.stderr]
    second = command(host, scene, sandbox, *options)
    assert second.returncode == 1
    for number in lost:
        assert f"frame {number}: " in second.stderr and "--pay-uncertain" in second.stderr
    assert sandbox.taken == 2 and paid == len(lost)
    with cell("command", "submit", "two replies lost in a range") as found:
        found.end(submits=sandbox.taken, asked=2, recovered=Recovered.UNCERTAIN)
    third = command(host, scene, sandbox, *options, "--pay-uncertain")
    assert third.returncode == 0, third.stdout + third.stderr
    assert list(sizes(out)) == FRAMES[:2]
    assert sandbox.taken == 2 + len(lost)
    assert command(host, scene, sandbox, *options).returncode == 0
    assert sandbox.taken == 2 + len(lost)


def test_killed_during_a_submit_nothing_is_paid_again_in_silence(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, cell: Cells
) -> None:
    """Neither with the journal at hand, nor on another machine that has only the claim."""
    for name, second_home in (("same", ""), ("next", str(tmp_path / "another machine"))):
        sandbox.reset()
        out = tmp_path / name
        options = ["--frame", "1", "--output", out / "####", "--prompt", "haze"]
        sandbox.fault = "submit:silence_after_taken"
        killed = Killed(host, scene, sandbox, tmp_path / f"{name} flags", *options, second_home=second_home)
        sandbox.wait_until(lambda service: service.submits == 1, 90)
        killed.kill(sandbox)
        sandbox.fault = None
        done = killed.resume()
        assert done.returncode == 1 and "--pay-uncertain" in done.stderr, name
        with cell("command", "submit", f"killed -9, resumed on the {name} machine") as found:
            found.end(submits=sandbox.submits, recovered=Recovered.UNCERTAIN)
        shutil.rmtree(host.data_folder, ignore_errors=True)


def test_a_file_that_blender_can_not_read_is_refused(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    typo = scene.with_name("TYPO.blend")
    done = command(host, typo, sandbox, "--frames", "1-2", "--prompt", "haze")
    assert done.returncode == 1
    assert "--default-scene" in done.stderr and "Nothing was billed." in done.stderr
    assert sandbox.submits == 0


def test_the_default_scene_can_be_meant(host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    typo = scene.with_name("TYPO.blend")
    nowhere = command(host, typo, sandbox, "--default-scene", "--prompt", "haze")
    assert nowhere.returncode == 1 and "--output" in nowhere.stderr
    assert sandbox.submits == 0
    # What is refused next is the image: the default scene itself takes a GPU to render.
    words = ["--default-scene", "--output", tmp_path / "cube", "--image", "nobody"]
    meant = command(host, typo, sandbox, *words, "--prompt", "haze")
    assert meant.returncode == 1 and "no image" in meant.stderr


@pytest.mark.parametrize("where", ["file", "proc"])
def test_a_folder_that_can_not_be_written_costs_nothing(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, where: str
) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" if where == "file" else Path("/proc/fluxdepth")
    done = command(host, scene, sandbox, "--frames", "1-4", "--output", folder / "####", "--prompt", "haze")
    assert done.returncode == 1
    assert "can't be written" in done.stderr and "Nothing was billed." in done.stderr
    assert "Traceback" not in done.stderr
    assert sandbox.submits == 0


@pytest.mark.parametrize("which", ["output", "data folder"])
def test_a_full_disk_costs_nothing(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, which: str, cell: Cells
) -> None:
    small = tmp_path / "out" if which == "output" else host.data_folder
    small.mkdir()
    script = 'mount -t tmpfs -o size=16k none "$1" || exit 98; shift; exec "$@"'
    words = ["--frames", "1-4", "--output", tmp_path / "out" / "####", "--prompt", "haze"]
    blender = ["blender", "-b", scene, "--online-mode", "--command", "fluxdepth", *words]
    done = ended(start(host, sandbox, ["sh", "-c", script, "sh", small, *blender]))
    if done.returncode == 98:
        pytest.skip("a small file system can't be mounted here")
    assert done.returncode == 1
    assert sandbox.submits == 0, done.stderr
    assert "room" in done.stderr and "Nothing was billed." in done.stderr
    with cell("command", "start", f"{which} full") as found:
        found.end(submits=sandbox.submits, recovered=Recovered.NOTHING)


@pytest.mark.full
def test_a_write_that_fails_after_paying_is_told_and_nothing_more_is_paid(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, straight: Contents, cell: Cells
) -> None:
    """Something stands in the place of the first file by then; the result is kept and comes for free later."""
    sandbox.latency = 2.0
    out = tmp_path / "out"
    options = ["--frames", "1-12", "--output", out / "####", "--prompt", "haze"]
    process = started(host, scene, sandbox, *options)
    sandbox.wait_until(lambda service: service.submits >= 1, 90)
    (out / FRAMES[0]).mkdir()
    done = ended(process)
    assert done.returncode == 1
    assert "can't be written" in done.stderr and "Credits were used" in done.stderr and "history" in done.stderr
    assert "Nothing was billed" not in done.stderr
    assert sandbox.submits < 12
    (out / FRAMES[0]).rmdir()
    sandbox.latency = 0.0
    done = command(host, scene, sandbox, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(sizes(out)) == FRAMES
    with cell("command", "arriving", "something stands in the file's place") as found:
        found.end(submits=sandbox.submits, asked=12, recovered=Recovered.FETCHED, equal=contents(out) == straight)


@pytest.mark.parametrize("asked", ["png", "webp"])
def test_another_kind_than_asked_for_is_paid_once(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = pictures.edit
    monkeypatch.setattr(pictures, "edit", lambda data, wish: edit(data, dataclasses.replace(wish, file_format="jpg")))
    out = tmp_path / "out"
    options = ["--frames", "1-4", "--output", out / "####", "--prompt", "haze", "--format", asked]
    for _ in range(2):
        done = command(host, scene, sandbox, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert list(sizes(out)) == [f"{number:04d}.{asked}" for number in range(1, 5)]
        assert sandbox.submits == 4
    with Image.open(out / f"0001.{asked}") as picture:
        assert picture.format == asked.upper()


@pytest.mark.parametrize("fault", ["result_truncated", "result_not_image"])
def test_a_result_that_can_not_be_read_is_kept_and_not_bought_again(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, fault: str
) -> None:
    options = ["--frame", "1", "--output", tmp_path / "out" / "####", "--prompt", "haze"]
    sandbox.fault = f"download:{fault}"
    for _ in range(2):
        done = command(host, scene, sandbox, *options)
        assert done.returncode == 1
        (kept,) = host.data_folder.glob("jobs/*/result-1.*")
        words = str(kept) if fault == "result_truncated" else "The same command fetches it"
        assert words in done.stderr and "Credits were used" in done.stderr and "Recover" not in done.stderr
        assert not sizes(tmp_path / "out", pictures_only=True)
    sandbox.fault = None
    done = command(host, scene, sandbox, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(sizes(tmp_path / "out")) == FRAMES[:1]
    assert sandbox.submits == 1


def test_a_result_of_a_kind_that_nobody_named_becomes_what_was_asked_for(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault = "download:result_avif"
    options = ["--frame", "1", "--output", tmp_path / "out" / "####", "--prompt", "haze", "--format", "png"]
    done = command(host, scene, sandbox, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    with Image.open(tmp_path / "out" / "0001.png") as picture:
        assert picture.format == "PNG"


def test_ctrl_c_stops_paying_and_the_same_command_resumes(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, straight: Contents, cell: Cells
) -> None:
    sandbox.latency = 1.5
    out = tmp_path / "out"
    options = ["--frames", "1-12", "--output", out / "####", "--prompt", "haze"]
    process = started(host, scene, sandbox, *options)
    sandbox.wait_until(lambda service: service.submits >= 4, 90)
    process.send_signal(signal.SIGINT)
    done = ended(process)
    assert done.returncode == 130, done.stdout + done.stderr
    assert "same command" in done.stderr
    stopped_at = sandbox.submits
    assert stopped_at < 12
    assert len(sizes(out)) == stopped_at  # what was under way has landed
    sandbox.latency = 0.0
    done = command(host, scene, sandbox, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(sizes(out)) == FRAMES
    with cell("command", "wait", "Ctrl+C in a range") as found:
        found.end(submits=sandbox.submits, asked=12, recovered=Recovered.FETCHED, equal=contents(out) == straight)


@pytest.mark.parametrize("name", ["SIGINT", pytest.param("SIGTERM", marks=pytest.mark.full)])
def test_a_second_signal_ends_the_wait_and_loses_nothing(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path, name: str, straight: Contents, cell: Cells
) -> None:
    sandbox.latency = 10.0
    out = tmp_path / "out"
    options = ["--frames", "1-4", "--output", out / "####", "--prompt", "haze"]
    process = started(host, scene, sandbox, *options)
    sandbox.wait_until(lambda service: all_are_known(service, 3), 90)
    for _ in range(2):
        process.send_signal(signal.Signals[name])
        with pytest.raises(TimeoutError):
            sandbox.wait_until(lambda service: service.submits > 3, 0.5)
    done = ended(process, timeout=8)
    assert done.returncode == 130, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not sizes(out, pictures_only=True)
    sandbox.latency = 0.0
    done = command(host, scene, sandbox, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(sizes(out)) == FRAMES[:4]
    with cell("command", "wait", f"{name} twice") as found:
        equal = contents(out).items() <= straight.items()
        found.end(submits=sandbox.submits, asked=4, recovered=Recovered.FETCHED, equal=equal)


def test_a_range_has_one_kind_of_file(host: Installed, glass: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = command(host, glass, sandbox, "--frames", "1-3", "--output", out / "####", "--prompt", "haze")
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(sizes(out)) == [f"{number:04d}.png" for number in range(1, 4)]
    with Image.open(out / "0001.png") as covered, Image.open(out / "0003.png") as glassy:
        assert covered.convert("RGBA").getchannel("A").getextrema() == (255, 255)
        assert glassy.getchannel("A").getextrema() == (0, 255)


def test_recovered_frames_keep_their_transparency(
    host: Installed, glass: Path, sandbox: Sandbox, tmp_path: Path, cell: Cells
) -> None:
    def options(folder: str) -> list[str | Path]:
        return ["--frames", "1-3", "--output", tmp_path / folder / "####", "--prompt", "haze", "--format", "png"]

    assert command(host, glass, sandbox, *options("straight")).returncode == 0
    sandbox.reset()
    shutil.rmtree(host.data_folder)
    sandbox.latency = 3.0
    killed = Killed(host, glass, sandbox, tmp_path / "flags", *options("killed"))
    sandbox.wait_until(lambda service: all_are_known(service, 3), 90)
    killed.kill(sandbox)
    sandbox.latency = 0.0
    done = killed.resume()
    assert done.returncode == 0, done.stdout + done.stderr
    # A file that was being written when the process was killed stays beside them, hidden and perhaps not whole.
    came = [file.name for file in sorted((tmp_path / "killed").iterdir()) if file.suffix != ".part"]
    assert came == list(sizes(tmp_path / "straight"))
    for straight in sorted((tmp_path / "straight").iterdir()):
        with Image.open(straight) as one, Image.open(tmp_path / "killed" / straight.name) as other:
            assert one.mode == other.mode
            assert ImageChops.difference(one, other).getbbox(alpha_only=False) is None
    with cell("command", "wait", "killed -9, film transparent") as found:
        found.end(submits=sandbox.submits, asked=3, recovered=Recovered.FETCHED, equal=True)


def test_a_frame_that_was_removed_comes_for_free_unless_the_picture_has_changed(
    host: Installed, scene: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ["--frames", "1-2", "--output", out / "####", "--prompt", "haze"]
    assert command(host, scene, sandbox, *options).returncode == 0
    first = (out / FRAMES[0]).read_bytes()
    for path in out.iterdir():
        path.unlink()
    done = command(host, scene, sandbox, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (out / FRAMES[0]).read_bytes() == first
    assert sandbox.submits == 2
    (out / FRAMES[1]).unlink()
    done = command(host, scene, sandbox, *options, "--longest-side", "256")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sandbox.submits == 3
    done = command(host, scene, sandbox, *options, "--overwrite")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sandbox.submits == 5


def test_a_scene_that_can_not_be_rendered_is_told_in_words(
    host: Installed, sandbox: Sandbox, scene: Path, tmp_path: Path
) -> None:
    blind = made(host, sandbox, "blind.py", "blind.blend")
    done = command(host, blind, sandbox, "--frames", "1-2", "--output", tmp_path / "####", "--prompt", "haze")
    assert done.returncode == 1
    assert "camera" in done.stderr and "Nothing was billed." in done.stderr
    assert "Traceback" not in done.stderr
    assert sandbox.submits == 0
    assert not list(tmp_path.iterdir())
