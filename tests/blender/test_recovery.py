"""Nothing that was paid for is lost, and every result comes back in its own document: whole Blenders, killed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, installed

RENDER = """
chosen = settings(source="RENDER", upload_format="png", longest_side=0, keep_transparency=True, seed={seed})
bpy.ops.render.render()
"""
BRING = """
import base64
found = bpy.ops.fluxdepth.recover()
answer = [list(found), {name: base64.b64encode(data).decode() for name, data in results().items()}]
"""


@pytest.fixture(scope="module", params=[*HEADLESS, "blender_windowed"])
def host(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))


@pytest.fixture(autouse=True)
def empty(host: Installed, sandbox: Sandbox) -> None:
    """A service and a data folder that know nothing."""
    sandbox.reset()
    sandbox.latency, sandbox.effect = 0.0, "echo"
    if host.data_folder.exists():
        host.data_folder.rename(host.data_folder.with_name(f"before-{host.data_folder.stat().st_mtime_ns}"))


@pytest.fixture(scope="module")
def shot(host: Installed, sandbox: Sandbox) -> Path:
    """A .blend with a film-transparent render's scene."""
    path = host.out / "shot.blend"
    host.piece(
        f"small_render().render.film_transparent = True; bpy.ops.wm.save_as_mainfile(filepath={str(path)!r})", sandbox
    )
    return path


@pytest.fixture(scope="module")
def other(host: Installed, sandbox: Sandbox) -> Path:
    path = host.out / "other.blend"
    host.piece(f"bpy.ops.wm.save_as_mainfile(filepath={str(path)!r})", sandbox)
    return path


def opened(path: Path, *sources: str) -> str:
    return f"bpy.ops.wm.open_mainfile(filepath={str(path)!r})\n" + "\n".join(sources)


def test_killed_edit_comes_back_equal_in_its_own_document(
    host: Installed, sandbox: Sandbox, shot: Path, other: Path
) -> None:
    """A film-transparent render: alpha and pixels are those that would have arrived."""
    whole = host.piece(
        opened(
            shot,
            RENDER.format(seed=1),
            "import base64; bpy.ops.fluxdepth.edit(); (data,) = results().values()",
            "bpy.ops.wm.save_mainfile(); answer = base64.b64encode(data).decode()",
            "bpy.data.images.remove(next(one for one in bpy.data.images if 'fluxdepth_edit' in one))",
            "bpy.ops.wm.save_mainfile()",
        ),
        sandbox,
    )
    sandbox.latency = 5.0  # it is killed as soon as the service has taken it
    host.piece(
        opened(shot, RENDER.format(seed=1), "kill_when('taken'); bpy.ops.fluxdepth.edit()"), sandbox, killed=True
    )
    sandbox.latency = 0.0
    done, images = host.piece(opened(other, BRING), sandbox)
    assert (done, images) == (["CANCELLED"], {}), "it belongs to another file"
    done, images = host.piece(opened(shot, BRING), sandbox)
    assert done == ["FINISHED"]
    assert list(images.values()) == [whole]
    assert base64.b64decode(whole).startswith(b"\x89PNG")
    assert sandbox.taken == 2


def test_result_that_was_not_saved_is_offered_until_it_is(host: Installed, sandbox: Sandbox, shot: Path) -> None:
    """It arrived, and Blender ended without saving: the file does not have it."""
    host.piece(opened(shot, RENDER.format(seed=2), "bpy.ops.fluxdepth.edit(); assert results()"), sandbox)
    done, images = host.piece(opened(shot, BRING, "bpy.ops.wm.save_mainfile()"), sandbox)
    assert (done, len(images)) == (["FINISHED"], 1)
    done, again = host.piece(opened(shot, BRING), sandbox)
    assert (done, again) == (["CANCELLED"], images), "it is in the file, so there is nothing to bring in"
    assert sandbox.taken == 1


def test_result_of_a_file_that_never_had_a_name_comes_into_any(host: Installed, sandbox: Sandbox, other: Path) -> None:
    host.piece("small_render()\n" + RENDER.format(seed=3) + "bpy.ops.fluxdepth.edit(); assert results()", sandbox)
    done, images = host.piece(opened(other, BRING), sandbox)
    assert (done, len(images)) == (["FINISHED"], 1)
    assert sandbox.taken == 1
