"""True depth with a picture, and results projected onto the scene that they were made from, in headless Blenders."""

from __future__ import annotations

import pytest

from pathlib import Path

from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, installed

SCRIPT = "projection.py"


@pytest.fixture(scope="module", params=HEADLESS)
def projected(
    request: pytest.FixtureRequest, package: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    host.run(SCRIPT, sandbox)
    return host


@pytest.mark.parametrize("kind", ["perspective", "shifted_upright_other_aspect", "orthographic"])
def test_depth_is_where_blender_itself_puts_points(projected: Installed, kind: str) -> None:
    note = projected.note(f"check_depth_{kind}")
    assert note["points"] > 100
    assert note["worst"] < 0.002


@pytest.mark.parametrize("kind", ["", "_agx", "_filmic", "_orthographic"])
def test_from_the_same_eye_the_scene_looks_like_the_result(projected: Installed, kind: str) -> None:
    note = projected.note(f"check_project_same_eye{kind}")
    assert note["seen"] > 0.4
    assert note["mean"] <= 4
    assert note["sky"] <= 0.5, "what was not seen has its own"
