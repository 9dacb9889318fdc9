"""The GIMP plug-in's speed and memory in the real GIMP, beside what GIMP itself offers for the same."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import build
from tests.bench import Figure
from tests.hosts import Gimp, find_gimp

PHOTO = Path(__file__).parents[1] / "data" / "rocket.jpg"
SCRIPT = Path(__file__).with_name("inside_gimp.py")
SIZE = (12544, 8370)  # 105 megapixels, the photo's aspect
SENT = (2048, 1367)
STARTS = 7  # of each kind; the fastest counts, the rest is the machine's noise

EMPTY = """#!/usr/bin/env python3
import sys
import gi
gi.require_version("Gimp", "3.0")
from gi.repository import Gimp
class Empty(Gimp.PlugIn):
    def do_set_i18n(self, name):
        return False
    def do_query_procedures(self):
        return ["plug-in-empty"]
    def do_create_procedure(self, name):
        return Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, lambda procedure, config, data: None, None)
Gimp.main(Empty.__gtype__, sys.argv)
"""


def gimp_or_error() -> Gimp:
    gimp = find_gimp("3.0")
    if not gimp:
        raise SystemExit(str(gimp))
    return gimp


def noisy_photo(path: Path) -> None:
    """A photo of 105 megapixels with the grain of a high ISO setting, without compression."""
    with Image.open(PHOTO) as small:
        pixels = np.asarray(small.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC))
    grain = np.random.default_rng(1)
    out = np.empty_like(pixels)
    for top in range(0, SIZE[1], 512):
        strip = pixels[top : top + 512].astype(np.float32)
        out[top : top + 512] = (strip + grain.normal(0, 10, strip.shape)).clip(0, 255)
    Image.fromarray(out).save(path)


def psnr(path: Path, reference: np.ndarray) -> float:
    with Image.open(path) as picture:
        difference = np.asarray(picture.convert("RGB"), np.float64) - reference
    return float(10 * np.log10(255**2 / np.mean(difference**2)))


def export() -> Iterator[Figure]:
    gimp = gimp_or_error()
    with tempfile.TemporaryDirectory(prefix="fluxdepth-bench-") as scratch:
        folder = Path(scratch)
        home = gimp.new_home(folder / "home")
        plug_ins = gimp.install(build.package_gimp(), home)
        photo = folder / "photo.tif"
        noisy_photo(photo)
        setup = {"out": str(folder), "photo": str(photo), "plug_in": str(plug_ins / "fluxdepth_gimp"), "size": SENT}
        (folder / "setup.json").write_text(json.dumps({**setup, "compare": True}))
        done = gimp.batch(SCRIPT, home, env={"FLUXDEPTH_BENCH": str(folder / "setup.json")}, timeout=900)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        notes = json.loads((folder / "notes.json").read_text())
        Image.MAX_IMAGE_PIXELS = None  # our own file
        with Image.open(photo) as whole:
            reference = np.asarray(whole.resize(SENT, Image.Resampling.LANCZOS), np.float64)
        yield Figure("export of a 105-megapixel layer at 2048 px", notes["ours"], "s")
        yield Figure("… / duplicate + LINEAR scale + save", notes["ours"] / notes["linear"], "×", 0.7)
        yield Figure("… / full-size JPEG", notes["ours"] / notes["jpeg"], "×", 0.3)
        yield Figure("… / full-size PNG", notes["ours"] / notes["png"], "×", 0.05)
        yield Figure("PSNR against Lanczos", psnr(folder / "ours.jpg", reference), "dB", 33, at_least=True)
        yield Figure("PSNR against Lanczos of GIMP's LINEAR", psnr(folder / "linear.jpg", reference), "dB")
        yield Figure("memory of the plug-in for it, above the empty one", notes["memory"] / 1e6, "MB", 150)


TIMED = """#!/bin/bash
# GIMP talks to a plug-in through pipes that it inherits; so does the one that is timed in here.
TIMEFORMAT="%U %S"
{{ time python3 {entry} "$@" 2>&3 ; }} 3>&2 2>> {times}
"""


def query() -> Iterator[Figure]:
    """What GIMP's query of the plug-in costs at the first start, beside a plug-in that does nothing, in CPU time."""
    gimp = gimp_or_error()
    with tempfile.TemporaryDirectory(prefix="fluxdepth-bench-") as scratch:
        folder = Path(scratch)
        home = gimp.new_home(folder / "home")
        plug_ins = gimp.install(build.package_gimp(), home)
        (folder / "empty.py").write_text(EMPTY)
        # Out of GIMP's sight, so that only the timed ones are queried.
        entries = {"ours": (plug_ins / "fluxdepth_gimp").rename(folder / "fluxdepth_gimp") / "fluxdepth_gimp.py"}
        entries["empty"] = folder / "empty.py"
        timed = {}
        for name, entry in entries.items():
            timed[name] = plug_ins / name / name
            timed[name].parent.mkdir()
            timed[name].write_text(TIMED.format(entry=entry, times=folder / f"{name}.times"))
            timed[name].chmod(0o755)
        for number in range(STARTS):
            for script in timed.values():
                # A time that it has not had yet makes GIMP query it again.
                os.utime(script, (number + 1, number + 1))
            done = gimp.place.run(["gimp-console", "-i", "--quit"], home=home, timeout=60)
            if done.returncode:
                raise SystemExit(done.stderr)
        cost = {
            name: min(
                sum(map(float, line.split()))
                for line in (folder / f"{name}.times").read_text().splitlines()
                if line.replace(".", "").replace(" ", "").isdigit()
            )
            for name in entries
        }
        yield Figure("query of an empty plug-in, CPU time", 1000 * cost["empty"], "ms")
        yield Figure("query of the plug-in, CPU time", 1000 * cost["ours"], "ms")
        yield Figure("… / an empty one's", cost["ours"] / cost["empty"], "×", 1.1)


MEASUREMENTS: dict[str, Callable[[], Iterable[Figure]]] = {"gimp-export": export, "gimp-query": query}
