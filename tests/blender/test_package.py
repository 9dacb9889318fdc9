"""The zip itself: Blender's own tool accepts it, and it costs nothing while nobody uses it."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest

import build
from tests.hosts import Blender
from tests.sandbox import Sandbox

from .conftest import HEADLESS, WINDOWED, installed


@pytest.mark.parametrize("host", WINDOWED)
def test_blender_validates_the_zip(request: pytest.FixtureRequest, host: str, package: Path, tmp_path: Path) -> None:
    blender: Blender = request.getfixturevalue(host)
    done = blender.cli(["extension", "validate", package], user_resources=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in (done.stdout + done.stderr).lower()


def test_manifest_and_files(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert manifest["id"] == "fluxdepth"
    assert manifest["version"] == build.VERSION
    assert manifest["blender_version_min"] == "4.2.18"
    assert set(manifest["permissions"]) == {"network", "files"}
    assert all(len(reason) <= 64 and not reason.endswith(".") for reason in manifest["permissions"].values())
    wheels = {wheel.removeprefix("./") for wheel in manifest["wheels"]}
    assert wheels == {name for name in names if name.endswith(".whl")}
    for python in ("cp311", "cp312", "cp313", "cp314"):
        assert any("pillow-" in wheel and python in wheel for wheel in wheels)
    for pure in ("requests", "urllib3", "certifi", "idna", "charset_normalizer", "filelock", "platformdirs"):
        assert any(Path(wheel).name.startswith(f"{pure}-") for wheel in wheels)
    assert {"__init__.py", "shared/service/client.py", "LICENSE"} <= names


@pytest.mark.parametrize("host", HEADLESS)
def test_start_costs_nothing(
    request: pytest.FixtureRequest, host: str, package: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    start = installed(request.getfixturevalue(host), package, tmp_path)
    start.run("startup.py", sandbox)
    start.note("check_nothing_heavy_is_imported")
    print(start.note("check_registering"))
    assert sandbox.requests == []
