"""The source's detail by GEGL in the real GIMP: the same as numpy's, and the same on every way of arrival."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.pictures import detail
from shared.pictures.registration import Placement
from tests.bench.detail import EFFECTS, PHOTOS, encoded, placed, psnr, shifted
from tests.sandbox import Sandbox
from tests.telling import tell_at_the_end

from . import profiles
from .conftest import Inside
from .delta_e import delta_e

TITLE = "The source's detail, GEGL's beside numpy's"
SIZE = (600, 400)
WHOLE = 2 * 1024 * 1024
# Effect, photo, factor, encoding, px beside, of a strip, strength.
CASES = {
    "echo": ("echo", "coffee.png", 3, "png", 0.0, WHOLE, 1.0),
    "in strips": ("curves", "chelsea.png", 3, "jpeg 95", 0.0, 7 * 451, 1.0),
    "light": ("light", "rocket.jpg", 2.5, "png", 0.0, WHOLE, 1.0),
    "beside": ("light", "coffee.png", 3, "png", 0.5, WHOLE, 1.0),
    "of another size": ("light", "coffee.png", 2, "png", 0.0, 50 * 600, 1.0),
    "turned": ("light", "coffee.png", 2, "png", 0.0, 50 * 600, 1.0),
    "sent larger": ("light", "coffee.png", 3, "png", 0.0, WHOLE, 1.0),
    "painted": ("painted", "chelsea.png", 2, "jpeg 95", 0.0, WHOLE, 1.0),
    "unrelated": ("unrelated", "coffee.png", 3, "png", 0.0, WHOLE, 1.0),
    "half as strong": ("echo", "coffee.png", 3, "png", 0.0, WHOLE, 0.5),
}
PLACED = {"of another size": Placement(-2, -1, 1.012, 1.008), "turned": Placement(1, -1, 1.004, 1, 0.005)}
Pictures = dict[str, tuple[Image.Image, Image.Image, Image.Image, float]]


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """What came, its source and what was sent, with the strength."""
    made: Pictures = {}
    for name, (effect, photo, factor, encoding, beside, _, strength) in CASES.items():
        source = PHOTOS[photo]
        size = round(source.width / factor), round(source.height / factor)
        sent = source.resize(size, Image.Resampling.LANCZOS)
        if name in ("beside", "sent larger"):
            sent = source.resize((round(1.64 * size[0]), round(1.64 * size[1])), Image.Resampling.LANCZOS)
        came = EFFECTS[effect](np.asarray(sent.resize(size, Image.Resampling.LANCZOS)))
        if name in PLACED:
            came = placed(came, PLACED[name])
        if beside:
            whole = shifted(EFFECTS[effect](np.asarray(source)), (beside * factor,) * 2)
            came = np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.LANCZOS))
        made[name] = Image.fromarray(encoded(came, encoding)), source, sent, strength
    return made


@pytest.fixture(scope="module")
def notes(
    inside: Inside, sandbox: Sandbox, pictures: Pictures, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("pictures")
    for name, (came, source, sent, _) in pictures.items():
        for what, picture in (("came", came), ("source", source), ("sent", sent)):
            Image.fromarray(np.asarray(picture)).save(folder / f"{name}.{what}.png")  # without a profile
    cases = {
        name: {"strip": strip, "strength": strength, "grain": 0.0} for name, (*_, strip, strength) in CASES.items()
    }
    noisy = 120 + np.random.default_rng(2).normal(0, 6, (SIZE[1], SIZE[0], 1)).repeat(3, axis=2)
    for name, amount in (("smooth", 0.0), ("laid", 1.0)):
        cases[name] = {"strip": 100 * SIZE[0], "strength": 1.0, "grain": amount}
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{name}.source.png")
        for what in ("came", "sent"):
            Image.new("RGB", (256, 171), (120, 130, 140)).save(folder / f"{name}.{what}.png")
    (folder / "table.icc").write_bytes(profiles.table())
    photo = folder / "photo.png"
    PHOTOS["coffee.png"].save(photo)
    return inside.run(
        "detail.py",
        plug_in=str(plug_in_of(inside)),
        pictures=str(folder),
        cases=cases,
        photo=str(photo),
        table=str(folder / "table.icc"),
        size=SIZE,
        service=sandbox.base_url,
        key=sandbox.api_key,
        timeout=280,
    )


def plug_in_of(inside: Inside) -> Path:
    (entry,) = inside.home.rglob("fluxdepth_gimp.py")
    return entry.parent


def of_gegl(inside: Inside, name: str, size: tuple[int, int]) -> np.ndarray:
    data = (inside.out / f"{name}.rgba").read_bytes()
    return np.frombuffer(data, np.uint8).reshape(size[1], size[0], 3)


@pytest.mark.parametrize("name", CASES)
def test_it_is_what_numpy_makes(
    name: str, notes: dict[str, dict[str, Any]], inside: Inside, pictures: Pictures
) -> None:
    came, source, sent, strength = pictures[name]
    ours = of_gegl(inside, name, source.size)
    theirs, kept = detail.keep(came, source, sent, strength=strength)
    difference = np.abs(ours.astype(int) - np.asarray(theirs))
    truth = EFFECTS[CASES[name][0]](np.asarray(source))
    plain, by_gegl, by_numpy = (
        psnr(np.asarray(one), truth) for one in (came.resize(source.size, Image.Resampling.BICUBIC), ours, theirs)
    )
    tell_at_the_end(
        TITLE,
        name,
        f"{plain:.1f} dB plain, {by_gegl:.1f} GEGL, {by_numpy:.1f} numpy; mean difference {difference.mean():.2f}, "
        f"share {notes[name]['share']:.2f} and {kept.share:.2f}, {notes[name]['seconds']:.1f} s",
    )
    assert difference.mean() <= 1
    assert notes[name]["share"] == pytest.approx(kept.share, abs=0.08)
    assert by_gegl >= plain - 0.25  # GEGL's enlargement is softer by so much


@pytest.mark.parametrize("kind", ["plain", "gray", "16-bit", "alpha", "table"])
def test_the_sources_file_is_the_same_in_strips_and_shows_what_was_sent(
    kind: str, notes: dict[str, dict[str, Any]], inside: Inside
) -> None:
    strips, whole = ((inside.out / f"{kind} {name}.jpg").read_bytes() for name in ("strips", "whole"))
    assert (strips.count(b"\xff\xdd\x00\x04"), strips.count(b"\xff\xd0")) == (1, 2)  # of ten strips
    assert b"\xff\xd0" not in whole
    shown, in_strips = (Image.open(io.BytesIO(data)) for data in (whole, strips))
    assert shown.size == SIZE and not shown.info.get("progressive")
    assert np.array_equal(np.asarray(in_strips), np.asarray(shown))
    sent = Image.open(inside.out / f"{kind} sent.png")
    colours = (np.asarray(one.convert("RGB").resize((32, 21), Image.Resampling.BOX), np.int16) for one in (shown, sent))
    assert np.abs(np.subtract(*colours)).mean() < 2  # one was scaled in linear light; without its profile: 9


WAYS = ("first", "new image", "recovered")


def is_same(one: np.ndarray, other: np.ndarray) -> bool:
    """GEGL shares the work among the cores as they are free, and rounds a few values the other way then."""
    difference = np.abs(one.astype(int) - other)
    return bool(difference.max() <= 1 and difference.mean() < 0.001)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_arrival_brings_the_same(way: str, notes: dict[str, dict[str, Any]], inside: Inside) -> None:
    facts = notes[way]
    assert facts["status"] == "success", facts["message"]
    assert (facts["size"], facts["place"]) == (list(SIZE), [0, 0])
    assert facts["kept"]["came"] == [256, 171] and facts["kept"]["made"] == list(SIZE)
    assert facts["kept"]["share"] > 0.8
    made = of_gegl(inside, way, SIZE)
    assert is_same(made, of_gegl(inside, "first", SIZE))
    photo = of_gegl(inside, "the photo", SIZE)
    gained = psnr(made, photo) - psnr(of_gegl(inside, "without", SIZE), photo)
    tell_at_the_end(TITLE, way, f"{gained:+.1f} dB over the plain result")
    assert gained >= 8


@pytest.mark.parametrize("kind", ["gray", "indexed", "linear float", "AdobeRGB"])
def test_a_source_of_any_kind_is_kept(kind: str, notes: dict[str, dict[str, Any]], inside: Inside) -> None:
    assert notes[kind]["status"] == "success", notes[kind]["message"]
    assert notes[kind]["kept"]["share"] > 0.7
    assert psnr(of_gegl(inside, kind, SIZE), of_gegl(inside, f"{kind} source", SIZE)) > 35


def test_it_can_be_left_out(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["without"]["size"] == list(SIZE)
    assert notes["without"]["kept"]["share"] is None
    assert notes["not fitted"]["size"] == [256, 171]
    assert notes["not fitted"]["kept"] is None


def test_strength_and_grain_are_heard(notes: dict[str, dict[str, Any]], inside: Inside) -> None:
    photo, none, half, full, grain = (
        of_gegl(inside, name, SIZE).astype(float) for name in ("the photo", "without", "half", "first", "grain")
    )
    assert psnr(half, (none + full) / 2) > 38
    assert psnr(none, photo) + 2 < psnr(half, photo) < psnr(full, photo) - 2
    assert (grain != full).any() and np.abs(grain - full).mean() < 0.5  # almost all of it has its own


def test_what_was_painted_smooth_gets_grain(inside: Inside, notes: dict[str, dict[str, Any]]) -> None:
    smooth, grainy = (of_gegl(inside, name, SIZE).astype(float) for name in ("smooth", "laid"))
    assert smooth.std(axis=(0, 1)).max() < 1
    assert grainy.std(axis=(0, 1)) == pytest.approx([6, 6, 6], rel=0.2)
    assert psnr(*(grainy[..., channel] - grainy[..., channel].mean() for channel in (0, 1))) > 45  # it is gray


def test_no_seam_at_a_feathered_edge(notes: dict[str, dict[str, Any]], inside: Inside) -> None:
    assert notes["selection"]["status"] == "success", notes["selection"]["message"]
    data = (inside.out / "selection seen.rgba").read_bytes()
    seen = np.frombuffer(data, np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3]
    photo = of_gegl(inside, "the photo", SIZE)
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    away = np.hypot((x - 300) / 150, (y - 200) / 100)
    around = (away > 0.85) & (away < 1.15)
    difference = delta_e(seen[around], photo[around]).mean()
    tell_at_the_end(TITLE, "the edge of a selection", f"mean ΔE2000 {difference:.2f}")
    assert difference <= 1


def test_transparency_is_put_back_behind_it(notes: dict[str, dict[str, Any]], inside: Inside) -> None:
    assert notes["see-through"]["status"] == "success", notes["see-through"]["message"]
    before, after = (
        np.frombuffer((inside.out / f"{name}.rgba").read_bytes(), np.uint8).reshape(SIZE[1], SIZE[0], 4).astype(int)
        for name in ("see-through source", "see-through")
    )
    assert np.abs(before[..., 3] - after[..., 3]).max() <= 1
    opaque = before[..., 3] > 250
    assert np.abs(before[opaque] - after[opaque]).mean() < 1.5  # it was a JPEG meanwhile
    half = (before[..., 3] > 100) & ~opaque
    assert np.abs(before[half] - after[half]).mean() < 6


def test_as_a_layer_of_its_own_it_lies_masked_above_the_plain_result(
    notes: dict[str, dict[str, Any]], inside: Inside
) -> None:
    assert notes["apart"]["status"] == "success", notes["apart"]["message"]
    group, photo = notes["apart"]["layers"]
    assert photo["name"] == "Photo"
    names = [(one["name"].endswith(" · detail"), one["mask"], one["visible"]) for one in group["children"]]
    assert names == [(True, True, True), (False, False, True), (True, True, False), (False, False, False)]
    assert {tuple(one["place"]) for one in group["children"]} == {(0, 0, *SIZE)}
    for name, as_merged in (("detailed", "first"), ("plain", "without")):
        assert is_same(of_gegl(inside, f"apart {name}", SIZE), of_gegl(inside, as_merged, SIZE))


@pytest.mark.full
def test_no_seam_on_24_megapixels(inside: Inside, sandbox: Sandbox) -> None:
    notes = inside.run("seam.py", service=sandbox.base_url, key=sandbox.api_key, timeout=280)
    assert notes["edit"]["status"] == "success", notes["edit"]["message"]
    assert notes["edit"]["kept"]["made"][0] > 2 * notes["edit"]["kept"]["came"][0] > 0
    for name in ("left", "top", "right"):
        before, after = (of_gegl(inside, f"{name} {when}", (600, 600)) for when in ("before", "after"))
        difference = delta_e(before, after).mean()
        tell_at_the_end(TITLE, f"24 megapixels, the edge at the {name}", f"mean ΔE2000 {difference:.2f}")
        assert difference <= 1
