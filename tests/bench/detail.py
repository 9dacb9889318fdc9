"""The source's detail in a smaller result: how near it comes to the effect at full size, beside plain enlargement."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import build
from shared.pictures import detail
from shared.pictures.compared import BRIGHTNESS
from shared.pictures.registration import Placement
from shared.pictures.sending import Kept
from tests.bench import Figure
from tests.bench.gimp import gimp_or_error
from tests.hosts import find_bpy
from tests.sandbox.effect import depth_edit

DATA = Path(__file__).parents[1] / "data"
PHOTOS = {name: Image.open(DATA / name).convert("RGB") for name in ("chelsea.png", "coffee.png", "rocket.jpg")}
FACTORS = (2, 3, 4)
ENCODINGS = ("png", "jpeg 95", "jpeg 80", "noise 4")
OFFSETS = (0.0, 0.5, 1.0)  # px of the result, right and down
SIZES = {"4K": (3840, 2160), "24 megapixels": (6000, 4000), "105 megapixels": (12544, 8370)}
CAME = (1248, 832)
KEPT = ("echo", "curves", "light")  # the picture is kept: only its colours or its light are others

Pixels = np.ndarray


def _scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def curves(pixels: Pixels) -> Pixels:
    """Another curve for each channel, as a change of colours."""
    part = pixels / 255
    powers, levels = np.array([0.8, 1.1, 1.3]), np.array([1, 0.95, 0.9])
    return np.rint(255 * (part**powers * levels).clip(0, 1)).astype(np.uint8)


def painted(pixels: Pixels) -> Pixels:
    """Something else in the middle, a third of the picture."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    share = ((0.33 - np.hypot(x / width - 0.5, y / height - 0.5)) * 20).clip(0, 1)[..., None]
    return np.rint(pixels * (1 - share) + unrelated(pixels) * share).astype(np.uint8)


def unrelated(pixels: Pixels) -> Pixels:
    """Another picture; of the rocket too it is upside down."""
    return _scaled(np.asarray(PHOTOS["rocket.jpg"])[::-1], (pixels.shape[1], pixels.shape[0]))


def mono(pixels: Pixels) -> Pixels:
    return np.rint(pixels @ np.array(BRIGHTNESS)).astype(np.uint8)[..., None].repeat(3, axis=2)


def _depth(prompt: str) -> Callable[[Pixels], Pixels]:
    return lambda pixels: depth_edit(pixels, prompt, 3.5, 1)


EFFECTS: dict[str, Callable[[Pixels], Pixels]] = {
    "echo": lambda pixels: pixels,
    "curves": curves,
    "mono": mono,
    "light": _depth("golden light"),
    "haze": _depth("haze"),
    "blur": _depth("blur"),
    "painted": painted,
    "invert": lambda pixels: 255 - pixels,
    "unrelated": unrelated,
}


def shifted(pixels: Pixels, beside: tuple[float, float]) -> Pixels:
    """``pixels`` moved right and down, in px; what moves in goes on as the border is."""
    margin = int(np.ceil(max(map(abs, beside)))) + 2
    wide = Image.fromarray(np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="edge"))
    left, top = (margin - one for one in beside)
    height, width = pixels.shape[:2]
    return np.asarray(wide.resize((width, height), Image.Resampling.BICUBIC, (left, top, left + width, top + height)))


def placed(pixels: Pixels, placement: Placement) -> Pixels:
    """``pixels`` where a result shows them; beyond them their border goes on."""
    margin, (height, width) = 20, pixels.shape[:2]
    wide = Image.fromarray(np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="edge"))
    if placement.turned:
        # Of a picture eight times as large: Pillow turns by other weights than those by which it scales.
        wide, back = wide.resize((8 * wide.width, 8 * wide.height), Image.Resampling.BICUBIC), placement.back()
        rows = (back.wide, -back.turned, margin + back.right), (back.turned, back.high, margin + back.down)
        to = [8 * value for row in rows for value in row]
        return np.asarray(wide.transform((width, height), Image.Transform.AFFINE, to, Image.Resampling.BICUBIC))
    across, down = (1 / one for one in (placement.wide, placement.high))
    left, top = margin - placement.right * across, margin - placement.down * down
    box = left, top, left + width * across, top + height * down
    return np.asarray(wide.resize((width, height), Image.Resampling.BICUBIC, box))


def encoded(pixels: Pixels, encoding: str) -> Pixels:
    """As it comes back after such an encoding; the quality of JPEG, the steps of noise."""
    kind, _, amount = encoding.partition(" ")
    if kind == "noise":
        noise = np.random.default_rng(1).normal(0.5, int(amount), pixels.shape)
        return (pixels + noise).clip(0, 255).astype(np.uint8)
    if kind == "jpeg":
        file = io.BytesIO()
        subsampling = "4:4:4" if int(amount) >= 90 else "4:2:0"
        Image.fromarray(pixels).save(file, "JPEG", quality=int(amount), subsampling=subsampling)
        return np.asarray(Image.open(file))
    return pixels


def psnr(first: Pixels, second: Pixels) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((first.astype(float) - second.astype(float)) ** 2))))


@dataclass(frozen=True)
class Case:
    """One row: the ``truth`` is the effect at full size, ``plain`` the result enlarged, ``made`` with its detail."""

    truth: Pixels
    plain: Pixels
    made: Pixels
    kept: Kept

    @classmethod
    @functools.lru_cache(maxsize=64)
    def of(cls, effect: str, photo: str, *, factor: int, encoding: str = "png", offset: float = 0.0) -> Case:
        return cls.made_of(effect, PHOTOS[photo], factor=factor, encoding=encoding, offset=offset)

    @classmethod
    def made_of(
        cls, effect: str, source: Image.Image, *, factor: float, encoding: str = "png", offset: float = 0.0
    ) -> Case:
        pixels, apply = np.asarray(source), EFFECTS[effect]
        size = round(source.width / factor), round(source.height / factor)
        sent = _scaled(pixels, size)
        result = apply(sent)
        if offset:
            result = _scaled(shifted(apply(pixels), (offset * factor, offset * factor)), size)
        came = Image.fromarray(encoded(result, encoding))
        plain = np.asarray(came.resize(source.size, Image.Resampling.BICUBIC))
        made, kept = detail.keep(came, source, Image.fromarray(sent))
        return cls(apply(pixels), plain, np.asarray(made), kept)

    @property
    def gained(self) -> float:
        """dB over plain enlargement."""
        return psnr(self.made, self.truth) - psnr(self.plain, self.truth)

    def row(self, name: str) -> str:
        before, after = psnr(self.plain, self.truth), psnr(self.made, self.truth)
        return f"| {name} | {before:.1f} | {after:.1f} | {after - before:+.1f} | {100 * (self.kept.share or 0):.0f} % |"


def table(photos: dict[str, Image.Image] | None = None) -> Iterator[str]:
    """The rows of docs/detail.md: of all photos the one that gains the least."""
    for effect in EFFECTS:
        for factor in FACTORS:
            for encoding in ENCODINGS:
                for offset in OFFSETS if (factor, encoding) == (3, "png") else OFFSETS[:1]:
                    cases = [
                        Case.made_of(effect, photo, factor=factor, encoding=encoding, offset=offset)
                        for photo in (photos or PHOTOS).values()
                    ]
                    least = min(cases, key=lambda one: one.gained)
                    yield least.row(f"{effect} | {factor} | {encoding} | {offset or '–'}")


def gains() -> Iterator[Figure]:
    print("| effect | factor | encoding | offset | plain, dB | kept, dB | gained | kept on |")
    for row in table():
        print(row, flush=True)
    for effect in KEPT:
        for encoding, goal in (("png", 8), ("jpeg 95", 5)):
            least = min(Case.of(effect, photo, factor=3, encoding=encoding).gained for photo in PHOTOS)
            yield Figure(f"{effect}, factor 3, {encoding}: gained over plain enlargement", least, "dB", goal, True)


def render() -> Iterator[Figure]:
    """A render of Cycles at 4K, where the effect at full size is the truth and no photo's own softness helps."""
    host = find_bpy("4.2")
    if not host:
        raise SystemExit(str(host))
    with tempfile.TemporaryDirectory(prefix="fluxdepth-bench-") as folder:
        file = Path(folder) / "render.png"
        done = host.run_script(
            Path(__file__).with_name("inside_render.py"), [file], user_resources=Path(folder) / "profile", timeout=900
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        source = Image.open(file).convert("RGB")
    print("| effect | factor | encoding | offset | plain, dB | kept, dB | gained | kept on |")
    for effect in EFFECTS:
        for encoding in ("png", "jpeg 95"):
            case = Case.made_of(effect, source, factor=source.width / CAME[0], encoding=encoding)
            print(case.row(f"{effect} | {source.width / CAME[0]:.1f} | {encoding} | –"), flush=True)
            if effect in KEPT:
                yield Figure(f"{effect}, 4K render, {encoding}: gained", case.gained, "dB")


def in_gimp() -> Iterator[Figure]:
    """The same in GIMP, beside GIMP's own enlargement; memory is that of the plug-in's process."""
    gimp = gimp_or_error()
    for name in ("24 megapixels", "105 megapixels"):
        with tempfile.TemporaryDirectory(prefix="fluxdepth-bench-") as scratch:
            folder = Path(scratch)
            home = gimp.new_home(folder / "home")
            plug_ins = gimp.install(build.package_gimp(), home)
            source = large(SIZES[name])
            source.save(folder / "source.jpg", quality=97, subsampling="4:4:4")
            source.resize(CAME, Image.Resampling.LANCZOS).save(folder / "came.png")
            setup = {"out": scratch, "source": str(folder / "source.jpg"), "came": str(folder / "came.png")}
            setup["plug_in"] = str(plug_ins / "fluxdepth_gimp")
            (folder / "setup.json").write_text(json.dumps(setup))
            script = Path(__file__).with_name("inside_gimp_detail.py")
            done = gimp.batch(script, home, env={"FLUXDEPTH_BENCH": str(folder / "setup.json")}, timeout=900)
            if done.returncode:
                raise SystemExit(done.stdout + done.stderr)
            notes = json.loads((folder / "notes.json").read_text())
        small = name == "24 megapixels"
        kept, plain, sent, both = (notes[one] for one in ("kept", "plain", "sent", "sent and kept"))
        yield Figure(f"detail kept in GIMP, {name}", kept["seconds"], "s", 3 if small else None)
        yield Figure("… / GIMP's plain enlargement", kept["seconds"] / plain["seconds"], "×")
        yield Figure("… CPU time of the plug-in for it", kept["worked"], "s")
        yield Figure("… memory of the plug-in for it", kept["memory"] / 1e6, "MB", 400)
        yield Figure("CPU time of the export with the source kept", both["worked"], "s")
        yield Figure("… / without", both["worked"] / sent["worked"], "×")
        yield Figure("… the source's file", notes["bytes"] / 1e6, "MB")
        yield Figure("… memory of the plug-in for it", both["memory"] / 1e6, "MB", 150)


def large(size: tuple[int, int]) -> Image.Image:
    """A photo of that size with grain."""
    source = PHOTOS["coffee.png"].resize(size, Image.Resampling.BICUBIC)
    noise = np.random.default_rng(1).integers(-6, 7, (size[1] // 4 + 1, size[0], 3), np.int16)
    for top in range(0, size[1], len(noise)):
        part = np.asarray(source.crop((0, top, size[0], min(size[1], top + len(noise)))), np.int16)
        source.paste(Image.fromarray((part + noise[: len(part)]).clip(0, 255).astype(np.uint8)), (0, top))
    return source


def speed() -> Iterator[Figure]:
    """Beside plain enlargement in the same run, with the memory that numpy and Python ask for."""
    for name, size in SIZES.items():
        source = large(size)
        came = source.resize(CAME, Image.Resampling.LANCZOS)
        plain = min(_timed(lambda came=came, size=size: came.resize(size, Image.Resampling.BICUBIC)) for _ in range(3))
        kept = min(_timed(lambda came=came, source=source: detail.keep(came, source, came)) for _ in range(3))
        tracemalloc.start()
        detail.keep(came, source, came)
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        yield Figure(f"detail kept, {name}", kept, "s", {"4K": 0.7}.get(name))
        yield Figure("… / plain enlargement", kept / plain, "×")
        yield Figure("… memory beside the source, the result's own bytes included", memory / 1e6, "MB")


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


MEASUREMENTS: dict[str, Callable[[], Iterable[Figure]]] = {
    "detail": gains,
    "detail-render": render,
    "detail-speed": speed,
    "detail-gimp": in_gimp,
}
