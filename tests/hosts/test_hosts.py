"""Each host really runs: scripts without a window, windows on the virtual screen, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from . import Blender, Bpy, Gimp, Here, Missing, Place, VirtualScreen, cache, roots
from .cache import MakingError
from .place import CHECKOUT
from .screen import wait_until

GIMPS = ["gimp30", "gimp32"]
BPYS = ["bpy42", *(pytest.param(name, marks=pytest.mark.full) for name in ("bpy45", "bpy50", "bpy51", "bpy52"))]
BLENDERS = ["blender_windowed", pytest.param("blender_sid", marks=pytest.mark.full)]

PLUG_IN = """#!/usr/bin/env python3
import sys
import gi
gi.require_version("Gimp", "3.0")
from gi.repository import Gimp

class Probe(Gimp.PlugIn):
    def do_query_procedures(self):
        return ["probe"]

    def do_set_i18n(self, name):
        return False

    def do_create_procedure(self, name):
        return Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, self.run, None)

    def run(self, procedure, config, data):
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)

Gimp.main(Probe.__gtype__, sys.argv)
"""


@pytest.fixture(params=GIMPS)
def gimp(request: pytest.FixtureRequest) -> Gimp:
    found: Gimp = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=BLENDERS)
def blender(request: pytest.FixtureRequest) -> Blender:
    found: Blender = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=BPYS)
def bpy(request: pytest.FixtureRequest) -> Bpy:
    found: Bpy = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def place(gimp30: Gimp) -> Place:
    return gimp30.place


def test_a_gimp_script_prints_its_version_and_an_exception_is_an_exit_status(gimp: Gimp, tmp_path: Path) -> None:
    home = gimp.new_home(tmp_path / "home")
    good = gimp.batch("print('this is', Gimp.version())", home)
    assert (good.returncode, f"this is {gimp.version}" in good.stdout) == (0, True), good
    script = tmp_path / "bad.py"
    script.write_text("raise ValueError('on purpose')\n")
    bad = gimp.batch(script, home)
    assert bad.returncode == 64
    assert "ValueError: on purpose" in bad.stderr
    assert str(script) in bad.stderr


def test_a_plug_in_is_installed_as_an_artist_does_it(gimp: Gimp, tmp_path: Path) -> None:
    package = tmp_path / "probe.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for name, mode in (("probe/probe.py", 0o755), ("probe/data.txt", 0o644)):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, PLUG_IN)
    home = gimp.new_home(tmp_path / "home")
    folder = gimp.install(package, home)
    assert (folder / "probe" / "probe.py").stat().st_mode & 0o777 == 0o755
    assert (folder / "probe" / "data.txt").stat().st_mode & 0o777 == 0o644
    done = gimp.batch("assert Gimp.get_pdb().lookup_procedure('probe')", home)
    assert done.returncode == 0, done


@pytest.mark.parametrize(
    ("fixture", "scheme", "scale"),
    [
        ("gimp30", "dark", 1),
        ("gimp32", "light", 2),
        pytest.param("gimp30", "light", 2, marks=pytest.mark.full),
        pytest.param("gimp32", "dark", 1, marks=pytest.mark.full),
    ],
)
def test_gimp_shows_its_window(
    request: pytest.FixtureRequest, tmp_path: Path, fixture: str, scheme: str, scale: int
) -> None:
    gimp: Gimp = request.getfixturevalue(fixture)
    home = gimp.new_home(tmp_path / "home", color_scheme=scheme)  # type: ignore[arg-type]
    picture = tmp_path / "white.ppm"
    picture.write_bytes(b"P6 320 200 255\n" + b"\xff\x80\x20" * 320 * 200)
    with (
        VirtualScreen(gimp.place, width=1600 * scale, height=1000 * scale, scale=scale) as screen,
        gimp.start_windowed([picture], screen, home) as process,
    ):
        window = screen.wait_for_window(r"white.*GIMP", timeout=90)
        screen.fill(window)
        screen.wait_until_drawn(colours=50)
        screen.screenshot(_shots() / f"gimp-{gimp.series}-{scheme}-{scale}.png", settle=5)
        assert not [title for title in screen.windows() if "Welcome" in title]
        process.kill()
    assert process.returncode == -signal.SIGKILL


def test_gimp_answers_to_accessibility(gimp: Gimp, tmp_path: Path) -> None:
    home = gimp.new_home(tmp_path / "home")
    lister = tmp_path / "list.py"
    lister.write_text("import pyatspi\nprint([app.name for app in pyatspi.Registry.getDesktop(0)])\n")
    with (
        VirtualScreen(gimp.place, accessibility=True) as screen,
        gimp.start_windowed([], screen, home) as process,
    ):
        screen.wait_for_window("GNU Image Manipulation Program", timeout=90)

        def listed() -> str:
            return gimp.place.run(["python3", lister], home=home, env=screen.env, timeout=60).stdout

        wait_until(lambda: "gimp" in listed().lower(), 30, listed)
        process.kill()


def test_blender_runs_a_script(blender: Blender, tmp_path: Path) -> None:
    _check_script(blender, tmp_path)


def test_bpy_runs_a_script(bpy: Bpy, tmp_path: Path) -> None:
    _check_script(bpy, tmp_path)


def _check_script(host: Blender | Bpy, folder: Path) -> None:
    script = folder / "script.py"
    script.write_text(
        "import bpy, sys, os\n"
        "print('this is', *bpy.app.version, sys.version_info[:2], sys.argv[sys.argv.index('--') + 1:])\n"
        "print('resources', bpy.utils.user_resource('SCRIPTS'))\n"
        "if sys.argv[-1] == 'fail': raise ValueError('on purpose')\n"
    )
    good = host.run_script(script, ["one"], user_resources=folder / "user")
    expected = (*map(int, host.version.split(".")), tuple(map(int, host.python_version.split("."))), ["one"])
    assert (good.returncode, " ".join(map(str, expected)) in good.stdout) == (0, True), good
    assert f"resources {folder}/user/scripts" in good.stdout
    assert host.run_script(script, ["fail"], user_resources=folder / "user").returncode == 1


def test_blender_builds_and_validates_an_extension(blender: Blender, tmp_path: Path) -> None:
    _check_extension(blender, tmp_path)


def test_bpy_builds_and_validates_an_extension(bpy: Bpy, tmp_path: Path) -> None:
    _check_extension(bpy, tmp_path)


def _check_extension(host: Blender | Bpy, folder: Path) -> None:
    source = folder / "probe"
    source.mkdir()
    (source / "__init__.py").write_text("def register():\n    pass\n\ndef unregister():\n    pass\n")
    (source / "blender_manifest.toml").write_text(
        'schema_version = "1.0.0"\nid = "probe"\nversion = "1.0.0"\nname = "Probe"\ntagline = "A probe"\n'
        'maintainer = "Nobody"\ntype = "add-on"\nblender_version_min = "4.2.0"\nlicense = ["SPDX:GPL-3.0-or-later"]\n'
    )
    user = folder / "user"
    built = host.cli(["extension", "build", "--source-dir", source, "--output-dir", folder], user_resources=user)
    assert built.returncode == 0, built
    package = folder / "probe-1.0.0.zip"
    good = host.cli(["extension", "validate", package], user_resources=user)
    assert good.returncode == 0, good
    package.write_bytes(b"no zip")
    assert host.cli(["extension", "validate", package], user_resources=user).returncode != 0


@pytest.mark.full
def test_blender_shows_its_window_and_its_timers_fire(blender: Blender, tmp_path: Path) -> None:
    script = tmp_path / "timer.py"
    ticked = tmp_path / "ticked"
    script.write_text(
        f"import bpy\ndef tick():\n    open({str(ticked)!r}, 'w').write('yes')\nbpy.app.timers.register(tick)\n"
    )
    with (
        VirtualScreen(blender.place) as screen,
        blender.start_windowed(["--python", script], screen, tmp_path / "user") as process,
    ):
        screen.wait_for_window("Blender", timeout=90)
        wait_until(ticked.exists, 60, "no timer has fired")
        screen.wait_until_drawn()
        screen.screenshot(_shots() / f"blender-{blender.series}.png", settle=5)
        process.kill()


def test_killing_a_program_kills_all_that_it_started(place: Place, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    with place.popen(["sh", "-c", f"sleep 1000 > {alive} & sleep 1000"]) as process, alive.open("rb") as end:
        process.kill()
        assert end.read() == b""  # ends when nobody holds the other side any more
    assert process.returncode == -signal.SIGKILL


def test_a_signal_reaches_the_program_itself(place: Place, tmp_path: Path) -> None:
    started = tmp_path / "started"
    with place.popen(["sh", "-c", f"trap 'exit 7' TERM; touch {started}; while :; do sleep 0.05; done"]) as process:
        wait_until(started.exists, 20, "the program does not start")
        process.terminate()
        assert process.wait(timeout=20) == 7


def test_nothing_outlives_a_killed_caller(place: Place, tmp_path: Path) -> None:
    if not hasattr(place, "folder"):
        pytest.skip("only what runs inside a root ends with its caller")
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    code = (
        "from tests.hosts import find_gimp; import sys\n"
        f"process = find_gimp('3.0').place.popen(['sh', '-c', 'sleep 1000 > {alive}'])\n"
        "process.wait()\n"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT)
    with alive.open("rb") as end:
        caller.kill()
        caller.wait()
        assert end.read() == b""


def test_a_program_has_a_clean_environment(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXDEPTH_API_KEY", "not-for-hosts")
    said = place.run(["env"], home=tmp_path, env={"GIVEN": "yes", "LANG": ""}, timeout=30).stdout.splitlines()
    assert {"GIVEN=yes", f"HOME={tmp_path}", "NO_AT_BRIDGE=1"} <= set(said)
    assert {line.split("=")[0] for line in said} <= {"GIVEN", "HOME", "NO_AT_BRIDGE", "PATH", "PWD", "OLDPWD"}


def test_a_time_out_says_what_was_said(place: Place) -> None:
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        place.run(["sh", "-c", "echo begun; sleep 1000"], timeout=2)
    assert caught.value.output == "begun\n"


def test_two_screens_at_once_have_two_displays(place: Place) -> None:
    with VirtualScreen(place, 320, 200) as one, VirtualScreen(place, 320, 200) as two:
        assert one.env["DISPLAY"] != two.env["DISPLAY"]
        with pytest.raises(TimeoutError, match="no window 'never'"):
            one.wait_for_window("never", timeout=0.5)


def test_a_missing_host_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MakingError, match="only root can make"):
        roots.find_root("trixie", "gimp")
    missing = Missing("GIMP 3.0", "no reason")
    assert not missing
    assert str(missing) == "GIMP 3.0 is missing: no reason"


def test_nobody_makes_anew_while_a_killed_makers_command_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with cache.lock("thing") as held:
        command = Here().popen(["sleep", "1000"], pass_fds=(held,))
    with command:
        assert cache.lock_or_none("thing") is None
    free = cache.lock_or_none("thing")
    assert free is not None
    free.close()


def test_a_half_made_root_is_not_removed_through_a_mount(tmp_path: Path) -> None:
    half = tmp_path / "half"
    (half / "dev").mkdir(parents=True)
    code = f"from pathlib import Path; from tests.hosts.roots import _remove; _remove(Path({str(half)!r}))"
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    argv = ["unshare", "--mount", "sh", "-c", f'mount --bind /usr "{half}/dev" && "$0" -c "$1"', sys.executable, code]
    done = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert "is still mounted" in done.stderr
    assert (half / "dev").exists()


def _shots() -> Path:
    return CHECKOUT / "build" / "screens" / "hosts"
