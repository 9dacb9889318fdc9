"""The source's detail in Blender and in the command: a full-size picture, the same on every way of arrival."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.bench.detail import PHOTOS, psnr
from tests.sandbox import Sandbox
from tests.telling import tell_at_the_end

from .commanding import command
from .conftest import HEADLESS, WINDOWED, Installed, checks_of, installed

SCRIPT = "detail.py"
TITLE = "The source's detail in Blender"
SCENE = """
photo = bpy.data.images.load({photo!r})
photo.name, photo.use_fake_user = "photo", True
bpy.context.scene.fluxdepth.longest_side = 256
bpy.ops.wm.save_as_mainfile(filepath={path!r})
"""


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    PHOTOS["coffee.png"].save(path)
    return path


@pytest.fixture(scope="module", params=HEADLESS)
def inside(
    request: pytest.FixtureRequest,
    package: Path,
    photo: Path,
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    host.run(SCRIPT, sandbox, FLUXDEPTH_TEST_PHOTO=str(photo))
    return host


@pytest.mark.parametrize("check", checks_of(SCRIPT))
def test_promise(inside: Installed, check: str) -> None:
    inside.note(check)


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_it_is_the_photo_again(inside: Installed) -> None:
    truth = np.asarray(PHOTOS["coffee.png"])
    came = PHOTOS["coffee.png"].resize((256, 171), Image.Resampling.LANCZOS)
    plain = psnr(np.asarray(came.resize((600, 400), Image.Resampling.BICUBIC)), truth)
    first, half = (read(inside.out / f"{name}.png") for name in ("first", "half"))
    tell_at_the_end(TITLE, inside.host.version, f"{plain:.1f} dB plain, {psnr(first, truth):.1f} with detail")
    assert psnr(first, truth) >= plain + 8
    assert plain + 2 < psnr(half, truth) < psnr(first, truth) - 2
    assert inside.note("check_first")["share"] > 0.8


def test_transparency_is_put_back_behind_it(inside: Installed) -> None:
    made = read(inside.out / "clear.png").astype(int)
    truth = np.asarray(PHOTOS["coffee.png"]).astype(int)
    assert np.abs(made[0, :, 3] - np.arange(600) * 255 / 600).max() <= 1
    right = np.s_[:, 450:]
    assert np.abs(made[right][..., :3] - truth[right]).mean() < 2


@pytest.mark.parametrize("name", WINDOWED)
def test_the_command_writes_it_and_so_does_one_that_resumes(
    request: pytest.FixtureRequest, name: str, package: Path, photo: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    host = installed(request.getfixturevalue(name), package, tmp_path)
    scene = tmp_path / "scene.blend"
    host.piece(SCENE.format(photo=str(photo), path=str(scene)), sandbox)
    out = tmp_path / "out" / "it.png"
    words = ["--image", "photo", "--output", out, "--prompt", "far", "--format", "png"]
    done = command(host, scene, sandbox, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    first = read(out)
    truth = np.asarray(PHOTOS["coffee.png"])
    assert first.shape == truth.shape and psnr(first, truth) > 35
    paid = sandbox.taken
    out.unlink()
    done = command(host, scene, sandbox, *words)  # from the history
    assert done.returncode == 0 and sandbox.taken == paid, done.stdout + done.stderr
    assert np.array_equal(read(out), first)
    out.unlink()
    done = command(host, scene, sandbox, *words, "--no-keep-detail")
    assert done.returncode == 0 and sandbox.taken == paid, done.stdout + done.stderr
    assert read(out).shape == (171, 256, 3)
    (job,) = (host.data_folder / "jobs").glob("*/job.json")
    assert json.loads(job.read_text())["edits"][0]["width"] == 256
