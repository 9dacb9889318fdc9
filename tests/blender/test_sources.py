"""Each source × each kind of picture × each kind of result goes through the real button once. The table is printed."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.sandbox import Sandbox

from .conftest import Installed, tell_at_the_end
from .controls import Controls
from .window import Window

pytestmark = pytest.mark.full

PREPARE = """
import tempfile, pathlib
def image(width=48, height=32, source="GENERATED", **how):
    made = bpy.data.images.new("kind", width, height, **how)
    made.generated_type = "COLOR_GRID"
    if source == "CLEAR":
        half = width * height // 2
        made.pixels.foreach_set([0.8, 0.3, 0.1, 0.25] * half + [0.1, 0.6, 0.4, 1] * half)
        made.update()
    if source in ("FILE", "PACKED"):
        made.filepath_raw = str(pathlib.Path(tempfile.mkdtemp()) / "kind.png")
        made.file_format = "PNG"
        made.save()
    if source == "PACKED":
        made.pack()
    chosen.source, chosen.image = "IMAGE", made
scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 36, 100
bpy.context.preferences.view.render_display_type = "NONE"
chosen.upload_format, chosen.longest_side = "auto", 2048
"""


class Kind(NamedTuple):
    """A picture: what makes it, its result's size, whether that is to be transparent, and whether it was sent smaller.

    Such a result is made anew, with the source's detail, and is then a JPEG or a PNG.
    """

    source: str
    name: str
    make: str
    size: tuple[int, int] | None
    clear: bool = False
    smaller: bool = False


KINDS = [
    Kind("Image", "byte, generated", "image()", (48, 32)),
    Kind("Image", "float, generated", "image(float_buffer=True)", (48, 32)),
    Kind("Image", "Non-Color", "image(is_data=True)", (48, 32)),
    Kind("Image", "alpha", "image(source='CLEAR', alpha=True)", (48, 32), True),
    Kind("Image", "float, alpha", "image(source='CLEAR', alpha=True, float_buffer=True)", (48, 32), True),
    Kind("Image", "file", "image(source='FILE')", (48, 32)),
    Kind("Image", "packed", "image(source='PACKED')", (48, 32)),
    Kind("Image", "tiny", "image(3, 2)", (3, 2)),
    Kind("Image", "huge", "image(5000, 3000)", (5000, 3000), smaller=True),
    Kind("Render Result", "opaque", "bpy.ops.render.render(); chosen.source = 'RENDER'", (64, 36)),
    Kind(
        "Render Result",
        "film transparent",
        "scene.render.film_transparent = True; bpy.ops.render.render(); chosen.source = 'RENDER'",
        (64, 36),
        True,
    ),
    Kind("Render Now", "opaque", "chosen.source = 'RENDER_NOW'", (64, 36)),
    Kind(
        "Render Now",
        "film transparent",
        "scene.render.film_transparent = True; chosen.source = 'RENDER_NOW'",
        (64, 36),
        True,
    ),
    Kind("3D Viewport", "solid", "chosen.source = 'VIEWPORT'", None),
]


@pytest.mark.parametrize("file_format", ["png", "jpg", "webp"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.source} {kind.name}")
def test_source(fresh: Window, host: Installed, sandbox: Sandbox, kind: Kind, file_format: str) -> None:
    controls = Controls(fresh)
    controls.watch("")
    controls.open("VIEW_3D")
    fresh.do(f"{PREPARE}chosen.format = {file_format!r}; {kind.make}")
    controls.settle()
    controls.use("operator", "fluxdepth.edit")
    fresh.wait_for("desk.tickets and not desk.tickets[-1].active")
    state, error, warnings = fresh.do("""
ticket = desk.tickets[-1]
answer = [ticket.state.name, str(ticket.error or ""), list(ticket.warnings)]
""")
    assert state == "ARRIVED", error
    assert warnings == []
    size, channels, kept_format, packed = fresh.do("""
result = bpy.data.images[ticket.images[0]]
answer = [list(result.size), min(list(result.pixels)[3::4]), result.file_format, bool(result.packed_file)]
""")
    assert packed
    anew = kind.clear or (kind.smaller and file_format != "jpg")
    assert kept_format == ("PNG" if anew else {"jpg": "JPEG"}.get(file_format, file_format.upper()))
    assert (channels < 0.9) is kind.clear, "its transparency"
    if kind.size:
        assert tuple(size) == kind.size
    assert sandbox.taken == 1 and sandbox.at("submit")[0].json["promptObject"]["format"] == file_format
    title = f"Sources through the window of Blender {host.host.version}"
    tell_at_the_end(title, kind.source, kind.name, file_format, f"{size[0]}×{size[1]} {kept_format}")
