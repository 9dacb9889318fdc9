"""What is sent is what is seen: a screenshot of GIMP's own canvas beside the picture that went to the service.

Every source × every kind of image, in GIMP 3.0; ``test_seen_32.py`` does the same in GIMP 3.2. The figures of all cells
are printed at the end of the run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.hosts import Gimp
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from . import profiles
from .canvas import Difference, Picture, chart, difference, picture_on, scaled, see_plainly
from .conftest import installed, tell_at_the_end
from .desk import SCREENS, Desk
from .kinds import HALVED, KINDS, REFUSED, SOURCES, Kind, Step
from .test_stopped import plug_in
from .test_windows import EDIT, finished

MEAN = 1.0  # of 255, and of what is scaled down: the screenshot is scaled by other arithmetic than GEGL's
MEAN_SCALED = 1.5
PATIENCE = 6.0  # seconds for GIMP to draw all of a canvas that stands still already; it takes one
CHART = (303, 211)


@pytest.fixture(scope="module")
def gimp(gimp30: Gimp) -> Gimp:
    """The version that this module looks at."""
    return gimp30


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="echo") as sandbox:
        yield sandbox
        assert sandbox.contract_violations == []


@pytest.fixture(scope="module")
def desk(gimp: Gimp, package: Path, service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """GIMP without an image, with a key."""
    folder = tmp_path_factory.mktemp("seen")
    inside = installed(gimp, package, folder)
    see_plainly(inside)
    inside.data_folder.mkdir()
    (inside.data_folder / "key").write_text(service.api_key)
    settings = {"service_address": service.base_url, "waiting": "sync"}
    (inside.data_folder / "settings.json").write_text(json.dumps(settings))
    for name in ("prophoto", "table", "dot_gain"):
        (folder / name).write_bytes(getattr(profiles, name)())
    with Desk(inside, setup={"answers": "seen", "profiles": str(folder), "seconds": 3600}) as desk:
        yield desk


@contextmanager
def shown(desk: Desk, steps: Sequence[Step], size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """A chart of that size that has gone through the steps, on GIMP's canvas; gives the size of the canvas."""
    picture = chart(desk.inside.out / "chart.png", size)
    desk.screen.xdotool("mousemove", 2, 2)  # over the picture a brush would be drawn
    width, height = desk.ask("open", 60, picture=str(picture), steps=steps)["size"]
    try:
        yield width, height
    finally:
        desk.ask("close")


def seen(desk: Desk, size: tuple[int, int], name: str = "seen") -> Picture:
    """The picture on the canvas, once it stands still."""
    path = SCREENS / f"gimp-{name}-{desk.gimp.series}.png"
    last: list[Picture | None] = [None]

    def still() -> list[Picture]:
        now = picture_on(desk.screen.screenshot(path), size)
        if now is not None and now.min() == now.max():  # on a busy machine it is white before it is drawn
            now = None
        before, last[0] = last[0], now
        return [now] if now is not None and before is not None and np.array_equal(now, before) else []

    (picture,) = desk.wait_for(still, f"a picture of {size} on the canvas of {path}")
    return picture


class Sent:
    """What a job has sent, and the place of it in its image."""

    def __init__(self, desk: Desk, service: Sandbox, job: str) -> None:
        folder = desk.inside.data_folder / "jobs" / job
        (path,) = folder.glob("sent.*")
        data = path.read_bytes()
        assert any(data in request.body for request in service.at("upload"))  # it is what the service got
        with Image.open(path) as picture:
            assert (picture.format, picture.mode) == ("PNG", "RGB")
            self.picture: Picture = np.asarray(picture)
        self.place = json.loads((folder / "job.json").read_text())["destination"]["place"]

    def difference(self, picture: Picture, at: tuple[int, int] = (0, 0)) -> Difference:
        """From what is seen in the same place; ``at`` is where ``picture`` lies in the image."""
        left, top = self.place["x"] - at[0], self.place["y"] - at[1]
        part = picture[top : top + self.place["height"], left : left + self.place["width"]]
        return difference(scaled(part, (self.picture.shape[1], self.picture.shape[0])), self.picture)


def compared(
    desk: Desk, kind: Kind, jobs: dict[str, Sent], size: tuple[int, int], at: tuple[int, int] = (0, 0)
) -> dict[str, Difference]:
    """Each source's difference from the canvas; a canvas that is not drawn to its end is waited for."""
    end = time.monotonic() + PATIENCE
    while True:
        picture = seen(desk, size)
        found = {source: sent.difference(picture, at) for source, sent in jobs.items()}
        if all(one.mean <= bound_of(kind) for one in found.values()) or time.monotonic() > end:
            return found


def bound_of(kind: Kind) -> float:
    return MEAN_SCALED if "longest_side" in kind.values else MEAN


def tell(desk: Desk, source: str, kind: str, figures: str) -> None:
    tell_at_the_end("What is sent beside what is seen, of 255", f"GIMP {desk.gimp.version}", source, kind, figures)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=() if kind.quick else pytest.mark.full, id=kind.name) for kind in KINDS]
)
def test_what_is_sent_is_what_is_seen(kind: Kind, desk: Desk, service: Sandbox) -> None:
    if kind.since > desk.gimp.series:
        pytest.skip(f"GIMP {desk.gimp.series} has no {kind.name}")
    with shown(desk, kind.steps, kind.size) as size:
        replies = desk.ask("send", 120, sources=SOURCES, values=kind.values)
        assert [reply["message"] for reply in replies.values() if reply["status"] != "success"] == []
        sent = {source: Sent(desk, service, *reply["jobs"]) for source, reply in replies.items()}
        found = compared(desk, kind, {"visible": sent.pop("visible")}, size)
        alone = desk.ask("alone")
        found |= compared(desk, kind, sent, tuple(alone["size"]), tuple(alone["at"]))
    for source in SOURCES:
        tell(desk, source, kind.name, f"{found[source].mean:5.2f} {found[source].most:4d}")
    assert {source: one for source, one in found.items() if one.mean > bound_of(kind)} == {}


def test_the_measure_tells_a_pixel_a_curve_and_a_profile(desk: Desk) -> None:
    with shown(desk, (), CHART) as size:
        picture = seen(desk, size, "chart")
    with Image.open(desk.inside.out / "chart.png") as original:
        true = np.asarray(original)
    assert difference(picture, true) == Difference(0.0, 0)
    assert difference(picture[:, 1:], true[:, :-1]).mean > 2 * MEAN
    assert difference(picture[1:], true[:-1]).mean > 2 * MEAN
    assert difference((255 * (picture / 255) ** (1.8 / 2.2)).astype(np.uint8), true).mean > 2 * MEAN
    assert difference(np.ascontiguousarray(picture[..., ::-1]), true).mean > 2 * MEAN


@pytest.mark.full
@pytest.mark.parametrize("name", HALVED)
def test_half_the_size_is_what_is_seen_at_half_the_zoom(name: str, desk: Desk, service: Sandbox) -> None:
    width, height = 2 * CHART[0], 2 * CHART[1]
    with shown(desk, HALVED[name], (width, height)):
        desk.to_gimp()
        desk.press("minus", "minus")  # to two thirds, to the half
        picture = seen(desk, CHART)
        (reply,) = desk.ask("send", 60, sources=["layer"], values={"longest_side": CHART[0]}).values()
    sent = Sent(desk, service, *reply["jobs"])
    found = difference(picture, sent.picture)
    tell(desk, "layer", f"{name}, at half the size", f"{found.mean:5.2f} {found.most:4d}")
    assert found.mean <= MEAN


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_not_sent(name: str, desk: Desk, service: Sandbox) -> None:
    change, sources, words = REFUSED[name]
    before = len(service.requests)
    with shown(desk, (), CHART):
        replies = desk.ask("send", 60, sources=sources, values={}, change=change)
    for source, reply in replies.items():
        tell(desk, source, name, f"not sent: {reply['message']}")
        assert reply["status"] == "execution-error"
        assert words in reply["message"]
        assert reply["jobs"] == []
    assert len(service.requests) == before


@pytest.mark.full
@pytest.mark.parametrize("source", SOURCES)
def test_what_the_dialog_sends_is_what_is_seen(source: str, desk: Desk, service: Sandbox) -> None:
    jobs = desk.inside.data_folder / "jobs"
    known = set(jobs.iterdir()) if jobs.exists() else set[Path]()
    with shown(desk, [("alpha",)], CHART) as size:
        desk.wait_for(lambda: desk.layers() == ["Photo"], "the image")
        picture = seen(desk, size, f"before-the-dialog-{source}")
        if source == "selection":
            desk.ask("select")
        ask_for(desk, source)
        finished(desk, 2)
        # GIMP 3.0 crashes when an image is closed in the moment in which a plug-in that has returned its layer ends.
        wait_until(lambda: plug_in(desk.inside.data_folder) is None, 20, "the plug-in to end")
    (job,) = set(jobs.iterdir()) - known
    sent = Sent(desk, service, job.name)
    assert sent.place["source"] == source
    found = sent.difference(picture)
    tell(desk, source, "alpha, by the dialog", f"{found.mean:5.2f} {found.most:4d}")
    assert found.mean <= MEAN


def ask_for(desk: Desk, source: str) -> None:
    """Go through the dialog, with the keyboard; GIMP's window may take that back, so the button is clicked."""
    labels: dict[str, Any] = {"layer": "Layer “Photo”", "selection": "Selection of layer", "visible": "Visible image"}
    desk.command("Depth Edit…")

    def focused() -> bool:
        desk.window(EDIT)  # GIMP's own window may take the keyboard back when an image has just been opened
        return "FOCUSED" in desk.see("text", "").states

    wait_until(focused, 30, "the prompt to have the focus")
    desk.write(f"Fog far behind, {source}", EDIT)
    chosen = ["Home", *["Down"] * SOURCES.index(source)]
    desk.press_until(lambda: desk.find("label", labels[source]), EDIT, "alt+u", *chosen)
    desk.window_picture(f"source-{source}-{desk.gimp.series}", EDIT)
    desk.click("button", "Edit")
