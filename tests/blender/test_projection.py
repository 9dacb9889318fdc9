"""True depth with a picture, and results projected onto the scene that they were made from, in headless Blenders."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    assert note["points"] >= 50
    assert note["p99"] < 0.001
    assert note["worst"] < 0.01, "where a sample lies at the edge of something"


@pytest.mark.parametrize("kind", ["", "_agx", "_filmic", "_orthographic"])
def test_from_the_same_eye_the_scene_looks_like_the_result(projected: Installed, kind: str) -> None:
    note = projected.note(f"check_project_same_eye{kind}")
    assert note["seen"] > 0.4
    assert note["mean"] <= 4
    assert note["sky"] <= 0.1, "what was not seen has its own"
    assert note["not_covered"] <= (60 if kind == "_agx" else 0), "edges of depth show as dotted lines"


def test_from_beside_only_what_was_seen_is_covered(projected: Installed) -> None:
    """Exact to 2 px at the edges of what was seen."""
    note = projected.note("check_project_from_beside")
    assert note["hidden"] > 3000 and note["found"] > 3000
    assert note["hidden_wrong"] <= 0.001 * note["hidden"]
    assert note["found_own"] <= 0.001 * note["found"]
    assert note["found_mean"] <= 6, "as sharp as its pixels, seen from elsewhere"


def test_every_kind_of_material_is_covered_and_given_back(projected: Installed) -> None:
    note = projected.note("check_every_kind_of_material")
    assert note["covered"] == [name for name in note["kinds"] if name != "a volume"]
    assert not note["touched"], "what was not selected"
    assert not note["own_materials"], "the artist's own are left alone"
    assert {name for name, wrong in note["wrong"].items() if wrong > 40} <= {"a volume"}
    assert len(note["wrong"]) > 8
    assert note["left"] == []
    assert note["as_it_was"] <= 1


def test_projections_stack_and_survive_the_file(projected: Installed) -> None:
    note = projected.note("check_stack_save_reload_remove")
    assert note["on_top"] <= 4
    assert note["changed_below"] > 1
    assert note["reloaded"] <= 1
    assert note["left"] == []
    assert note["marked"] == []


def test_rays_never_hold_the_main_thread_for_long(projected: Installed) -> None:
    note = projected.note("check_rays_leave_the_main_thread_to_others")
    assert note["slices"] > 5
    assert note["longest"] <= 0.1
    assert note["kept"] > 1000


def test_one_undo_takes_it_back(projected: Installed) -> None:
    note = projected.note("check_undo")
    assert note["projected"] > 5
    assert note["undone"] == []
    assert note["redone"] == []


def test_a_panorama_is_refused_with_a_word(projected: Installed) -> None:
    assert "panorama" in projected.note("check_panorama_is_refused_with_a_word")


def test_depth_is_of_what_is_rendered(projected: Installed) -> None:
    note = projected.note("check_render_visibility_counts")
    assert note["kept"]
    for found, centre in note["found"].values():
        assert centre - 1.2 < found < centre
    assert note["nearest"] > 3.5, "the curtain is in no render"
