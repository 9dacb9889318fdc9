"""The `depth` effect: a plain picture operation that stands where the real service would ask its model.

It guesses which parts of a photo are near from a ground plane, local sharpness, and how many edges part them from
the border; then it does what the words of the prompt ask for: a depth of field, haze, or light. It knows nothing of
what a picture shows and is no measure of the model. It knows nothing of files and HTTP.
"""

import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]

_GUESS_SIDE = 384
"""px; the depth is guessed at this longest side: finer detail tells about texture and not about depth."""

_WORDS = {
    "haze": r"\b(haz[ey]|fog|mist|smok[ey]|atmospher|aerial|smog|steam|dust)",
    "light": r"\b(light|relight|backlight|lit\b|sun|golden|glow|dramatic|cinematic|moon|night|shadow|neon)",
    "blur": r"\b(blur|bokeh|depth of field|dof\b|(de)?focus|sharp|lens|shallow|portrait)",
    "cold": r"\b(moon|night|cold|blue|winter|cool|neon)",
    "far": r"\b(sharp background|background sharp|focus (on )?the (background|distance)|blurr(y|ed) foreground"
    r"|(foreground|front) blur|blur the (foreground|front))",
}

_LEAST_SIDE = 16
"""px; smaller pictures are padded to it while they are edited, because a filter needs some neighbours."""


def depth_edit(rgb: NDArray[np.uint8], prompt: str, guidance: float, seed: int) -> NDArray[np.uint8]:
    """H×W×3 uint8 sRGB in, the same shape out. The same arguments always give the same picture.

    guidance 1–20 sets the strength; the seed moves focus, haze and light a little.
    """
    height, width = rgb.shape[:2]
    lacking = [(0, max(0, _LEAST_SIDE - height)), (0, max(0, _LEAST_SIDE - width)), (0, 0)]
    rgb = np.pad(rgb, lacking, mode="edge")
    asked = {name for name, words in _WORDS.items() if re.search(words, prompt.lower())}
    rng = np.random.default_rng(seed)
    strength = float(np.clip((guidance / 3.5) ** 0.6, 0.45, 2.2))
    near = _nearness(rgb)
    picture = _to_linear(rgb)
    if "blur" in asked or not asked & {"haze", "light"}:
        picture = _depth_of_field(picture, near, strength, rng, far="far" in asked)
    if "haze" in asked:
        picture = _haze(picture, near, strength, rng)
    if "light" in asked:
        picture = _light(picture, near, strength, rng, cold="cold" in asked)
    return _to_srgb(picture[:height, :width])


def _nearness(rgb: NDArray[np.uint8]) -> Array:
    """H×W, 0 far … 1 near, its edges on the picture's edges."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _GUESS_SIDE / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX), np.float32) / 255
    tall, wide = small.shape[:2]
    grey = small @ np.array([0.299, 0.587, 0.114], np.float32)

    y, x = np.mgrid[0:tall, 0:wide].astype(np.float32)
    y, x = y / tall, x / wide
    middle = np.exp(-((x - 0.5) ** 2) / 0.16 - (y - 0.55) ** 2 / 0.2)
    reach = max(2, max(tall, wide) // 40)
    detail = _box(np.abs(grey - _box(grey, 2)), reach) / (_box(np.abs(grey - _box(grey, 4 * reach)), reach) + 0.03)
    guess = 0.8 * y + 0.8 * middle + 0.4 * _stretched(detail) + 1.3 * _stretched(_enclosed(small))

    # A guided filter (He et al.): where the picture has an edge, so has the depth. The coefficients are found small and
    # applied to the full picture.
    radius = max(4, max(tall, wide) // 14)
    mean_grey, mean_guess = _box(grey, radius), _box(guess, radius)
    variance = _box(grey * grey, radius) - mean_grey**2
    slope = (_box(grey * guess, radius) - mean_grey * mean_guess) / (variance + 8e-3)
    offset = mean_guess - slope * mean_grey
    full_grey = (rgb @ np.array([0.299, 0.587, 0.114], np.float32)) / 255
    smooth = _resized(_box(slope, radius), width, height) * full_grey + _resized(_box(offset, radius), width, height)
    return _stretched(smooth)


def _enclosed(small: Array) -> Array:
    """How much edge lies on the easiest way to each pixel from the left, top and right border, where background is."""
    step = max(1, max(small.shape) // 128)
    coarse = np.dstack([_box(small[:, :, i], step)[::step, ::step] for i in range(3)])
    cost = np.full(coarse.shape[:2], np.inf, np.float32)
    cost[0] = cost[:, 0] = cost[:, -1] = 0
    down = np.linalg.norm(np.diff(coarse, axis=0), axis=2) ** 1.5
    across = np.linalg.norm(np.diff(coarse, axis=1), axis=2) ** 1.5
    for _ in range(4):
        for at in range(1, cost.shape[0]):
            np.minimum(cost[at], cost[at - 1] + down[at - 1], out=cost[at])
        for at in range(cost.shape[0] - 2, -1, -1):
            np.minimum(cost[at], cost[at + 1] + down[at], out=cost[at])
        for at in range(1, cost.shape[1]):
            np.minimum(cost[:, at], cost[:, at - 1] + across[:, at - 1], out=cost[:, at])
        for at in range(cost.shape[1] - 2, -1, -1):
            np.minimum(cost[:, at], cost[:, at + 1] + across[:, at], out=cost[:, at])
    return _resized(np.sqrt(cost), small.shape[1], small.shape[0])


def _depth_of_field(picture: Array, near: Array, strength: float, rng: np.random.Generator, *, far: bool) -> Array:
    """Blur by a round aperture; `far` puts the focus into the distance."""
    height, width = near.shape
    focus = 0.12 if far else 0.85
    focus += float(rng.uniform(-0.05, 0.05))
    depth_in_focus = 0.28
    spread = np.clip((np.abs(near - focus) - depth_in_focus) / 0.45, 0, 1)
    largest = max(height, width) / 60 * strength * float(rng.uniform(0.9, 1.1))
    levels, result = 3, picture
    for level in range(1, levels + 1):
        # What is in focus does not bleed into what is not.
        weight = np.clip(spread * levels - level + 1.5, 0.02, 1)
        blurred = _disc_blurred(picture, weight, largest * level / levels)
        share = np.clip(spread * levels - level + 1, 0, 1)[:, :, None]
        result = result + (blurred - result) * share
    return result


def _disc_blurred(picture: Array, weight: Array, radius: float) -> Array:
    """The weighted mean over a disc of `radius` px around each pixel."""
    height, width = weight.shape
    shrink = max(1.0, radius / 5)
    wide, tall = max(8, round(width / shrink)), max(8, round(height / shrink))
    stack = np.dstack([picture * weight[:, :, None], weight])
    small = np.dstack([_resized(stack[:, :, i], wide, tall) for i in range(4)])
    reach = radius * wide / width
    rows = int(np.ceil(reach))
    padded = np.pad(small, ((rows, rows), (rows + 1, rows), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    total = np.zeros_like(small, dtype=np.float64)
    for dy in range(-rows, rows + 1):
        half = int(np.sqrt(max(reach * reach - dy * dy, 0)))
        line = sums[rows + dy : rows + dy + tall]
        start = rows - half
        total += line[:, start + 2 * half + 1 : start + 2 * half + 1 + wide] - line[:, start : start + wide]
    mean = (total[:, :, :3] / total[:, :, 3:]).astype(np.float32)
    return np.dstack([_resized(mean[:, :, i], width, height) for i in range(3)])


def _haze(picture: Array, near: Array, strength: float, rng: np.random.Generator) -> Array:
    """Air light that grows with distance, a little uneven."""
    height, width = near.shape
    noise = _box(_box(_box(rng.random((72, 108), dtype=np.float32), 4), 4), 3)
    drift = _resized(noise, width, height)
    far = 1 - near
    through = np.exp(-1.9 * strength * far**1.3 * (0.8 + 0.4 * _stretched(drift)))[:, :, None]
    air = 0.3 * np.array([0.78, 0.84, 0.9], np.float32) + 0.55 * np.percentile(picture, 90, axis=(0, 1))
    return picture * through + air.astype(np.float32) * (1 - through)


def _light(picture: Array, near: Array, strength: float, rng: np.random.Generator, *, cold: bool) -> Array:
    """A key light from one side over the guessed relief, its falloff with distance, and a dim other-coloured rest."""
    height, width = near.shape
    angle = float(rng.uniform(-0.7, 0.2)) + (np.pi if rng.random() < 0.5 else 0.0)
    ahead = np.array([np.cos(angle), np.sin(angle) if np.cos(angle) > 0 else -np.sin(angle)])
    # Nearness as relief, smooth enough that its edges do not ring.
    relief = near[:: max(1, height // 128), :: max(1, width // 128)]
    for _ in range(3):
        relief = _box(relief, 3)
    slope_y, slope_x = np.gradient(relief)
    y, x = np.mgrid[0 : relief.shape[0], 0 : relief.shape[1]].astype(np.float32)
    along = (x / relief.shape[1] - 0.5) * ahead[0] + (y / relief.shape[0] - 0.5) * ahead[1]
    facing = np.clip(0.5 + 0.9 * along + 14 * (slope_x * -ahead[0] + slope_y * -ahead[1]), 0.02, 1.6)
    lit = (_resized(facing, width, height) * (0.35 + 0.9 * near))[:, :, None]
    key = np.array([0.8, 1.0, 1.35] if cold else [1.75, 1.2, 0.65], np.float32)
    rest = np.array([0.07, 0.11, 0.22] if cold else [0.16, 0.15, 0.2], np.float32)
    mix = float(np.clip(0.85 * strength, 0, 1))
    return picture * ((1 - mix) + mix * (rest + key * lit))


def _box(plane: Array, radius: int) -> Array:
    """The mean over a square of 2·radius+1 px, by running sums; the border is repeated."""
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(plane, pad, mode="edge"), axis=axis, dtype=np.float64)
        length = plane.shape[axis]
        after = np.take(sums, np.arange(2 * radius + 1, 2 * radius + 1 + length), axis=axis)
        before = np.take(sums, np.arange(length), axis=axis)
        plane = ((after - before) / (2 * radius + 1)).astype(np.float32)
    return plane


def _stretched(plane: Array) -> Array:
    """0 … 1 between the 3rd and the 97th percentile, smooth at both ends."""
    low, high = np.percentile(plane[::4, ::4] if plane.size > 500_000 else plane, (3, 97))
    even = np.clip((plane - low) / max(float(high - low), 1e-6), 0, 1)
    return (even * even * (3 - 2 * even)).astype(np.float32)


def _resized(plane: Array, width: int, height: int) -> Array:
    resized = Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    return np.asarray(resized)


def _to_linear(rgb: NDArray[np.uint8]) -> Array:
    ramp = np.arange(256, dtype=np.float32) / 255
    linear = np.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return linear[rgb]


def _to_srgb(linear: Array) -> NDArray[np.uint8]:
    steps = np.linspace(0, 1, 16384, dtype=np.float32)
    curve = np.where(steps <= 0.0031308, steps * 12.92, 1.055 * steps ** (1 / 2.4) - 0.055)
    return np.rint(curve * 255).astype(np.uint8)[np.rint(np.clip(linear, 0, 1) * 16383).astype(np.uint16)]
