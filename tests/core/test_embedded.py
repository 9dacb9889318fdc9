"""The settings inside a result's file: every kind, the pixels untouched, others' metadata kept, nothing private."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zlib
from xml.etree import ElementTree

import pytest
from PIL import Image, PngImagePlugin

from shared.errors import PictureError
from shared.model import models, presets
from shared.model.edit import DepthEdit
from shared.pictures import embedded
from shared.pictures.embedded import NAMESPACE, settings_in, with_settings
from shared.pictures.encoded import sniff
from tests.core.conftest import DATA

PROMPT = "“haze” <far> & behind]]> 夕焼け 👩‍🚀 \n--> </fluxdepth:edit> \\u003c"
EDIT = DepthEdit.checked({"prompt": PROMPT, "seed": 2**32 - 1, "guidance": 4.5})
RECORD = {
    "version": 1,
    "model": EDIT.model.id,
    "settings": dict(EDIT.values),
    "host_settings": {"variations": 4, "longest_side": 1024, "result": "layer", "source": "/home/artist/secret"},
    "origin": {"file": "/home/artist/secret.blend"},
    "uuid": "the-vendors-id",
    "job": "20261126-214327-75fdf1c2",
    "index": 2,
    "variations": 4,
    "created": 5.5,
}
GIVEN_AWAY = {
    "version": 1,
    "model": EDIT.model.id,
    "settings": dict(EDIT.values),
    "host_settings": {"variations": 4, "longest_side": 1024},
    "index": 2,
    "variations": 4,
    "created": 5.5,
}


def picture(mode: str = "RGB") -> Image.Image:
    image = Image.radial_gradient("L").resize((61, 43)).convert("RGB")
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def file(kind: str, mode: str = "RGB", **options: object) -> bytes:
    opened = io.BytesIO()
    picture(mode).save(opened, kind, **options)
    return opened.getvalue()


ICC = b"profile" * 200
EXIF = Image.Exif()
EXIF[0x010E] = "another program's"
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    b' xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="kept"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
FILES = {
    "png": file("PNG"),
    "png, transparent": file("PNG", "RGBA"),
    "png, exif, icc": file("PNG", icc_profile=ICC, exif=EXIF),
    "jpg": file("JPEG"),
    "jpg, progressive": file("JPEG", progressive=True),
    "jpg, exif, icc, xmp": file("JPEG", exif=EXIF, icc_profile=ICC, xmp=XMP),
    "jpg, the photo": (DATA / "rocket.jpg").read_bytes(),
    "webp": file("WEBP", quality=90),
    "webp, lossless": file("WEBP", lossless=True),
    "webp, lossless, transparent": file("WEBP", "RGBA", lossless=True),
    "webp, transparent": file("WEBP", "RGBA", quality=80),
    "webp, exif, icc, xmp": file("WEBP", exif=EXIF, icc_profile=ICC, xmp=XMP),
    "png, bytes behind": file("PNG") + b"behind",
    "jpg, bytes behind": file("JPEG") + b"\xff\xd9behind",
    "webp, bytes behind": file("WEBP") + b"behind",
}


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("kind", FILES)
def test_what_is_written_comes_back_and_the_picture_is_the_same(kind: str) -> None:
    data = FILES[kind]
    assert settings_in(data) is None
    written = with_settings(data, RECORD)
    assert settings_in(written) == GIVEN_AWAY
    before, after = opened(data), opened(written)
    assert (after.mode, after.size, after.tobytes()) == (before.mode, before.size, before.tobytes())
    assert after.getexif() == before.getexif() and after.info.get("icc_profile") == before.info.get("icc_profile")
    assert (sniff(written).format, sniff(written).width, sniff(written).height) == (sniff(data).format, *before.size)
    assert written.endswith(data[-6:]) or ("webp" in kind and "behind" not in kind)
    fitting = presets.reused(settings_in(written) or {}, models.DEFAULT)
    assert fitting.values == dict(EDIT.values) and not fitting.problems


@pytest.mark.parametrize("kind", FILES)
def test_written_again_it_is_there_once(kind: str) -> None:
    once = with_settings(FILES[kind], {**RECORD, "index": 0})
    twice = with_settings(once, RECORD)
    assert (settings_in(twice) or {})["index"] == 2
    assert twice == with_settings(FILES[kind], RECORD)
    assert twice.count(b"the-vendors-id") == 0 and len(twice) == len(once)


@pytest.mark.parametrize("kind", FILES)
def test_nothing_private_goes_along(kind: str) -> None:
    written = with_settings(FILES[kind], RECORD)
    for private in (b"secret", b"artist", b"the-vendors-id", b"20261126"):
        assert private not in written


@pytest.mark.parametrize("kind", ["jpg, exif, icc, xmp", "webp, exif, icc, xmp"])
def test_another_programs_packet_keeps_what_it_says(kind: str) -> None:
    packet = opened(with_settings(FILES[kind], RECORD)).info["xmp"]
    tree = ElementTree.fromstring(packet[packet.index(b"<x:xmpmeta") : packet.index(b"<?xpacket end")])
    (one, two) = tree[0]
    assert "kept" in one.attrib.values()
    assert json.loads(two[0].text or "") == GIVEN_AWAY and two[0].tag == f"{{{NAMESPACE}}}edit"


def test_an_extended_webp_says_in_front_what_is_in_it() -> None:
    for kind, data in FILES.items():
        if "webp" in kind:
            flags = with_settings(data, RECORD)[20]
            assert (bool(flags & 0x04), bool(flags & 0x10)) == (True, "transparent" in kind), kind
            assert bool(flags & 0x08) is bool(flags & 0x20) is ("exif" in kind), kind


def test_a_bomb_of_text_is_not_unpacked() -> None:
    data = png_chunk(b"zTXt", b"fluxdepth-edit\0\0" + zlib.compress(bytes(50_000_000)))
    tracemalloc.start()
    try:
        assert settings_in(data) is None
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_jfif_and_exif_come_first_in_a_jpeg() -> None:
    written = with_settings(FILES["jpg"], RECORD)
    assert written[2:4] == b"\xff\xe0" and written[6:10] == b"JFIF"
    segments = [marker for marker, _ in embedded._segments(with_settings(FILES["jpg, exif, icc, xmp"], RECORD))[0]]
    assert segments[:4] == [0xE0, 0xE1, 0xE1, 0xE2] or segments[:3] == [0xE0, 0xE1, 0xE1]


def test_other_readers_find_it() -> None:
    assert json.loads(opened(with_settings(FILES["png"], RECORD)).info["fluxdepth-edit"]) == GIVEN_AWAY
    assert NAMESPACE.encode() in opened(with_settings(FILES["webp"], RECORD)).info["xmp"]


TEXT = json.dumps(GIVEN_AWAY)


def png_with(**texts: bool) -> bytes:
    """A PNG whose text was written by another program: as iTXt or tEXt, compressed or not."""
    info = PngImagePlugin.PngInfo()
    if texts.get("international"):
        info.add_itxt("fluxdepth-edit", json.dumps(GIVEN_AWAY, ensure_ascii=False), zip=texts["packed"])
    else:
        info.add_text("fluxdepth-edit", TEXT, zip=texts["packed"])
    return file("PNG", pnginfo=info)


@pytest.mark.parametrize("international", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_a_text_that_another_program_wrote_anew_is_read(international: bool, packed: bool) -> None:
    assert settings_in(png_with(international=international, packed=packed)) == GIVEN_AWAY


def test_a_packet_that_another_program_wrote_anew_is_read() -> None:
    quoted = TEXT.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&#x3C;")
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description rdf:about=""\n'
        f' xmlns:ns1 = "{NAMESPACE}"\n ns1:edit="{quoted}"/></rdf:RDF></x:xmpmeta>'
    )
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet)
    for data in (file("JPEG", xmp=packet.encode()), file("WEBP", xmp=packet.encode()), file("PNG", pnginfo=info)):
        assert settings_in(data) == GIVEN_AWAY
        newer = with_settings(data, {**RECORD, "index": 1})
        assert (settings_in(newer) or {})["index"] == 1


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_chunk(name: bytes, content: bytes) -> bytes:
    data = FILES["png"]
    return data[:33] + chunk(name, content) + data[33:]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        FILES["png"][:40],
        FILES["jpg"][:40],
        FILES["webp"][:40],
        png_chunk(b"tEXt", b"fluxdepth-edit"),
        png_chunk(b"tEXt", b"fluxdepth-edit\0no JSON"),
        png_chunk(b"tEXt", b"fluxdepth-edit\0[1]"),
        png_chunk(b"tEXt", b'fluxdepth-edit\0{"settings": 5}'),
        png_chunk(b"tEXt", b"fluxdepth-edit\0" + b"[" * 200_000),
        png_chunk(b"iTXt", b"fluxdepth-edit\0"),
        png_chunk(b"iTXt", b"fluxdepth-edit\0\1\0\0\0no zlib"),
        png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"<" * 1000),
    ],
)
def test_what_holds_no_settings_raises_nothing(data: bytes) -> None:
    assert settings_in(data) is None


@pytest.mark.parametrize("data", [b"", b"GIF89a", FILES["png"][:50], FILES["jpg"][:50], FILES["webp"][:50]])
def test_what_cannot_take_them_says_so(data: bytes) -> None:
    with pytest.raises(PictureError, match="saved without them"):
        with_settings(data, RECORD)


def test_a_prompt_too_long_for_a_jpeg_says_so_and_fits_elsewhere() -> None:
    long = {**RECORD, "settings": {**EDIT.values, "prompt": "x" * 70_000}}
    with pytest.raises(PictureError, match="too long for a JPEG"):
        with_settings(FILES["jpg"], long)
    for kind in ("png", "webp"):
        assert (settings_in(with_settings(FILES[kind], long)) or {})["settings"] == long["settings"]


def test_a_truncated_file_of_ours_never_breaks_the_reader() -> None:
    for kind in ("png", "jpg, exif, icc, xmp", "webp, exif, icc, xmp"):
        written = with_settings(FILES[kind], RECORD)
        for end in range(0, len(written), 7):
            settings_in(written[:end])
