"""Raw pixels to files and back: what a host hands over is what the service gets to see."""

from __future__ import annotations

import array
import io
import sys

import numpy as np
import pytest
from PIL import Image

from shared.errors import PictureError
from shared.pictures import encoded as picture, imaging

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def decoded(encoded):
    return np.asarray(Image.open(io.BytesIO(encoded.data)).convert("RGB"))


def noise(width, height, channels=3):
    return np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)


def smooth(width, height):
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.dstack([across, down, 255 - across]).astype(np.uint8)


class TestPicture:
    @pytest.mark.parametrize(("order", "sent"), [("RGB", bytes(RED)), ("BGR", bytes(BLUE)), ("L", b"\x07")])
    def test_bytes_in_every_order(self, order, sent):
        image = imaging.picture(imaging.Pixels(sent, 1, 1, order))
        assert image.mode == "RGB"
        assert image.getpixel((0, 0)) == ((7, 7, 7) if order == "L" else RED)

    def test_bottom_up_rows_are_turned_over(self):
        image = imaging.picture(imaging.Pixels(bytes(RED + BLUE), 1, 2, "RGB", bottom_up=True))
        assert [image.getpixel((0, 0)), image.getpixel((0, 1))] == [BLUE, RED]

    @pytest.mark.parametrize("width, height", [(1, 1), (7, 5), (1021, 1031)])
    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_display_encoded_floats_keep_every_byte(self, width, height, channels):
        values = noise(width, height, channels)
        floats = np.ascontiguousarray(values[::-1], np.float32) / np.float32(255)
        order = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
        image = imaging.picture(imaging.Pixels(memoryview(floats), width, height, order, "float", bottom_up=True))
        assert np.array_equal(np.asarray(image)[..., :channels], values)

    def test_linear_floats_follow_the_srgb_curve(self):
        linear = np.linspace(-0.2, 1.2, 4096, dtype=np.float32)
        row = np.repeat(linear[:, None], 4, axis=1)
        row[:, 3] = 1
        image = imaging.picture(imaging.Pixels(row.tobytes(), 4096, 1, "RGBA", "linear"))
        cut = np.clip(linear, 0, 1)
        expected = np.where(cut <= 0.0031308, cut * 12.92, 1.055 * cut ** (1 / 2.4) - 0.055) * 255
        assert np.abs(np.asarray(image)[0, :, 0] - expected).max() <= 0.75

    def test_light_far_above_one_is_white_and_not_black(self):
        samples = array.array("f", [1e9, float("inf"), 65504.0])
        assert imaging.picture(imaging.Pixels(samples.tobytes(), 1, 1, "RGB", "linear")).getpixel((0, 0)) == WHITE

    @pytest.mark.parametrize("kind", ["float", "linear"])
    def test_what_is_no_number_is_black_and_what_is_too_large_is_white(self, kind):
        samples = np.array([np.nan, -np.inf, np.inf, -1, 2, 0, 1, np.nan], np.float32)
        image = np.asarray(imaging.picture(imaging.Pixels(samples.tobytes(), 8, 1, "L", kind)))
        assert image[0, :, 0].tolist() == [0, 0, 255, 0, 255, 0, 255, 0]

    def test_premultiplied_alpha_is_taken_out_of_linear_colour(self):
        samples = array.array("f", [0.5, 0.25, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0])
        image = imaging.picture(imaging.Pixels(samples.tobytes(), 2, 1, "RGBA", "linear", premultiplied=True))
        assert image.getpixel((0, 0)) == (255, 188, 0, 128)
        assert image.getpixel((1, 0))[3] == 0
        straight = imaging.picture(imaging.Pixels(samples.tobytes(), 2, 1, "RGBA", "linear"))
        assert straight.getpixel((0, 0)) == (188, 137, 0, 128)


class TestEncode:
    @pytest.mark.parametrize(
        ("mode", "colour", "plain"),
        [("RGB", RED, True), ("RGBA", (1, 2, 3, 0), True), ("RGBA", (1, 2, 3, 255), True), ("RGBA", None, False)],
    )
    def test_one_single_colour_is_told(self, mode, colour, plain):
        image = Image.new(mode, (8, 8), colour or (9, 9, 9, 255))
        if colour is None:
            image.putpixel((3, 3), (9, 9, 9, 254))
        assert imaging.is_plain(image) is plain

    def test_white_shows_where_the_picture_is_transparent(self):
        image = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
        image.paste((0, 0, 0, 128), (0, 0, 4, 8))
        sent = decoded(imaging.encode(image, format="png", longest_side=0))
        assert tuple(sent[0, 7]) == WHITE
        assert abs(int(sent[0, 0, 0]) - 127) <= 1

    @pytest.mark.parametrize(("size", "expected"), [((1024, 1024), "png"), ((1025, 1024), "jpg"), ((4000, 100), "png")])
    def test_automatic_is_png_up_to_a_megapixel(self, size, expected):
        assert imaging.encode(Image.new("RGB", size), format="auto", longest_side=0).format == expected

    @pytest.mark.parametrize("format", ["jpg", "png", "webp"])
    def test_the_file_is_what_it_says(self, format):
        values = smooth(301, 203)
        encoded = imaging.encode(Image.fromarray(values), format=format, longest_side=0)
        assert picture.sniff(encoded.data) == encoded
        assert (encoded.format, encoded.width, encoded.height) == (format, 301, 203)
        assert np.abs(decoded(encoded).astype(int) - values).mean() <= (0 if format == "png" else 1.5)

    def test_jpeg_keeps_the_colour_of_single_pixels(self):
        stripes = np.zeros((64, 64, 3), np.uint8)
        stripes[:, ::2] = RED
        stripes[:, 1::2] = BLUE
        sent = decoded(imaging.encode(Image.fromarray(stripes), format="jpg", longest_side=0)).astype(int)
        assert np.abs(sent - stripes).mean() < 5  # halved chroma would be off by some 60

    @pytest.mark.parametrize(
        ("size", "longest", "expected"),
        [((4000, 1000), 2048, (2048, 512)), ((1000, 4000), 256, (64, 256)), ((300, 200), 2048, (300, 200))],
    )
    def test_scaled_down_and_never_up(self, size, longest, expected):
        encoded = imaging.encode(Image.new("RGB", size), format="png", longest_side=longest)
        assert (encoded.width, encoded.height) == expected

    def test_a_hairline_keeps_one_pixel(self):
        assert imaging.encode(Image.new("RGB", (8000, 1)), format="png", longest_side=256).height == 1

    def test_a_size_that_the_format_does_not_hold_is_refused_in_words(self):
        with pytest.raises(PictureError, match="16383 px a side"):
            imaging.encode(Image.new("RGB", (16384, 2)), format="webp", longest_side=0)


class TestTransparency:
    def test_an_opaque_picture_has_none(self):
        assert imaging.alpha_of(Image.new("RGB", (2, 2))) is None
        assert imaging.alpha_of(Image.new("RGBA", (2, 2), (1, 2, 3, 255))) is None

    def test_it_returns_to_a_result_of_another_size(self):
        source = Image.new("RGBA", (8, 4), (0, 0, 0, 0))
        source.paste((9, 9, 9, 255), (0, 0, 4, 4))
        jpeg = imaging.encode(Image.new("RGB", (16, 8), RED), format="jpg", longest_side=0)
        result = imaging.with_alpha(imaging.decode(jpeg.data), imaging.alpha_of(source))
        file = imaging.filed(result, "png")
        assert (file.format, file.width, file.height) == ("png", 16, 8)
        image = imaging.decode(file.data)
        assert image.mode == "RGBA"
        assert image.getpixel((1, 4))[3] == 255
        assert image.getpixel((14, 4))[3] == 0

    def test_a_soft_edge_keeps_its_colour_and_no_white_fringe(self):
        source = Image.new("RGBA", (256, 4), (200, 40, 90, 255))
        source.putalpha(Image.linear_gradient("L").rotate(90).resize((256, 4)))
        sent = imaging.encode(source, format="png", longest_side=0)
        back = np.asarray(imaging.with_alpha(imaging.decode(sent.data), imaging.alpha_of(source))).astype(int)
        visible = back[..., 3] >= 32
        assert np.array_equal(back[..., 3], np.asarray(source)[..., 3])
        assert np.abs(back[visible][:, :3] - (200, 40, 90)).max() <= 4  # 8 bits divided by α

    def test_it_can_be_kept_for_a_later_session(self):
        alpha = Image.linear_gradient("L")
        assert np.array_equal(np.asarray(imaging.read_alpha(imaging.stored_alpha(alpha))), np.asarray(alpha))

    def test_a_damaged_result_is_an_error_in_words(self):
        with pytest.raises(PictureError, match="can't be decoded"):
            imaging.decode(b"\x89PNG\r\n\x1a\n nothing")


@pytest.mark.parametrize(("module", "package"), [("PIL.Image", "python3-pil"), ("numpy", "python3-numpy")])
def test_without_a_library_it_says_what_to_install(monkeypatch, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PictureError, match=package):
        imaging.picture(imaging.Pixels(b"\0\0\0", 1, 1, "RGB"))


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_a_small_picture_is_the_whole_one(kind: str) -> None:
    """Upright for Blender, whose rows begin at the bottom."""
    whole = Image.fromarray(smooth(1000, 600))
    small = imaging.icon(imaging.filed(whole, kind).data)
    assert (small.width, small.height, small.bottom_up) == (256, 154, True)
    found = np.frombuffer(small.data, np.uint8).reshape(154, 256, 4)[::-1]
    expected = np.asarray(whole.resize((256, 154), Image.Resampling.BOX)).astype(int)
    assert np.abs(found[..., :3] - expected).max() <= 4 and (found[..., 3] == 255).all()
