"""`build.py screenshots`: takes the pictures of every window, makes the demo, and renews the README's from them."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

import build
from tests.bench import detail as bench

ROOT = Path(__file__).parents[1]
OUT = ROOT / "tests" / "data" / "screens"

# What the README shows -> where it comes from, and the part of it (left, top, right, bottom in pixels) or all of it.
PICTURES: dict[str, tuple[str, tuple[int, int, int, int] | None]] = {
    "gimp-first-run.png": ("screens/gimp-first-run-dark-100.png", None),
    "gimp-working.png": ("screens/gimp-working-light-100.png", None),
    "gimp-error.png": ("screens/gimp-error-light-100.png", None),
    "gimp-settings.png": ("screens/gimp-settings-light-100.png", None),
    "gimp-result.png": ("screens/gimp-result-3.0.png", None),
    "blender-done.png": ("screens/blender-4.3-done.png", None),
    "blender-depth.png": ("screens/blender-4.3-depth-range.png", None),
}
PHOTOS = {"before.jpg": "demo/gimp-before.png", "after.jpg": "demo/gimp-after.png"}


WINDOWS = [
    *("tests/gimp/test_windows.py", "tests/gimp/test_screens.py", "tests/blender/test_window.py"),
    "tests/blender/test_projection_window.py",
]


# A photo, an effect of the sandbox, how many times smaller it came, and the part that is shown at 100 %.
DETAIL = ("coffee.png", "light", 3, (190, 90, 470, 290))


def detail() -> Image.Image:
    """The source, the result enlarged, and the same with the source's detail, side by side."""
    photo, effect, factor, part = DETAIL
    case = bench.Case.of(effect, photo, factor=factor, encoding="jpeg 95")
    pictures = (bench.PHOTOS[photo], Image.fromarray(case.plain), Image.fromarray(case.made))
    width, height, gap = part[2] - part[0], part[3] - part[1], 6
    shown = Image.new("RGB", (3 * width + 2 * gap, height), "white")
    for number, picture in enumerate(pictures):
        shown.paste(picture.crop(part), (number * (width + gap), 0))
    return shown


def main() -> int:
    build.package_gimp()
    build.package_blender(["linux-x64"])
    build.checked([sys.executable, "-m", "pytest", "-q", *WINDOWS], "taking the screenshots")
    for picture in sorted((build.BUILD / "screens").glob("*.png")):
        print(picture.relative_to(ROOT))
    build.run_demo("gimp")
    OUT.mkdir(parents=True, exist_ok=True)
    missing = [name for name, _ in PICTURES.values() if not (ROOT / "build" / name).exists()]
    missing += [name for name in PHOTOS.values() if not (ROOT / "build" / name).exists()]
    if missing:
        print(
            f"not taken yet: {', '.join(missing)} (build.py demo and build.py screenshots make them)", file=sys.stderr
        )
        return 1
    for name, (source, part) in PICTURES.items():
        # All colours are kept: with a palette of 256 the green eyes of the cat turned gray.
        with Image.open(ROOT / "build" / source) as picture:
            shown = picture.convert("RGB").crop(part) if part else picture.convert("RGB")
        shown.save(OUT / name, optimize=True)
    for name, source in PHOTOS.items():
        with Image.open(ROOT / "build" / source) as picture:
            picture.convert("RGB").save(OUT / name, quality=90)
    detail().save(OUT / "detail.png", optimize=True)
    for path in sorted(OUT.iterdir()):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
