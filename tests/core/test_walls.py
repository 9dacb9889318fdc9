"""The walls of the house: what each core module may import, and that the core runs without numpy and Pillow."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import build
from tests.core.conftest import DATA
from tests.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "shared"

# What each module of the core imports beside the standard library and the core itself.
ALLOWED: dict[str, set[str]] = {
    "__init__.py": set(),
    "cancel.py": set(),
    "client.py": {"requests", "urllib3"},
    "credentials.py": set(),
    "errors.py": set(),
    "imaging.py": {"PIL"},
    "job.py": set(),
    "journal.py": {"filelock"},
    "log.py": set(),
    "parameters.py": set(),
    "picture.py": set(),
    "presets.py": set(),
    "replies.py": set(),
    "results.py": set(),
    "settings.py": {"platformdirs"},
    "worker.py": set(),
}
# What may be imported only when it is first needed, so that starting a host costs nothing.
LAZY = {"requests", "urllib3", "numpy", "PIL", "filelock", "platformdirs"}


def imports(path: Path) -> list[tuple[str, bool]]:
    """Every import that is not relative: its top-level package, and whether it runs with the module itself."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [str(node.module)]
        else:
            continue
        parent, at_once = node, True
        while (parent := getattr(parent, "parent", None)) is not None:
            typing_only = isinstance(parent, ast.If) and ast.unparse(parent.test) == "TYPE_CHECKING"
            if typing_only or isinstance(parent, (ast.FunctionDef, ast.Lambda)):
                at_once = False
        found += [(name.split(".")[0], at_once) for name in names]
    return found


def test_every_module_is_on_the_list() -> None:
    assert {path.name for path in SHARED.glob("*.py")} == set(ALLOWED)


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_a_core_module_imports_what_it_may_and_when_it_may(name: str) -> None:
    foreign = {(top, at_once) for top, at_once in imports(SHARED / name) if top not in sys.stdlib_module_names}
    assert {top for top, _ in foreign} <= ALLOWED[name] | {"typing_extensions"}
    assert not {top for top, at_once in foreign if at_once and top in LAZY}


@pytest.mark.parametrize("plugin", ["fluxdepth_gimp", "blender_addon"])
def test_plug_ins_leave_http_and_pixels_to_the_core(plugin: str) -> None:
    other = {"fluxdepth_gimp": {"bpy", "gpu", "blender_addon"}, "blender_addon": {"gi", "fluxdepth_gimp"}}[plugin]
    for path in (ROOT / plugin).rglob("*.py"):
        forbidden = {"requests", "urllib3", "http", "PIL", "numpy", *other} & {top for top, _ in imports(path)}
        assert not forbidden, f"{path.name} imports {forbidden}"


SCRIPT = """
import sys, time
for name in ("numpy", "PIL"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise SystemExit(f"{name} is here, so this test proves nothing")
before = set(sys.modules)
from shared.worker import RunningJob
from shared.job import EditRequest
from shared.parameters import DepthEdit
from shared.picture import sniff
import shared.presets
heavy = {"requests", "urllib3", "filelock", "platformdirs", "certifi"} & (set(sys.modules) - before)
if heavy:
    raise SystemExit(f"imported too early: {heavy}")
picture = sniff(open(sys.argv[1], "rb").read())
job = RunningJob.start(EditRequest(DepthEdit.checked({"prompt": "haze", "format": "png"}), picture))
deadline = time.monotonic() + 30
while not job.finished and time.monotonic() < deadline:
    job.drain()
    job.cancel.wait(0.02)
print(job.outcome.results[0].image)
"""


def test_the_core_runs_a_job_without_numpy_and_pillow(tmp_path: Path, home: Path) -> None:
    """In a bare interpreter that sees the standard library, the core and the packages that GIMP's plug-in carries."""
    vendor = tmp_path / "vendor"
    for wheel in build.pure_wheels():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(vendor)
    with Sandbox(effect="echo") as sandbox:
        done = subprocess.run(
            [sys.executable, "-S", "-c", SCRIPT, str(DATA / "rocket.jpg")],
            env={
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(vendor)]),
                "FLUXDEPTH_HOME": str(home),
                "FLUXDEPTH_API_KEY": sandbox.api_key,
                "FLUXDEPTH_BASE_URL": sandbox.base_url,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert "EncodedImage(png, 640×427" in done.stdout
