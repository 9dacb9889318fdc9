"""The source's detail in a smaller result: what comes back, what does not shine through, and that it is registered.

The figures are measured on photos against the effect at full size; `build.py bench detail` has the whole table.
"""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from shared.pictures import detail, finishing, grain, imaging, registration
from shared.pictures.encoded import EncodedImage, sniff
from shared.pictures.registration import Placement
from shared.pictures.sending import Kept, lacks_detail
from tests.bench.detail import EFFECTS, KEPT, PHOTOS, Case, placed, psnr, shifted

TURN = 0.004  # radians: 0.23°
ANEW = ("invert", "unrelated")
ON = {"keep_detail": True}


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("effect", EFFECTS)
def test_no_effect_is_worse_than_plain_enlargement(effect: str, photo: str) -> None:
    for offset in (0.0, 1.0) if effect in ANEW else (0.0,):
        assert Case.of(effect, photo, factor=3, offset=offset).gained >= -0.1


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("effect", KEPT)
@pytest.mark.parametrize(("encoding", "least"), [("png", 8), ("jpeg 95", 5)])
def test_what_was_kept_comes_back(effect: str, photo: str, encoding: str, least: float) -> None:
    case = Case.of(effect, photo, factor=3, encoding=encoding)
    assert case.gained >= least
    assert case.kept.share is not None and case.kept.share > 0.6


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("effect", KEPT)
@pytest.mark.parametrize("offset", [0.5, 1.0])
def test_a_result_that_lies_beside_the_source_is_put_back_to_its_place(effect: str, photo: str, offset: float) -> None:
    case = Case.of(effect, photo, factor=3, offset=offset)
    assert case.gained >= 5
    assert psnr(case.made, case.truth) > 36  # and not half of the way


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("effect", KEPT)
@pytest.mark.parametrize(
    "placement",
    [
        Placement(-2, -1, 1.012, 1.012),
        Placement(1.5, 0, 0.99, 1),
        Placement(1, -1, 1, 1, TURN),
        Placement(-1, -2, 1.01, 1.006, -TURN),
    ],
)
def test_a_result_of_a_little_other_size_or_turned_a_little_is_put_back_to_its_place(
    effect: str, photo: str, placement: Placement
) -> None:
    source = PHOTOS[photo]
    pixels, size = np.asarray(source), (source.width * 2 // 3, source.height * 2 // 3)
    truth, sent = EFFECTS[effect](pixels), source.resize(size, Image.Resampling.LANCZOS)
    came = Image.fromarray(placed(EFFECTS[effect](np.asarray(sent)), placement))
    made, _ = detail.keep(came, source, sent)
    inner = (slice(8, -8), slice(8, -8))  # what the result does not show goes on as its border is
    plain = np.asarray(came.resize(source.size, Image.Resampling.BICUBIC))
    assert psnr(np.asarray(made)[inner], truth[inner]) - psnr(plain[inner], truth[inner]) >= 5


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("effect", ANEW)
def test_nothing_shines_through_what_was_painted_anew(effect: str, photo: str) -> None:
    """Not only in the mean: no pixel is another than in the plain enlargement, but for a trace."""
    case = Case.of(effect, photo, factor=3)
    assert case.kept.share is not None and case.kept.share < 0.02
    off = np.abs(case.made.astype(int) - case.plain)
    assert np.percentile(off, 99.5) <= 2


def test_in_strips_on_many_cores_it_is_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> np.ndarray:
        return Case.made_of("curves", PHOTOS["coffee.png"], factor=3, offset=0.5).made

    whole = made()
    monkeypatch.setattr(detail, "STRIP_PIXELS", 600 * 7)
    assert np.abs(made().astype(int) - whole).max() <= 1  # rounding


def test_half_the_strength_is_half_of_the_detail() -> None:
    source = PHOTOS["coffee.png"]
    small = source.resize((200, 133), Image.Resampling.LANCZOS)
    none, half, full = (
        np.asarray(detail.keep(small, source, small, strength=strength)[0], float) for strength in (0, 0.5, 1)
    )
    assert psnr(none, np.asarray(small.resize(source.size, Image.Resampling.BICUBIC))) > 45
    assert psnr(half, (none + full) / 2) > 45


class TestRegistration:
    @pytest.mark.parametrize("beside", [(0.5, 0.0), (-0.5, 0.5), (1.0, -1.0), (-3.3, 2.6)])
    @pytest.mark.parametrize("effect", ["echo", "light", "haze", "blur"])
    def test_it_finds_where_a_result_lies_to_a_fraction_of_a_pixel(
        self, effect: str, beside: tuple[float, float]
    ) -> None:
        small = PHOTOS["coffee.png"].resize((300, 200), Image.Resampling.LANCZOS)
        moved = shifted(EFFECTS[effect](np.asarray(small)), beside)
        assert offset(tiles(np.asarray(small), moved)) == pytest.approx(beside, abs=0.08)

    @pytest.mark.parametrize("effect", ["invert", "unrelated"])
    def test_it_refuses_what_it_can_not_tell(self, effect: str) -> None:
        small = np.asarray(PHOTOS["coffee.png"].resize((300, 200), Image.Resampling.LANCZOS))
        assert offset(tiles(small, shifted(EFFECTS[effect](small), (1.0, 1.0)))) == (0.0, 0.0)

    def test_what_was_painted_anew_does_not_outvote_the_rest(self) -> None:
        small = np.asarray(PHOTOS["coffee.png"].resize((300, 200), Image.Resampling.LANCZOS))
        moved = shifted(small, (1.0, -0.5)).copy()
        moved[:, :215] = EFFECTS["unrelated"](small)[:, :215]  # 12 of 16 tiles
        assert offset(tiles(small, moved)) == pytest.approx((1.0, -0.5), abs=0.08)

    def test_a_few_tiles_that_agree_by_chance_move_nothing(self) -> None:
        small = np.asarray(PHOTOS["coffee.png"].resize((300, 200), Image.Resampling.LANCZOS))
        found = list(tiles(small, shifted(small, (1.0, 0.0))))
        assert offset(found[:2]) == (0.0, 0.0)
        assert offset(found[:3]) == pytest.approx((1.0, 0.0), abs=0.08)

    def test_a_flat_picture_and_a_tiny_one_have_no_offset(self) -> None:
        flat = np.full((100, 100, 3), 90, np.uint8)
        assert offset(tiles(flat, flat)) == (0.0, 0.0)
        assert registration.places(63, 500) == []

    @pytest.mark.parametrize("effect", ["echo", "light", "curves"])
    @pytest.mark.parametrize(
        "placement",
        [Placement(-2, -1.5, 1.01, 1.01), Placement(1.1, 0.4, 0.993, 1.0), Placement(0.5, -2.0, 1.0, 1.015)],
    )
    def test_it_finds_that_a_result_is_larger_or_smaller(self, effect: str, placement: Placement) -> None:
        small = PHOTOS["coffee.png"].resize((480, 320), Image.Resampling.LANCZOS)
        found = registration.placement(tiles(np.asarray(small), placed(EFFECTS[effect](np.asarray(small)), placement)))
        for at in (0, 1):
            (start, end), wanted = (
                ((one.right, one.down)[at], (one.right, one.down)[at] + (one.wide, one.high)[at] * small.size[at])
                for one in (found, placement)
            )
            assert (start, end) == pytest.approx(wanted, abs=0.15)

    @pytest.mark.parametrize("effect", ["echo", "light", "curves"])
    @pytest.mark.parametrize("placement", [Placement(0.5, -1, turned=TURN), Placement(2, -2, 0.995, 1.01, -2 * TURN)])
    def test_it_finds_that_a_result_is_turned(self, effect: str, placement: Placement) -> None:
        small = PHOTOS["coffee.png"].resize((480, 320), Image.Resampling.LANCZOS)
        found = registration.placement(tiles(np.asarray(small), placed(EFFECTS[effect](np.asarray(small)), placement)))
        for x in (0, small.width):
            for y in (0, small.height):
                assert shown(found, x, y) == pytest.approx(shown(placement, x, y), abs=0.15)

    @pytest.mark.parametrize("placement", [Placement(1.5, -2), Placement(-2, 1, 1.01, 0.99, TURN)])
    def test_the_way_back_is_the_way(self, placement: Placement) -> None:
        assert shown(placement.back(), *shown(placement, 300, 70)) == pytest.approx((300, 70))

    def test_what_the_tiles_err_is_no_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A result in its place, of which some tiles are a little off, is not resampled for it."""
        chance = np.random.default_rng(4)
        monkeypatch.setattr(registration, "_of_one", lambda *_: tuple(chance.normal(0, 0.12, 2)))
        pairs = [(place, (), ()) for place in registration.places(1248, 832)]
        found = [registration.placement(pairs) for _ in range(300)]
        assert sum(one.moved and (one.wide, one.high, one.turned) != (1, 1, 0) for one in found) <= 3

    def test_tiles_that_lie_anywhere_have_no_size_and_are_not_turned(self) -> None:
        chance = np.random.default_rng(3)
        for count in range(3, 17):
            places = registration.places(1248, 832)[:count]
            for _ in range(200):
                found = [((x + 32.0, y + 32.0), tuple(chance.uniform(-7, 7, 2))) for x, y in places]
                for at_all in (found, registration._turned_back(found, registration._turn(found))):
                    fitting = registration._agreeing(at_all, registration._scaled(at_all))
                    assert len(fitting) < 6


def offset(pairs) -> tuple[float, float]:
    """How far a result lies beside, that has the size that it should."""
    found = registration.placement(pairs)
    assert (found.wide, found.high, found.turned) == (1, 1, 0)
    return found.right, found.down


def shown(placement: Placement, x: float, y: float) -> tuple[float, float]:
    """Where a result shows what is at ``x``, ``y`` of what was sent."""
    return (
        placement.wide * x - placement.turned * y + placement.right,
        placement.turned * x + placement.high * y + placement.down,
    )


def tiles(first: np.ndarray, second: np.ndarray):
    for place in registration.places(first.shape[1], first.shape[0]):
        yield place, detail._tile(first.astype(np.float32), place), detail._tile(second.astype(np.float32), place)


class TestGrain:
    def noisy(self, deviation: float) -> Image.Image:
        soft = Image.fromarray(np.tile(np.linspace(60, 190, 600, dtype=np.float32), (400, 1)))
        pixels = np.asarray(soft) + np.random.default_rng(2).normal(0, deviation, (400, 600))
        return Image.merge("RGB", [Image.fromarray(pixels.clip(0, 255).astype(np.uint8))] * 3)

    @pytest.mark.parametrize("deviation", [2.0, 6.0])
    def test_it_is_measured_in_the_quiet_parts(self, deviation: float) -> None:
        picture = np.asarray(self.noisy(deviation), np.float32)
        found = grain.measured(detail._tile(picture, place) for place in registration.places(600, 400))
        assert found == pytest.approx(deviation, rel=0.15)

    def test_what_was_painted_smooth_gets_it_and_what_was_kept_does_not_get_more(self) -> None:
        source = self.noisy(6.0)
        smooth = Image.new("RGB", (200, 133), (120, 130, 140))
        plain, _ = detail.keep(smooth, source, source, grain=0)
        laid, _ = detail.keep(smooth, source, source, grain=1)
        assert np.asarray(plain, float).std(axis=(0, 1)).max() < 1
        assert np.asarray(laid, float).std(axis=(0, 1)) == pytest.approx([6, 6, 6], rel=0.2)
        photo = PHOTOS["coffee.png"]
        small = photo.resize((200, 133), Image.Resampling.LANCZOS)
        kept = (detail.keep(small, photo, small, grain=amount)[0] for amount in (0, 1))
        assert psnr(*map(np.asarray, kept)) > 45


class TestFinished:
    """From the companions' bytes to the file."""

    def parts(self) -> tuple[EncodedImage, bytes, EncodedImage]:
        photo = PHOTOS["coffee.png"]
        sent = imaging.encode(photo, format="png", longest_side=200)
        source = imaging.source_of(photo, sent)
        assert source is not None
        return sent, source, sent

    def test_a_smaller_result_becomes_as_large_as_its_source(self) -> None:
        result, source, sent = self.parts()
        done = finishing.finished(result, ON, source=source, sent=sent)
        assert (done.image.width, done.image.height) == (600, 400)
        assert done.kept and (done.kept.came, done.kept.made) == ((200, 133), (600, 400))
        assert psnr(np.asarray(imaging.decode(done.image.data)), np.asarray(PHOTOS["coffee.png"])) > 38

    @pytest.mark.parametrize("settings", [{}, {"keep_detail": False}, {"keep_detail": "yes"}])
    def test_where_it_is_not_asked_for_the_bytes_are_the_services(self, settings: dict[str, object]) -> None:
        result, source, sent = self.parts()
        assert finishing.finished(result, settings, source=source, sent=sent) == finishing.Finished(result)

    def test_one_that_is_as_large_or_of_another_shape_stays_as_it_came(self) -> None:
        result, source, sent = self.parts()
        for size in ((600, 400), (900, 600), (200, 200)):
            other = imaging.filed(Image.new("RGB", size), "png")
            assert finishing.finished(other, ON, source=source, sent=sent) == finishing.Finished(other)

    def test_a_source_that_was_sent_as_it_is_needs_no_file_of_its_own(self) -> None:
        photo = PHOTOS["coffee.png"]
        sent = imaging.encode(photo, format="png", longest_side=0)
        assert imaging.source_of(photo, sent) is None
        result = imaging.encode(photo, format="png", longest_side=200)
        done = finishing.finished(result, ON, sent=sent)
        assert psnr(np.asarray(imaging.decode(done.image.data)), np.asarray(photo)) > 45

    def test_a_source_that_can_not_be_read_is_told_and_the_result_comes_all_the_same(self) -> None:
        result, source, sent = self.parts()
        for data in (source[: len(source) // 2], b"nothing"):
            done = finishing.finished(result, ON, source=data, sent=sent)
            assert done.image == result and "is not kept" in done.problem

    def test_transparency_is_put_back_behind_the_detail(self) -> None:
        result, source, sent = self.parts()
        alpha = Image.linear_gradient("L").resize((600, 400))
        done = finishing.finished(result, ON, source=source, sent=sent, alpha=imaging.stored_alpha(alpha))
        image = imaging.decode(done.image.data)
        assert (image.mode, image.size, done.image.format) == ("RGBA", (600, 400), "png")
        assert np.array_equal(np.asarray(image)[..., 3], np.asarray(alpha))

    def test_the_file_is_of_the_results_kind(self) -> None:
        _, source, sent = self.parts()
        for kind, wanted in (("png", "png"), ("jpg", "jpg"), ("webp", "png")):
            stream = io.BytesIO()
            imaging.decode(sent.data).save(stream, {"jpg": "JPEG"}.get(kind, kind))
            assert finishing.finished(sniff(stream.getvalue()), ON, source=source, sent=sent).image.format == wanted


def test_what_it_says_of_itself() -> None:
    kept = Kept((1248, 832), (6000, 4000), 0.62)
    assert kept.factor == pytest.approx(4.81, abs=0.01)
    assert lacks_detail(kept.came, kept.made) and not lacks_detail(kept.made, kept.came)
    assert dataclasses.replace(kept, share=None).share is None
