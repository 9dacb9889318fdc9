"""Projections written into UV maps and images, as glTF takes them, and taken away again, in headless Blenders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, installed

pytestmark = pytest.mark.full  # it takes a minute


@pytest.fixture(scope="module", params=HEADLESS)
def baked(
    request: pytest.FixtureRequest, package: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    host.run("baking.py", sandbox)
    return host


def test_what_is_baked_looks_as_it_did_and_goes_into_gltf(baked: Installed) -> None:
    note = baked.note("check_bake_export_remove")
    assert note["mean"] <= 4
    assert note["light"] == 4
    assert note["colour"] == 1, "of the one that is lit"
    assert note["exported"] == 5
    assert note["coordinates"]
    assert note["left"] == []
