"""The settings of an edit inside its result's file, written and read without touching the pixels.

PNG has a tEXt chunk, JPEG and WebP an XMP packet; what other programs have written there stays. Such files are given
away: they say how to make the picture again, and nothing of the computer, the account or the documents of the artist.

Sources: PNG (ISO/IEC 15948, 11.3.4), JPEG (ITU-T T.81, annex B), WebP container (RFC 9649, 2.7), XMP (ISO 16684-1, and
Adobe's "XMP Specification Part 3" for its place in a JPEG).
"""

from __future__ import annotations

import contextlib
import html
import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import PictureError
from ..language import tr
from ..model.parameters import OF_BOTH_HOSTS
from .encoded import MOST_PARTS, sniff

KEYWORD = b"fluxdepth-edit"
NAMESPACE = "urn:fluxdepth:edit:1"
LARGEST = 1_000_000  # bytes of settings; a long prompt has some thousands
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF_MARK = b"Exif\0"
_LONGEST_SEGMENT = 65533  # bytes in a JPEG's segment


def with_settings(data: bytes, record: Mapping[str, Any]) -> bytes:
    """``data``, a PNG, JPEG or WebP, with what of ``record`` (as a layer carries it) makes the picture again.

    Raises :class:`PictureError` for another kind or a damaged file, and for a prompt too long for a JPEG.
    """
    text = json.dumps(_given_away(record))
    try:
        kind = sniff(data).format
        if kind == "png":
            return _into_png(data, text)
        return _into_jpeg(data, text) if kind == "jpg" else _into_webp(data, text)
    except (ValueError, struct.error, IndexError) as exc:
        raise PictureError(
            tr("The settings can't be written into the file."),
            tr("It is saved without them: {reason}.").format(reason=exc),
        ) from exc


def settings_in(data: bytes) -> dict[str, Any] | None:
    """The record in ``data``, for ``presets.reused`` and ``presets.again``; None when there is none. Raises nothing."""
    with contextlib.suppress(ValueError, struct.error, IndexError, RecursionError, zlib.error):
        for text in _texts(data):
            record = json.loads(text)
            if isinstance(record, dict) and isinstance(record.get("settings"), dict):
                return record
    return None


def _given_away(record: Mapping[str, Any]) -> dict[str, Any]:
    """``record`` without job, id and document, and of the host's settings only what both hosts have."""
    of_host, settings = record.get("host_settings"), record.get("settings")
    shared = {one.name: of_host[one.name] for one in OF_BOTH_HOSTS if one.name in of_host} if of_host else {}
    kept = {name: record[name] for name in ("model", "index", "variations", "created") if name in record}
    return {"version": 1, **kept, "settings": settings, "host_settings": shared}


def _texts(data: bytes) -> Iterator[str]:
    """Every text that may be a record."""
    kind = sniff(data).format
    if kind == "png":
        for name, content in _chunks(data):
            if name in (b"tEXt", b"iTXt", b"zTXt"):
                yield from _png_text(name, content)
    elif kind == "jpg":
        for marker, content in _segments(data)[0]:
            if marker == 0xE1 and content.startswith(_XMP_MARK):
                yield from _in_xmp(content[len(_XMP_MARK) :])
    else:
        for name, content in _riff(data):
            if name == b"XMP ":
                yield from _in_xmp(content)


# XMP.


def _xmp(packet: bytes, text: str) -> bytes:
    """``packet``, or a new one when it is none, with ``text`` as the property."""
    own = (
        f'<rdf:Description rdf:about="" xmlns:fluxdepth="{NAMESPACE}">'
        f"<fluxdepth:edit>{html.escape(text, quote=False)}</fluxdepth:edit></rdf:Description>"
    ).encode()
    before = re.sub(
        rb"<rdf:Description rdf:about=\"\" xmlns:fluxdepth=[^>]*><fluxdepth:edit>[^<]*</fluxdepth:edit>"
        rb"</rdf:Description>",
        b"",
        packet,
    )
    at = before.rfind(b"</rdf:RDF>")
    if at >= 0:
        return before[:at] + own + before[at:]
    return (
        b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        + own
        + b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def _in_xmp(packet: bytes) -> Iterator[str]:
    """The property as an element or as an attribute, under whatever prefix: other programs write the packet anew."""
    xml = packet[:LARGEST].decode("utf-8", "replace")
    found: dict[int, str] = {}  # by where it stands
    for prefix in set(re.findall(rf"xmlns:([\w.-]+)\s*=\s*[\"']{re.escape(NAMESPACE)}[\"']", xml)):
        name = re.escape(f"{prefix}:edit")
        for form in (rf"<{name}>([^<]*)</{name}>", rf"\s{name}\s*=\s*\"([^\"]*)\"", rf"\s{name}\s*=\s*'([^']*)'"):
            found |= {match.start(): match[1] for match in re.finditer(form, xml)}
    yield from (html.unescape(found[at]) for at in sorted(found, reverse=True))  # ours is the last


# PNG.


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    for _ in range(MOST_PARTS):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        yield name, data[at + 8 : at + 8 + length]
        at += 12 + length
        if name == b"IEND":
            return


def _into_png(data: bytes, text: str) -> bytes:
    """The chunk comes right behind the header; an earlier one goes."""
    content = b"tEXt" + KEYWORD + b"\0" + text.encode("latin-1")
    parts, at = [], 8
    for name, old in _chunks(data):
        end = at + 12 + len(old)
        if not (name in (b"tEXt", b"iTXt", b"zTXt") and old.startswith(KEYWORD + b"\0")):
            parts.append(data[at:end])
        at = end
    parts.insert(1, struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content)))
    return data[:8] + b"".join(parts) + data[at:]


def _png_text(name: bytes, content: bytes) -> Iterator[str]:
    keyword, _, rest = content.partition(b"\0")
    if keyword not in (KEYWORD, _XMP_KEYWORD):
        return
    if name == b"iTXt":
        packed, rest = rest[0], rest[2:].split(b"\0", 2)[2]  # behind language and translated keyword
    else:
        packed, rest = int(name == b"zTXt"), rest[1:] if name == b"zTXt" else rest
    if packed:
        rest = zlib.decompressobj().decompress(rest, LARGEST)
    if keyword == KEYWORD:
        yield rest[:LARGEST].decode("utf-8", "replace")
    else:
        yield from _in_xmp(rest)


# JPEG.


def _segments(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Marker and content of each segment before the first scan, and where they end."""
    found: list[tuple[int, bytes]] = []
    at = 2
    while at + 4 <= len(data) and len(found) < MOST_PARTS:
        if data[at] != 0xFF:
            raise ValueError(tr("its JPEG header is damaged"))
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            break
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        found.append((marker, data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found, at


def _into_jpeg(data: bytes, text: str) -> bytes:
    """The packet comes behind JFIF's and Exif's segments, which want to be the first."""
    segments, scan = _segments(data)
    packets = [content[len(_XMP_MARK) :] for marker, content in segments if _is_xmp(marker, content)]
    content = _XMP_MARK + _xmp(packets[0] if packets else b"", text)
    if len(content) > _LONGEST_SEGMENT:
        raise ValueError(tr("they are too long for a JPEG"))
    others = [one for one in segments if not _is_xmp(*one)]
    first = [marker == 0xE0 or (marker == 0xE1 and content.startswith(_EXIF_MARK)) for marker, content in others]
    others.insert((first + [False]).index(False), (0xE1, content))
    written = (struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content for marker, content in others)
    return data[:2] + b"".join(written) + data[scan:]


def _is_xmp(marker: int, content: bytes) -> bool:
    return marker == 0xE1 and content.startswith(_XMP_MARK)


# WebP.


def _riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + int(struct.unpack("<I", data[4:8])[0])
    for _ in range(MOST_PARTS):
        if at + 8 > end:
            return
        name, length = struct.unpack("<4sI", data[at : at + 8])
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _into_webp(data: bytes, text: str) -> bytes:
    """The simple form becomes the extended one, which says in front that there is XMP."""
    chunks = list(_riff(data))
    packet = next((content for name, content in chunks if name == b"XMP "), b"")
    chunks = [one for one in chunks if one[0] != b"XMP "]
    if chunks[0][0] == b"VP8X":
        header = chunks.pop(0)[1]
    else:
        image = sniff(data)
        alpha = chunks[0][0] == b"VP8L" and chunks[0][1][4] & 0x10
        sides = (image.width - 1).to_bytes(3, "little") + (image.height - 1).to_bytes(3, "little")
        header = bytes([0x10 if alpha else 0, 0, 0, 0]) + sides
    chunks.insert(0, (b"VP8X", bytes([header[0] | 0x04]) + header[1:]))
    chunks.append((b"XMP ", _xmp(packet, text)))
    body = b"WEBP" + b"".join(
        struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2) for name, content in chunks
    )
    behind = data[8 + int(struct.unpack("<I", data[4:8])[0]) :]
    return b"RIFF" + struct.pack("<I", len(body)) + body + behind
