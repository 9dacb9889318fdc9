"""GIMP 3, installed or made: profiles, installing a plug-in, batch scripts and windows. Knows no plug-in."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .cache import MakingError, Missing, Say, hosts_folder, lock, say
from .place import Here, Place, Process
from .roots import find_root
from .screen import VirtualScreen

SUITES: Mapping[str, Sequence[str]] = {"3.0": ("trixie",), "3.2": ("sid", "testing")}
"""Where each series comes from, best first. sid is what Blender 5.2 needs too; testing is there when sid is broken."""

_QUERY_TIMEOUT = 180.0


@dataclass(frozen=True)
class Gimp:
    """One GIMP. `home` is always a scratch folder that stands for the artist's home."""

    place: Place
    version: str

    @property
    def series(self) -> str:
        """`3.0` or `3.2`: the name of its configuration folder."""
        return ".".join(self.version.split(".")[:2])

    def profile_folder(self, home: Path) -> Path:
        return home / ".config" / "GIMP" / self.series

    def new_home(
        self, home: Path, *, color_scheme: Literal["light", "gray", "dark"] = "dark", queried: bool = True
    ) -> Path:
        """Make a fresh profile: no welcome window, no update check, no blinking cursor. Returns `home`.

        With `queried` it is that of an artist who has started GIMP before, so that GIMP need not ask its own hundred
        plug-ins again (some 6 s); a plug-in installed afterwards is asked as usual.
        """
        profile = self.profile_folder(home)
        profile.mkdir(parents=True)
        # Without the version GIMP takes the start for the first one and shows the welcome window all the same; without
        # the language it takes it for changed and asks every plug-in again.
        profile.joinpath("gimprc").write_text(
            f'(config-version "{self.version}")\n(prev-language "C.UTF-8")\n(show-welcome-dialog no)\n'
            f"(check-updates no)\n(theme-color-scheme {color_scheme})\n"
        )
        settings = home / ".config" / "gtk-3.0" / "settings.ini"
        settings.parent.mkdir()
        settings.write_text("[Settings]\ngtk-cursor-blink=false\n")
        if queried:
            shutil.copyfile(self._queried_plug_ins(), profile / "pluginrc")
        return home

    def install(self, package: Path, home: Path) -> Path:
        """Unzip a plug-in as an artist does, with the modes that the zip holds. Returns the plug-ins folder."""
        folder = self.profile_folder(home) / "plug-ins"
        with zipfile.ZipFile(package) as archive:
            for member in archive.infolist():
                unpacked = Path(archive.extract(member, folder))
                if mode := member.external_attr >> 16 & 0o777:
                    unpacked.chmod(mode)
        return folder

    def batch(
        self, script: str | Path, home: Path, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a Python script (a file, or the code itself) in GIMP without a window.

        `Gimp`, `Gio`, `GLib`… are there as in python-fu-eval. The exit status is 0, or 64 after an exception.
        """
        if isinstance(script, Path):
            script = f"exec(compile(open({str(script)!r}).read(), {str(script)!r}, 'exec'), globals())"
        argv = ["gimp-console", "-i", "--batch-interpreter", "python-fu-eval", "-b", script, "--quit"]
        return self.place.run(argv, home=home, env=env, timeout=timeout)

    def start_windowed(
        self, argv: Sequence[str | Path], screen: VirtualScreen, home: Path, env: Mapping[str, str] | None = None
    ) -> Process:
        """Start GIMP with its windows on the screen; what it says goes to `gimp.log` in `home`.

        `argv`: pictures to open and options, such as `--batch-interpreter python-fu-eval -b CODE`.
        """
        with (home / "gimp.log").open("ab") as log:
            return self.place.popen(
                ["gimp", "--new-instance", "--no-splash", *argv],
                home=home,
                env={**screen.env, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _queried_plug_ins(self) -> Path:
        """The pluginrc of a profile in which this GIMP was started once. GIMP itself notices what has changed since."""
        made = hosts_folder() / f"pluginrc-{self.version}-{self.place.name.replace(' ', '-')}"
        with lock(made.name):
            if not made.exists():
                with tempfile.TemporaryDirectory(prefix="fluxdepth-gimp-") as scratch:
                    home = self.new_home(Path(scratch) / "home", queried=False)
                    done = self.batch("pass", home, timeout=_QUERY_TIMEOUT)
                    if done.returncode != 0:
                        raise MakingError(f"GIMP {self.version} does not start: {done.stderr[-500:]}")
                    half = made.with_name(f".{made.name}.making")
                    shutil.copyfile(self.profile_folder(home) / "pluginrc", half)
                    half.rename(made)
        return made


def find_gimp(series: str | None = None, make: bool = True, say: Say = say) -> Gimp | Missing:
    """The GIMP of a series, `3.0` or `3.2`, or of any from 3.0 on: an installed one first, else one made in a root."""
    name = f"GIMP {series or '≥ 3.0'}"
    if series not in (None, *SUITES):
        raise ValueError(f"unknown GIMP series {series}")
    if (installed := _gimp_in(Here())) and (series is None or installed.series == series):
        return installed
    # What is made already comes before the making of a better one.
    for making in (False, True) if make else (False,):
        reasons = []
        for suite in SUITES[series or "3.0"]:
            try:
                found = _gimp_in(find_root(suite, "gimp", making, say))
            except MakingError as exc:
                reasons.append(str(exc))
                continue
            if found and (series is None or found.series == series):
                return found
            reasons.append(f"Debian {suite} has {found.version if found else 'none'}")
    return Missing(name, "; ".join(dict.fromkeys(reasons)))


def _gimp_in(place: Place) -> Gimp | None:
    if not place.which("gimp-console"):
        return None
    said = place.run(["gimp-console", "--version"], timeout=60).stdout
    version = re.search(r"version (\d+\.\d+\.\d+)", said)
    if version is None or version[1].startswith(("1.", "2.")):
        return None
    return Gimp(place, version[1])
