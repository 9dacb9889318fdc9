"""History… and what Settings… says of it: edits of every state, of both hosts and the command, in the real window."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage, sniff
from shared.storage.entries import ALPHA, Destination, EditState, Job
from shared.storage.journal import Journal
from tests.hosts import Gimp
from tests.sandbox import Sandbox

from .conftest import PHOTO, Inside, installed
from .desk import Desk
from .test_windows import EDIT, HISTORY, SETTINGS

QUESTION = "^Flux Depth$"
XCF = Destination("gimp", "/pictures/Häuser.xcf", "gimp#1", "Häuser.xcf")
SCENE = Destination("blender", "/scenes/hall.blend", "blender#1", "hall.blend")
FRAMES = Destination("command", "/scenes/shot.blend", "command#1", "shot.blend", {}, ("/out/frame-0001.png",))
HERE = "Photo"  # what the open image is called while it has no file


def result(side: tuple[int, int], turn: int = 0, format: str = "png", alpha: bool = False) -> EncodedImage:
    """The photo, other colours for each ``turn``, transparent in the middle with ``alpha``."""
    data = io.BytesIO()
    with Image.open(PHOTO) as photo:
        hue, *rest = photo.convert("RGB").resize(side).convert("HSV").split()
        turned = Image.merge("HSV", (hue.point(lambda value: (value + turn) % 256), *rest)).convert("RGB")
    if alpha:
        turned.putalpha(Image.radial_gradient("L").resize(side))
    turned.save(data, {"jpg": "JPEG"}.get(format, format))
    return sniff(data.getvalue())


def kept(
    journal: Journal, prompt: str, destination: Destination, picture: EncodedImage | None = None, **changes: Any
) -> Job:
    """An edit of the history; done and safe where it has a ``picture`` and nothing else is said."""
    edits = [DepthEdit.checked({"prompt": prompt, "seed": len(prompt)})]
    writer = journal.create(edits, address="https://x", destination=destination)
    if picture:
        writer.keep_result(0, picture)
    writer.update_edit(0, **{"safe": picture is not None, "uuid": f"id-{len(prompt)}", **changes})
    writer.close()
    return writer.job


def every_kind(home: Path) -> Journal:
    """The newest last: all states, both hosts and the command, three formats, portrait and landscape."""
    journal = Journal(home)
    kept(journal, "A failed edit", XCF, state=EditState.FAILED, error="The service did not accept the picture (400).")
    kept(journal, "Stopped early", XCF, state=EditState.STOPPED)
    kept(journal, "Nobody knows of it", XCF, state=EditState.UNCERTAIN)
    kept(journal, "To be fetched from the service", SCENE, state=EditState.TAKEN, uuid="5f0c6d3e-4e0c-4d55-9a3b-77aa")
    kept(journal, "Given up long ago", XCF, state=EditState.TAKEN, discarded=True)
    kept(journal, "Rain on the old town", FRAMES, result((640, 360), 40, "webp"))
    kept(journal, "Haze in the hall of columns", SCENE, result((600, 400), 90, alpha=True))
    kept(journal, "A portrait in the evening light, the wall far behind it dark", XCF, result((300, 520), 150, "jpg"))
    kept(journal, "Bäume im Nebel, the near ones sharp", XCF, result((600, 400), 200), starred=True)
    return journal


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox
        assert sandbox.taken == 0  # nothing here is paid for


def desk_of(gimp: Gimp, package: Path, folder: Path, service: Sandbox, size: tuple[int, int] = (1366, 768)) -> Desk:
    return Desk(installed(gimp, package, folder), size=size, env={"FLUXDEPTH_BASE_URL": service.base_url})


def tiles(desk: Desk) -> list[str]:
    """What the tiles in sight say, in their order."""
    return [one.name for one in desk.look() if one.role == "list item"]
