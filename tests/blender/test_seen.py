"""What is sent is what is seen: each source, of every kind, against a screenshot of Blender's own editor.

The picture that was sent is the companion of its job; the screen shows the same image, pixel for pixel, with white
below what is transparent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image

from tests.hosts import VirtualScreen
from tests.sandbox import Sandbox

from .conftest import FULL, IDLE, INSIDE, Installed
from .window import Window

MOST = 1.0  # of 255, in the mean

# Of both depths, and through the scene's view as well.
ALPHA_MODES = ("STRAIGHT", "PREMUL", "CHANNEL_PACKED", "NONE")
SHADINGS = ("SOLID", "WIREFRAME", "MATERIAL", "RENDERED EEVEE", "RENDERED WORKBENCH")


@dataclass
class Table:
    """One line for each cell, to be printed at the end."""

    lines: list[str] = field(default_factory=list)

    def add(self, series: str, source: str, kind: str, words: str) -> None:
        self.lines.append(f"Blender {series:<5}{source:<10}{kind:<44}{words}")


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    table = Table()
    yield table
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    reporter.ensure_newline()
    for line in table.lines:
        reporter.write_line(line)


@pytest.fixture(scope="module")
def seen(window: Window, host: Installed, sandbox: Sandbox, screen: VirtualScreen, table: Table) -> Seen:
    window.do(f"INSIDE = {str(INSIDE)!r}\n" + (INSIDE / "seen.py").read_text("utf-8"))
    return Seen(window, host, sandbox, screen, table)


@dataclass
class Seen:
    """Shows something in Blender's editor, has it sent, and compares."""

    window: Window
    host: Installed
    sandbox: Sandbox
    screen: VirtualScreen
    table: Table

    def show(self, call: str) -> list[int]:
        """Runs a function of ``inside/seen.py``; returns left, top, width and height of the picture on the screen."""
        self.window.do(call)
        return self.window.wait_for("where()")

    def check(self, source: str, kind: str, call: str) -> None:
        box = self.show(call)
        screenshot = self.screenshot(f"{source}-{kind}", box)
        before = len(self.sandbox.at("submit"))
        self.window.do("answer = press()")
        self.window.wait_for(f"len(desk.tickets) and not any(ticket.active for ticket in desk.tickets) and {IDLE}")
        assert self.window.do("answer = [str(ticket.error or '') for ticket in desk.tickets]") == [""]
        assert len(self.sandbox.at("submit")) == before + 1
        sent = self.sent()
        assert sent.shape == screenshot.shape, (sent.shape, screenshot.shape)
        difference = np.abs(sent.astype(float) - screenshot)
        series = self.host.host.series
        self.table.add(series, source, kind, f"{difference.mean():7.3f} {difference.max():5.0f}")
        assert difference.mean() <= MOST, f"{kind}: {difference.mean():.2f}"

    def screenshot(self, name: str, box: list[int]) -> np.ndarray:
        left, top, width, height = box
        top += self.screen.height - self.window.do("answer = window.height")  # the window manager's title
        slug = re.sub(r"\W+", "-", name).lower()
        path = self.window.picture(self.host.out / f"seen-{slug}.png", settle=3)
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB").crop((left, top, left + width, top + height)))

    def sent(self) -> np.ndarray:
        """The picture of the newest job, as it went out."""
        jobs = sorted((self.host.data_folder / "jobs").glob("*/job.json"), key=lambda path: path.stat().st_mtime)
        (path,) = jobs[-1].parent.glob("sent.*")
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("depth", ["byte", "float"])
@pytest.mark.parametrize("as_render", [False, True])
@pytest.mark.parametrize("colorspace", ["sRGB", "Non-Color", "Linear Rec.709"])
def test_image(seen: Seen, depth: str, colorspace: str, as_render: bool) -> None:
    kind = f"{depth} {colorspace}{' View as Render' if as_render else ''}"
    seen.check("Image", kind, f"show_image(load({depth!r}, {colorspace!r}, as_render={as_render}))")


@FULL
@pytest.mark.parametrize("depth", ["byte", "float"])
@pytest.mark.parametrize("colorspace", ["sRGB", "Non-Color", "Linear Rec.709"])
@pytest.mark.parametrize("alpha_mode", ALPHA_MODES)
def test_image_with_alpha_mode(seen: Seen, depth: str, colorspace: str, alpha_mode: str) -> None:
    seen.check(
        "Image", f"{depth} {colorspace} {alpha_mode}", f"show_image(load({depth!r}, {colorspace!r}, {alpha_mode!r}))"
    )


@FULL
@pytest.mark.parametrize("depth", ["byte", "float"])
def test_image_in_every_colour_space(seen: Seen, depth: str) -> None:
    off = []
    for colorspace in seen.window.do("answer = colorspaces()"):
        try:
            seen.check("Image", f"{depth} {colorspace}", f"show_image(load({depth!r}, {colorspace!r}))")
        except AssertionError as exc:
            off.append(str(exc))
    assert not off


@pytest.mark.parametrize("view", ["Standard", "AgX", "Filmic"])
def test_render(seen: Seen, view: str) -> None:
    seen.check("Render", view, f"show_render({view!r})")


@FULL
def test_render_in_another_slot(seen: Seen) -> None:
    seen.check("Render", "slot 2", "show_render('AgX', slot=1)")


@FULL
@pytest.mark.parametrize("crop", [False, True])
def test_render_of_a_part(seen: Seen, crop: bool) -> None:
    part = "use_border=True, border_min_x=0.21, border_max_x=0.77, border_min_y=0.1, border_max_y=0.66"
    seen.check("Render", f"border{', cropped' if crop else ''}", f"show_render({part}, use_crop_to_border={crop})")


@FULL
def test_transparent_render(seen: Seen) -> None:
    seen.check("Render", "transparent", "show_render('AgX', film_transparent=True)")


@pytest.mark.parametrize("shading", SHADINGS)
def test_viewport(seen: Seen, shading: str) -> None:
    shade, _, engine = shading.partition(" ")
    seen.check("Viewport", shading, f"show_viewport({shade!r}, {engine and f'BLENDER_{engine}'!r})")


def test_viewport_with_a_render_that_is_not_handed_out_is_refused(seen: Seen) -> None:
    before = len(seen.sandbox.requests)
    seen.show("show_viewport('RENDERED', 'CYCLES')")
    words = seen.window.do("answer = press()")
    assert "Choose Render Now" in words
    assert len(seen.sandbox.requests) == before
    seen.table.add(seen.host.host.series, "Viewport", "RENDERED CYCLES", "refused before anything is sent")
