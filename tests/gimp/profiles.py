"""Colour profiles (ICC.1:2001-04, version 2) such as cameras, scanners and other programs put into their pictures.

Those that GIMP itself can make are not here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

D50 = np.array([0.9642, 1.0, 0.8249])
# The columns are red, green and blue in XYZ, adapted to D50.
PROPHOTO = np.array([[0.7977, 0.1352, 0.0313], [0.2880, 0.7119, 0.0001], [0.0, 0.0, 0.8249]])
ADOBE = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])
BLACK = 0.012  # of a table profile: the black of a print, as Y; 10 of L*
GRID = 17  # of a table, each way


def prophoto() -> bytes:
    """A wide space with a curve of gamma 1.8; its blue lies outside what can be seen."""
    colours = {f"{name}XYZ".encode(): _xyz(PROPHOTO[:, column]) for column, name in enumerate("rgb")}
    curves = {f"{name}TRC".encode(): _gamma(1.8) for name in "rgb"}
    return _profile(b"mntr", b"RGB ", b"XYZ ", {**colours, **curves})


def table() -> bytes:
    """RGB by tables, as of a scanner or a printer: no matrix says it, and its black is not black."""
    to_lab = _table(lambda rgb: _lab_numbers(_lab(rgb**2.2 @ (ADOBE * (1 - BLACK)).T + BLACK * D50)))
    from_lab = _table(lambda lab: _from_xyz(_xyz_of(_lab_of(lab))))
    # For both intents: where there is none for the relative one, no black point is sought.
    tags = {b"A2B0": to_lab, b"A2B1": to_lab, b"B2A0": from_lab, b"B2A1": from_lab}
    return _profile(b"scnr", b"RGB ", b"Lab ", tags)


def dot_gain() -> bytes:
    """Gray as of a printing press with 20 % dot gain, which layout programs save; its class is that of a printer."""
    ink = 1 - np.linspace(0, 1, 256)
    darker = ink + 4 * 0.2 * ink * (1 - ink)
    return _profile(b"prtr", b"GRAY", b"XYZ ", {b"kTRC": _curve(1 - darker)})


def _profile(kind: bytes, colours: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    words = b"Flux Depth test"
    described = b"desc" + bytes(4) + struct.pack(">I", len(words) + 1) + words + b"\0" + bytes(78)
    tags = {b"desc": described, b"cprt": b"text" + bytes(4) + b"None\0", b"wtpt": _xyz(D50), **tags}
    at = 128 + 4 + 12 * len(tags)
    directory, content = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        directory += struct.pack(">4sII", name, at + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", at + len(content), bytes(4), 0x02400000, kind, colours, connection)
    header += struct.pack(">6H4s", 2025, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _numbers(D50) + bytes(48)
    return header + directory + content


def _xyz(value: Array) -> bytes:
    return b"XYZ " + bytes(4) + _numbers(value)


def _numbers(values: Array) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))


def _gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256)) + bytes(2)


def _curve(values: Array) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">I", len(values)) + _sixteen_bits(values)


def _sixteen_bits(values: Array) -> bytes:
    return (values.clip(0, 1) * 65535).round().astype(">u2").tobytes()


def _table(function: Callable[[Array], Array]) -> bytes:
    """``function`` (N×3 → N×3, all 0–1) as a 16-bit table."""
    steps = np.linspace(0, 1, GRID)
    points = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    straight = _sixteen_bits(np.array([0.0, 1.0] * 3))
    head = b"mft2" + bytes(4) + bytes([3, 3, GRID, 0]) + _numbers(np.eye(3).ravel()) + struct.pack(">2H", 2, 2)
    return head + straight + _sixteen_bits(function(points)) + straight


def _lab(xyz: Array) -> Array:
    ratio = xyz / D50
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def _xyz_of(lab: Array) -> Array:
    y = (lab[:, 0] + 16) / 116
    root = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], -1)
    ratio = np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    return np.asarray(ratio * D50)


# L*a*b* as the numbers of a version 2 table: 100 is 0xFF00, and 0 of a* and b* is 0x8000.


def _lab_numbers(lab: Array) -> Array:
    return np.stack([lab[:, 0] * 652.8, (lab[:, 1] + 128) * 256, (lab[:, 2] + 128) * 256], -1) / 65535


def _lab_of(numbers: Array) -> Array:
    numbers = numbers * 65535
    return np.stack([numbers[:, 0] / 652.8, numbers[:, 1] / 256 - 128, numbers[:, 2] / 256 - 128], -1)


def _from_xyz(xyz: Array) -> Array:
    linear = (xyz - BLACK * D50) @ np.linalg.inv(ADOBE * (1 - BLACK)).T
    return np.asarray(linear.clip(0, 1) ** (1 / 2.2))
