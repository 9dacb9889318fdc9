"""The extension as an artist gets it: the built zip, installed by Blender's own installer into a scratch profile."""

from __future__ import annotations

import ast
import json
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import build
from tests.hosts import Blender, Bpy, VirtualScreen
from tests.hosts.fixtures import blender_sid, blender_windowed, bpy42, bpy45, bpy50, bpy52  # noqa: F401
from tests.sandbox import Sandbox
from tests.telling import pytest_terminal_summary, tell_at_the_end  # noqa: F401

from .window import INSIDE, SET_UP, Window, profile_environment

IDLE = "not bpy.app.timers.is_registered(fluxdepth.session.ticker._tick)"
FULL = pytest.mark.full
# The older Python and the newest one; with --full every supported series.
BPYS = [
    "bpy42",
    pytest.param("bpy45", marks=FULL),
    pytest.param("bpy50", marks=FULL),
    pytest.param("bpy52", marks=FULL),
]
HEADLESS = [*BPYS, pytest.param("blender_sid", marks=FULL)]
WINDOWED = ["blender_windowed", pytest.param("blender_sid", marks=FULL)]


def checks_of(script: str) -> list[str]:
    """The names of the checks in a script of ``inside/``."""
    tree = ast.parse((INSIDE / script).read_text("utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")]


@pytest.fixture(scope="session")
def package() -> Path:
    """The zip for this platform."""
    (zip_file,) = build.package_blender(["linux-x64"])
    return zip_file


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(effect="echo") as service:
        yield service
        assert service.contract_violations == []


@dataclass
class Installed:
    """A host with the extension in a profile of its own, and where its pictures and notes go."""

    host: Blender | Bpy
    profile: Path
    out: Path
    said: str = ""
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def data_folder(self) -> Path:
        """FLUXDEPTH_HOME, of this module's own."""
        return self.out.parent / "fluxdepth"

    def beside(self, folder: Path) -> Installed:
        """The same host and profile, with a data folder and pictures of its own."""
        (folder / "out").mkdir()
        return Installed(self.host, self.profile, folder / "out")

    def environment(self, sandbox: Sandbox, key: str | None = None) -> dict[str, str]:
        env = profile_environment(self.data_folder, sandbox.base_url, sandbox.api_key if key is None else key)
        return {**env, "FLUXDEPTH_TEST_OUT": str(self.out)}

    def run(self, script: str, sandbox: Sandbox, timeout: float = 280, **env: str) -> dict[str, dict[str, Any]]:
        """Run ``inside/<script>`` to its end; returns the note of each of its checks."""
        done = self.host.run_script(
            INSIDE / script, user_resources=self.profile, env={**self.environment(sandbox), **env}, timeout=timeout
        )
        self.said = done.stdout + done.stderr
        (self.out / f"{script}.txt").write_text(self.said)
        notes = self.out / "notes.json"
        self.notes = json.loads(notes.read_text()) if notes.exists() else {}
        assert done.returncode == 0, f"exit code {done.returncode} after {list(self.notes)[-1:]}:\n{self.said[-3000:]}"
        return self.notes

    def piece(self, source: str, sandbox: Sandbox, timeout: float = 120) -> Any:
        """Run `source` in a Blender of its own; returns its `answer`."""
        script, answer = self.out / "piece.py", self.out / "answer.json"
        script.write_text(textwrap.dedent(source))
        answer.unlink(missing_ok=True)
        done = self.host.run_script(
            INSIDE / "piece.py",
            [script, answer],
            user_resources=self.profile,
            env=self.environment(sandbox),
            timeout=timeout,
        )
        self.said = done.stdout + done.stderr
        assert done.returncode == 0, f"exit code {done.returncode}:\n{self.said[-3000:]}"
        return json.loads(answer.read_text())

    def note(self, check: str) -> Any:
        """What the check noted. Fails with its traceback when it failed."""
        note = self.notes[check]
        assert note["ok"], note["error"]
        return note["note"]


_profiles: dict[str, Path] = {}


def installed(host: Blender | Bpy, package: Path, folder: Path, kind: str = "") -> Installed:
    """The host with the package, of that ``kind``, installed; once for each host, because that takes seconds."""
    name = f"{type(host).__name__}-{host.version}{kind}"
    if name not in _profiles:
        profile = folder / "profile"
        done = host.run_script(INSIDE / "install.py", [package], user_resources=profile, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        _profiles[name] = profile
    (folder / "out").mkdir(exist_ok=True)
    return Installed(host, _profiles[name], folder / "out")


# A window that the tests of one module share.


@pytest.fixture(scope="module", params=WINDOWED)
def host(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def screen(host: Installed) -> Iterator[VirtualScreen]:
    with VirtualScreen(host.host.place, 1280, 860) as one:
        yield one


@pytest.fixture(scope="module")
def window(host: Installed, screen: VirtualScreen, sandbox: Sandbox) -> Iterator[Window]:
    with Window(host.host, screen, host.profile, host.environment(sandbox)) as one:
        yield one


@pytest.fixture
def fresh(window: Window, host: Installed, sandbox: Sandbox) -> Window:
    """An empty file, no jobs and no history, and a service that answers at once."""
    sandbox.reset()
    sandbox.latency, sandbox.effect = 0.0, "echo"
    window.do("""
for ticket in list(desk.tickets):
    if ticket.active:
        session.stop(ticket)
    desk.dismiss(ticket)
problem.note(None)
""")
    window.wait_for(IDLE)
    shutil.rmtree(host.data_folder / "jobs", ignore_errors=True)
    window.do("bpy.ops.wm.read_homefile(use_factory_startup=True)")
    window.do(SET_UP)
    window.do("""
for ticket in list(desk.tickets):  # what came in while the file was loaded
    desk.dismiss(ticket)
bpy.context.preferences.view.show_splash = False
bpy.context.preferences.filepaths.save_version = 0
chosen = bpy.context.scene.fluxdepth
chosen.prompt = "The cube in front is sharp, everything far behind it is softly blurred"
chosen.format = chosen.upload_format = "png"
grid = bpy.data.images.new("grid", 320, 180)
grid.generated_type = "COLOR_GRID"
chosen.source, chosen.image = "IMAGE", grid
bpy.ops.ed.undo_push(message="fresh")
""")
    return window


@pytest.fixture
def no_key(fresh: Window, host: Installed) -> Iterator[Window]:
    fresh.do("""
import os
key = os.environ.pop("FLUXDEPTH_API_KEY")
session.refresh()
""")
    fresh.wait_for(IDLE)
    yield fresh
    (host.data_folder / "key").unlink(missing_ok=True)
    fresh.do("""
os.environ["FLUXDEPTH_API_KEY"] = key
service = fluxdepth.service
service.take_key("")
service.fresh = False
session.refresh()
""")
    fresh.wait_for(IDLE)
