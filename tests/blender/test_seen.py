"""What is sent is what is seen: each source, of every kind, against a screenshot of Blender's own editor.

The picture that was sent is the companion of its job; the screen shows the same image, pixel for pixel, with white
below what is transparent.
"""

from __future__ import annotations

import itertools
import re
import time
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
COMPILING = 60.0  # s in which a viewport may draw its materials one after the other; what is sent waits for them
MARGIN = 2  # px around a picture on the screen
RIM = 2  # px that are not looked at: a part of it may be the editor's own background

# Of both depths, and through the scene's view as well.
ALPHA_MODES = ("STRAIGHT", "PREMUL", "CHANNEL_PACKED", "NONE")
# Each time: what was once wrong, and one of each source. The rest takes minutes.
COLOURSPACES = ["sRGB", "Non-Color", pytest.param("Linear Rec.709", marks=FULL)]
VIEWS = ["AgX", pytest.param("Standard", marks=FULL), pytest.param("Filmic", marks=FULL)]
SHADINGS = [
    "SOLID",
    *(pytest.param(one, marks=FULL) for one in ("WIREFRAME", "MATERIAL", "RENDERED EEVEE", "RENDERED WORKBENCH")),
]


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
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n" + "\n".join(table.lines))


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

    def check(self, source: str, kind: str, call: str, shown: Shown | None = None) -> None:
        """``shown`` tells how the screen shows what is transparent."""
        box = self.show(call)
        screenshot = self.screenshot(f"{source}-{kind}", box)
        before = len(self.sandbox.at("submit"))
        self.window.do("answer = press()")
        self.window.wait_for(f"len(desk.tickets) and not any(ticket.active for ticket in desk.tickets) and {IDLE}")
        assert self.window.do("answer = [str(ticket.error or '') for ticket in desk.tickets]") == [""]
        assert len(self.sandbox.at("submit")) == before + 1
        sent, deadline = self.sent().astype(float), time.monotonic() + COMPILING
        difference = self.difference(sent, screenshot, shown)
        while source == "Viewport" and difference.mean() > MOST and time.monotonic() < deadline:
            difference = self.difference(sent, self.screenshot(f"{source}-{kind}", box), shown)
        series = self.host.host.series
        self.table.add(series, source, kind, f"{difference.mean():7.3f} {difference.max():5.0f}")
        assert difference.mean() <= MOST, f"{kind}: {difference.mean():.2f}"

    def refused(self, source: str, kind: str, call: str) -> str:
        """The words with which it is refused before anything is sent."""
        before = len(self.sandbox.requests)
        self.show(call)
        words = self.window.do("answer = press()")
        assert words and len(self.sandbox.requests) == before
        self.table.add(self.host.host.series, source, kind, "refused: " + " ".join(words.split())[:60] + "…")
        return words

    def screenshot(self, name: str, box: list[int]) -> np.ndarray:
        """The box on the screen, with a margin of :data:`MARGIN` px."""
        left, top, width, height = box
        x, y, below = self.window.do("answer = [window.x, window.y, window.height]")  # in the window manager's frame
        left, top = left + x, top + self.screen.height - y - below
        slug = re.sub(r"\W+", "-", name).lower()
        path = self.window.picture(self.host.out / f"seen-{slug}.png", settle=3)
        with Image.open(path) as image:
            around = (left - MARGIN, top - MARGIN, left + width + MARGIN, top + height + MARGIN)
            return np.asarray(image.convert("RGB").crop(around)).astype(float)

    def difference(self, sent: np.ndarray, around: np.ndarray, shown: Shown | None) -> np.ndarray:
        """Of 255, each sample; an editor may show an image half a pixel beside where it says that it does."""
        height, width, _ = sent.shape
        assert around.shape == (height + 2 * MARGIN, width + 2 * MARGIN, 3), (around.shape, sent.shape)
        found = []
        for top, left in itertools.product(range(2 * MARGIN + 1), repeat=2):
            screen = around[top : top + height, left : left + width]
            found.append(np.abs((shown.as_sent(screen) if shown else screen) - sent)[RIM:-RIM, RIM:-RIM])
        return min(found, key=np.mean)

    def sent(self) -> np.ndarray:
        """The picture of the newest job, as it went out."""
        jobs = sorted((self.host.data_folder / "jobs").glob("*/job.json"), key=lambda path: path.stat().st_mtime)
        (path,) = jobs[-1].parent.glob("sent.*")
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))


@dataclass(frozen=True)
class Shown:
    """How the editor shows transparency over black: colours × ``shares``, H×W, 0–1, in linear light or ``encoded``."""

    alpha: np.ndarray
    shares: np.ndarray
    encoded: bool = False

    def as_sent(self, screen: np.ndarray) -> np.ndarray:
        """The colours of the screen, over white as a picture is sent."""
        shares, alpha = self.shares[..., None], self.alpha[..., None]
        values = screen / 255
        if self.encoded:
            colour = np.minimum(values / shares, 1)
        else:
            linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
            whole = np.minimum(linear / shares, 1)
            colour = np.where(whole <= 0.0031308, 12.92 * whole, 1.055 * whole ** (1 / 2.4) - 0.055)
        return 255 * (colour * alpha + 1 - alpha)


def shown_by(series: str, alpha: np.ndarray, depth: str, colorspace: str, alpha_mode: str) -> Shown | None:
    """Each Blender's editor has its own way; None where alpha is no transparency."""
    if alpha_mode in ("CHANNEL_PACKED", "NONE"):
        return None
    data = colorspace == "Non-Color"
    if series < "5" and alpha_mode == "STRAIGHT" and not data:
        return Shown(alpha, alpha**2)  # it multiplies what is multiplied already; 5.2 does not any more
    return Shown(alpha, alpha, series >= "5" and alpha_mode == "PREMUL" and (depth, colorspace) == ("byte", "sRGB"))


@pytest.mark.parametrize("depth", ["byte", "float"])
@pytest.mark.parametrize("as_render", [False, pytest.param(True, marks=FULL)])
@pytest.mark.parametrize("colorspace", COLOURSPACES)
def test_image(seen: Seen, depth: str, colorspace: str, as_render: bool) -> None:
    kind = f"{depth} {colorspace}{' View as Render' if as_render else ''}"
    call = f"show_image(load({depth!r}, {colorspace!r}, as_render={as_render}))"
    if as_render and colorspace == "Non-Color":
        assert "View as Render off" in seen.refused("Image", kind, call)
    else:
        seen.check("Image", kind, call)


@FULL
@pytest.mark.parametrize("depth", ["byte", "float"])
@pytest.mark.parametrize("colorspace", ["sRGB", "Non-Color", "Linear Rec.709"])
@pytest.mark.parametrize("alpha_mode", ALPHA_MODES)
def test_image_with_alpha(seen: Seen, depth: str, colorspace: str, alpha_mode: str) -> None:
    """Where alpha is no transparency, the colours alone are what is looked at."""
    patches = np.array(seen.window.do("answer = alphas().tolist()"))[::-1]
    alpha = patches.repeat(20, 0).repeat(20, 1)
    shown = shown_by(seen.host.host.series, alpha, depth, colorspace, alpha_mode)
    image = f"load({depth!r}, {colorspace!r}, {alpha_mode!r})"
    call = f"show_image({image}, channels={'COLOR_ALPHA' if shown else 'COLOR'!r})"
    seen.check("Image", f"{depth} {colorspace} {alpha_mode}", call, shown)


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


@pytest.mark.parametrize("view", VIEWS)
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


@pytest.mark.parametrize("engine", ["BLENDER_WORKBENCH", pytest.param("BLENDER_EEVEE", marks=FULL)])
def test_viewport_with_a_transparent_film(seen: Seen, engine: str) -> None:
    seen.check("Viewport", f"RENDERED {engine[8:]} transparent", f"show_viewport('RENDERED', {engine!r}, True)")


def test_viewport_with_a_render_that_is_not_handed_out_is_refused(seen: Seen) -> None:
    call = "show_viewport('RENDERED', 'CYCLES')"
    assert "Choose Render Now" in seen.refused("Viewport", "RENDERED CYCLES", call)
