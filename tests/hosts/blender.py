"""Blender, installed or made, and the `bpy` modules: scripts, windows, the extension tool. Knows no extension."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .cache import MakingError, Missing, Say, finish, hosts_folder, lock, say
from .place import Here, Place, Process
from .roots import find_root, install_here
from .screen import VirtualScreen

SUITES: Mapping[str, tuple[str, tuple[int, int]]] = {"trixie": ("blender", (4, 2)), "sid": ("blender-5.2", (5, 2))}
"""Debian suite: what is installed for it, and from which version on an installed Blender stands for it."""


@dataclass(frozen=True)
class _Wheel:
    python: str
    requirements: tuple[str, ...]


# numpy as the official builds have it: below 2 up to Blender 5.0. The wheels themselves would take any.
WHEELS: Mapping[str, _Wheel] = {
    "4.2": _Wheel("3.11", ("bpy==4.2.23", "numpy==1.26.4")),
    "4.5": _Wheel("3.11", ("bpy==4.5.15", "numpy==1.26.4")),
    "5.0": _Wheel("3.11", ("bpy==5.0.1", "numpy==1.26.4")),
    "5.1": _Wheel("3.13", ("bpy==5.1.2", "numpy==2.3.5")),
    "5.2": _Wheel("3.13", ("bpy==5.2.3", "numpy==2.3.5")),
}

# What the wheels want of the system, in Debian's names.
_LIBRARIES = (
    *("libgl1", "libopengl0", "libgomp1", "libice6", "libsm6", "libx11-6", "libxext6", "libxfixes3"),
    *("libxi6", "libxkbcommon0", "libxrender1", "libxt6", "libxxf86vm1"),
)


class _Host(ABC):
    """What a Blender and a `bpy` module have in common.

    `user_resources` is a scratch folder that stands for the artist's: preferences, add-ons and extensions go there,
    and it is the home as well.
    """

    place: Place
    version: str

    @property
    def series(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    @abstractmethod
    def python_version(self) -> str:
        """Of the Python inside, such as `3.13`."""

    @abstractmethod
    def script_argv(self, script: Path, args: Sequence[str | Path] = ()) -> list[str | Path]:
        """What runs a Python script inside, without a window; `args` come after `--` in sys.argv. An exception exits 1.

        The first word names the program that becomes Blender.
        """

    def run_script(
        self,
        script: Path,
        args: Sequence[str | Path] = (),
        *,
        user_resources: Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a Python script inside to its end; see :meth:`script_argv`."""
        return self._run(self.script_argv(script, args), user_resources, env, timeout)

    @abstractmethod
    def cli(
        self,
        args: Sequence[str | Path],
        *,
        user_resources: Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run `blender --command …`; `args` begin with the command, such as `extension validate ZIP`."""

    def _run(
        self, argv: Sequence[str | Path], user_resources: Path, env: Mapping[str, str] | None, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        user_resources.mkdir(parents=True, exist_ok=True)
        full = {"BLENDER_USER_RESOURCES": str(user_resources), **(env or {})}
        return self.place.run(argv, home=user_resources, env=full, timeout=timeout)


@dataclass(frozen=True)
class Blender(_Host):
    """A whole Blender, with windows."""

    place: Place
    version: str

    @property
    def python_version(self) -> str:
        code = "import sys; print('python', *sys.version_info[:2])"
        said = self.place.run(["blender", "-b", "--factory-startup", "--python-expr", code], timeout=120).stdout
        found = re.search(r"^python (\d+) (\d+)$", said, re.MULTILINE)
        if found is None:
            raise RuntimeError(f"Blender {self.version} does not run Python: {said[-500:]}")
        return f"{found[1]}.{found[2]}"

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        user_resources: Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run `blender` with these arguments."""
        return self._run(["blender", *argv], user_resources, env, timeout)

    def script_argv(self, script: Path, args: Sequence[str | Path] = ()) -> list[str | Path]:
        options = ["-b", "--factory-startup", "--python-exit-code", "1", "--python"]
        return ["blender", *options, script, "--", *args]

    def cli(
        self,
        args: Sequence[str | Path],
        *,
        user_resources: Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        return self.run(["-b", "--command", *args], user_resources=user_resources, env=env, timeout=timeout)

    def start_windowed(
        self,
        argv: Sequence[str | Path],
        screen: VirtualScreen,
        user_resources: Path,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start Blender filling the screen, with factory settings; what it says goes to `blender.log` in its folder.

        `argv`: a file to open and options, such as `--python SCRIPT`.
        """
        user_resources.mkdir(parents=True, exist_ok=True)
        geometry = ["0", "0", str(screen.width), str(screen.height)]
        with (user_resources / "blender.log").open("ab") as log:
            return self.place.popen(
                [
                    *("blender", "--factory-startup", "--gpu-backend", "opengl"),
                    *("--window-geometry", *geometry, "--python-exit-code", "1"),
                    *argv,
                ],
                home=user_resources,
                env={
                    **screen.env,
                    "BLENDER_USER_RESOURCES": str(user_resources),
                    "LIBGL_ALWAYS_SOFTWARE": "1",
                    **(env or {}),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


@dataclass(frozen=True)
class Bpy(_Host):
    """Blender as a Python module, without windows, in a virtual environment of its own."""

    place: Place
    version: str
    wheel: _Wheel
    folder: Path

    @property
    def python_version(self) -> str:
        return self.wheel.python

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def blender_ext(self) -> Path:
        """Blender's extension tool, a script for any plain Python: `build`, `validate`."""
        package = self.folder / "lib" / f"python{self.python_version}" / "site-packages" / "bpy"
        return package / self.series / "scripts" / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"

    def script_argv(self, script: Path, args: Sequence[str | Path] = ()) -> list[str | Path]:
        return [self.python, script, "--", *args]

    def cli(
        self,
        args: Sequence[str | Path],
        *,
        user_resources: Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        if args[0] != "extension":
            raise ValueError(f"a bpy module has the command extension only, not {args[0]}")
        return self._run([self.python, self.blender_ext, *args[1:]], user_resources, env, timeout)


def find_blender(suite: str, make: bool = True, say: Say = say) -> Blender | Missing:
    """An installed Blender that is new enough to stand for the suite's, else the one of Debian `trixie` or `sid`."""
    purpose, oldest = SUITES[suite]
    if (installed := _blender_in(Here())) and _numbers(installed.version) >= oldest:
        return installed
    name = f"Blender ≥ {oldest[0]}.{oldest[1]}"
    try:
        found = _blender_in(find_root(suite, purpose, make, say))
    except MakingError as exc:
        return Missing(name, str(exc))
    if found is None or _numbers(found.version) < oldest:
        return Missing(name, f"Debian {suite} has {found.version if found else 'none'}")
    return found


def find_bpy(series: str, make: bool = True, say: Say = say) -> Bpy | Missing:
    """The `bpy` module of a Blender series, in a virtual environment in the cache."""
    wheel = WHEELS[series]
    folder = hosts_folder() / f"bpy-{series}"
    release = wheel.requirements[0].removeprefix("bpy==")
    found = Bpy(Here(), release, wheel, folder)
    if _is_made(found):
        return found
    try:
        if not make:
            raise MakingError("its virtual environment is not made yet")
        with lock(folder.name) as held:
            if not _is_made(found):
                _make_bpy(found, held, say)
    except MakingError as exc:
        return Missing(f"bpy {series}", str(exc))
    return found


def _blender_in(place: Place) -> Blender | None:
    if not place.which("blender"):
        return None
    said = place.run(["blender", "--version"], timeout=60).stdout
    version = re.search(r"^Blender (\d+\.\d+\.\d+)", said, re.MULTILINE)
    return Blender(place, version[1]) if version else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _stamp(folder: Path) -> Path:
    return folder / "fluxdepth-requirements"


def _is_made(bpy: Bpy) -> bool:
    stamp = _stamp(bpy.folder)
    made = stamp.is_file() and stamp.read_text() == " ".join(bpy.wheel.requirements)
    return made and _runs(bpy.python, bpy.wheel.python)  # the Python below it may have been removed


def _make_bpy(bpy: Bpy, held: int, say: Say) -> None:
    started = time.monotonic()
    wheel = bpy.wheel
    log = bpy.folder.with_name(f"{bpy.folder.name}.log")
    python = _find_python(wheel.python)
    half = bpy.folder.with_name(f".{bpy.folder.name}.making")
    for old in (half, bpy.folder):
        if old.exists():
            shutil.rmtree(old)
    if Here().run([python, "-c", "import ensurepip, venv"], timeout=60).returncode != 0:
        install_here(["python3-venv"], "a virtual environment", say)
    say(f"{bpy.folder.name}: downloading {' '.join(wheel.requirements)} for {python}")
    new_python = str(half / "bin" / "python")
    with log.open("wb") as out:
        for argv in (
            [python, "-m", "venv", str(half)],
            [new_python, "-m", "pip", "install", "--no-cache-dir", *wheel.requirements],
        ):
            # pip is told of proxies, certificates and indexes by the environment.
            process = Here().popen(argv, env=os.environ, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
            finish(process, log, bpy.folder.name)
    tried = Here().run([new_python, "-c", "import bpy"], timeout=300)
    if "cannot open shared object file" in tried.stderr:
        install_here(_LIBRARIES, f"bpy {bpy.version}", say)
        tried = Here().run([new_python, "-c", "import bpy"], timeout=300)
    if tried.returncode != 0:
        raise MakingError(f"bpy {bpy.version} cannot be imported: {tried.stderr.strip().splitlines()[-1]}")
    _stamp(half).write_text(" ".join(wheel.requirements))
    half.rename(bpy.folder)
    say(f"{bpy.folder.name}: ready after {time.monotonic() - started:.0f} s")


def _find_python(version: str) -> str:
    """A Python of that minor version that really runs: a shim on the PATH may be there and not run."""
    for candidate in _pythons(version):
        if _runs(candidate, version):
            return str(candidate)
    raise MakingError(f"it needs Python {version}, and none is installed")


def _pythons(version: str) -> Iterator[str | Path]:
    yield sys.executable
    yield f"python{version}"
    yield f"/usr/bin/python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}*/bin/python{version}"), reverse=True)


def _runs(python: str | Path, version: str) -> bool:
    if not Here().which(str(python)):
        return False
    done = Here().run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], env=os.environ, timeout=60)
    return done.returncode == 0 and done.stdout.strip() == version
