#!/usr/bin/env python3
"""The one entry point of the workflow: package, install, demo, sandbox, test, bench, screenshots, languages and more.

Standard library only, Python 3.11 or later. What a command needs beside that it puts into the user's cache folder: an
environment of Python packages, the wheels that the packages carry, and the real hosts (``tests/hosts``).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
BUILD = ROOT / "build"
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])

TEMPLATE = ROOT / "shared" / "locale" / "fluxdepth.pot"
LEAVE_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.txt", ".*", "*.pot")

# Blender's platform name -> the tags of the wheels that run there, and the Pythons of Blender there.
PLATFORMS = {
    "linux-x64": (("manylinux_2_28_x86_64",), ("3.11", "3.12", "3.13", "3.14")),
    "macos-arm64": (("macosx_11_0_arm64",), ("3.11", "3.13")),
    "macos-x64": (("macosx_10_10_x86_64", "macosx_10_13_x86_64"), ("3.11", "3.13")),
    "windows-arm64": (("win_arm64",), ("3.11", "3.13")),
    "windows-x64": (("win_amd64",), ("3.11", "3.13")),
}

# What each kind of test run gets first. A name with a question mark is a warning when it can't be had, not a failure.
HOSTS = ["gimp-3.0", "blender-trixie", "bpy-4.2", "gimp-3.2?"]
HOSTS_FULL = [*HOSTS, "bpy-4.5", "bpy-5.0", "bpy-5.2?", "blender-sid?"]


class BuildError(Exception):
    """Ends a command with one line for the person who called it."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)

    package = commands.add_parser("package", help="build the plug-ins into dist/")
    package.add_argument("--platform", action="append", choices=sorted(PLATFORMS), help="default: all")
    package.set_defaults(run=lambda chosen: show_packages(chosen.platform))

    install = commands.add_parser("install", help="install the built plug-in into the GIMP or Blender of this computer")
    install.add_argument("host", choices=["gimp", "blender"])
    install.set_defaults(run=lambda chosen: install_gimp() if chosen.host == "gimp" else install_blender())

    demo = commands.add_parser("demo", help="edit a real photo in a real GIMP and a render in a real Blender")
    demo.add_argument("host", nargs="?", choices=["gimp", "blender"], help="default: both")
    demo.set_defaults(run=lambda chosen: run_demo(chosen.host))

    sandbox = commands.add_parser("sandbox", help="serve the loopback stand-in of the service", add_help=False)
    sandbox.set_defaults(run=None)

    test = commands.add_parser("test", help="lint, types, core, service and host tests: what CI runs")
    test.add_argument("--full", action="store_true", help="also the heavy matrices, on every supported host")
    test.add_argument("stage", nargs="*", help="only these stages")
    test.set_defaults(run=lambda chosen: run_tests(chosen.full, chosen.stage))

    bench = commands.add_parser("bench", help="measure speed and memory, as ratios within one run")
    bench.add_argument("name", nargs="*", help="only these measurements")
    bench.set_defaults(run=lambda chosen: in_environment("tests.bench", *chosen.name, hosts=HOSTS))

    screenshots = commands.add_parser("screenshots", help="take the pictures of every window, and renew the README's")
    screenshots.set_defaults(run=lambda chosen: in_environment("tests.readme_pictures", hosts=HOSTS))

    languages = commands.add_parser("languages", help="bring the catalogues of translations up to date with the code")
    languages.set_defaults(run=lambda chosen: update_catalogues())

    live = commands.add_parser("check-live", help="ask the real service whether key and model are good, without paying")
    live.add_argument("--pay", action="store_true", help="also make one real, paid edit")
    live.set_defaults(run=lambda chosen: in_environment("tests.live", *(["--pay"] if chosen.pay else [])))

    chosen, rest = parser.parse_known_args()
    try:
        if chosen.command == "sandbox":
            in_environment("tests.sandbox", *rest)
        elif rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        else:
            chosen.run(chosen)
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


# Packages.


def show_packages(platforms: Sequence[str] | None) -> None:
    for path in [package_gimp(), *package_blender(platforms or sorted(PLATFORMS))]:
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB")


def package_gimp() -> Path:
    """dist/fluxdepth-gimp-<version>.zip: one folder that belongs into GIMP's plug-ins folder."""
    with tempfile.TemporaryDirectory(prefix="fluxdepth-") as folder:
        stage = stage_sources("fluxdepth_gimp", Path(folder) / "fluxdepth_gimp")
        for wheel in pure_wheels():
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(stage / "vendor")
        # GIMP takes only an executable entry file, and says nothing about another.
        entry = "fluxdepth_gimp/fluxdepth_gimp.py"
        return write_zip(DIST / f"fluxdepth-gimp-{VERSION}.zip", stage.parent, executable={entry})


def package_blender(platforms: Sequence[str]) -> list[Path]:
    """dist/fluxdepth-blender-<version>-<platform>.zip for each platform: an extension with its wheels inside."""
    source = (ROOT / "blender_addon" / "blender_manifest.toml").read_text("utf-8")
    if tomllib.loads(source)["version"] != VERSION:
        raise BuildError("blender_manifest.toml and pyproject.toml name different versions")
    return [package_blender_for(platform, source) for platform in platforms]


def package_blender_for(platform: str, manifest: str) -> Path:
    with tempfile.TemporaryDirectory(prefix="fluxdepth-") as folder:
        stage = stage_sources("blender_addon", Path(folder) / "fluxdepth")
        wheels = [*pure_wheels(), *pillow_wheels(platform)]
        (stage / "wheels").mkdir()
        for wheel in wheels:
            shutil.copy(wheel, stage / "wheels")
        # The keys belong above the first table. Blender's own build tool writes the same for one platform.
        lines = [f'platforms = ["{platform}"]', "wheels = ["]
        lines += [f'    "./wheels/{wheel.name}",' for wheel in wheels]
        whole = manifest.replace("\n[permissions]", "\n" + "\n".join([*lines, "]", "", "[permissions]"]), 1)
        (stage / "blender_manifest.toml").write_text(whole, "utf-8")
        return write_zip(DIST / f"fluxdepth-blender-{VERSION}-{platform}.zip", stage)


def stage_sources(plugin: str, stage: Path) -> Path:
    """A plug-in's own files with the core and the licence laid into it."""
    shutil.copytree(ROOT / plugin, stage, ignore=LEAVE_OUT)
    shutil.copytree(ROOT / "shared", stage / "shared", ignore=LEAVE_OUT)
    shutil.copy(ROOT / "LICENSE", stage)
    babel("compile", "-D", "fluxdepth", "-d", str(stage / "shared" / "locale"))
    for catalogue in stage.rglob("*.po"):
        catalogue.unlink()
    return stage


def update_catalogues() -> None:
    """The template from every text that is marked in the code, and every language's catalogue from that."""
    marks = ["--no-default-keywords", "-k", "tr trn:1,2 N_", "-c", "Translators:", "--add-location=file"]
    head = ["--project=Flux Depth", "--header-comment=# The texts of Flux Depth, under its license."]
    babel("extract", *marks, *head, "-o", str(TEMPLATE), "shared", "fluxdepth_gimp", "blender_addon")
    babel("update", "-D", "fluxdepth", "-i", str(TEMPLATE), "-d", str(TEMPLATE.parent), "--ignore-pot-creation-date")


def babel(*arguments: str) -> None:
    checked([str(environment()), "-m", "babel.messages.frontend", "-q", *arguments], f"Babel's {arguments[0]}")


def pure_wheels() -> list[Path]:
    """The wheels that both plug-ins carry."""
    tags = ["--implementation", "py", "--python-version", "3.10", "--abi", "none", "--platform", "any"]
    return wheels_of(ROOT / "shared" / "vendored.txt", "pure", tags)


def pillow_wheels(platform: str) -> list[Path]:
    tags, pythons = PLATFORMS[platform]
    wheels = []
    for python in pythons:
        options = ["--implementation", "cp", "--python-version", python, "--abi", f"cp{python.replace('.', '')}"]
        for tag in tags:
            options += ["--platform", tag]
        wheels += wheels_of(ROOT / "blender_addon" / "wheels.txt", f"{platform}-{python}", options)
    return wheels


def wheels_of(requirements: Path, name: str, tags: Sequence[str]) -> list[Path]:
    """The wheels of a pinned list, checked against its hashes, from the cache or fetched into it."""
    folder = cache_folder() / "wheels" / f"{name}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        print(f"fetching the packages of {requirements.relative_to(ROOT)} ({name})", file=sys.stderr)
        part = fresh_folder(folder.with_name(f"{folder.name}.part-{os.getpid()}"))
        options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements), *tags]
        try:
            checked(pip(environment(), "download", "-d", str(part), *options), f"fetching {requirements.name}")
            part.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was faster
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return sorted(folder.glob("*.whl"))


def write_zip(path: Path, folder: Path, executable: frozenset[str] | set[str] = frozenset()) -> Path:
    """Zips ``folder``'s content the same way each time: sorted, one date, set modes, wheels stored as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".part-{os.getpid()}")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            name = file.relative_to(folder).as_posix()
            info = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            info.create_system = 3  # Unix: the modes below count
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            info.compress_type = zipfile.ZIP_STORED if file.suffix == ".whl" else zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())
    return part.replace(path)


# Installing into this computer's hosts.


def install_gimp() -> None:
    package = package_gimp()
    folders = list(gimp_profiles())
    if not folders:
        raise BuildError("no GIMP 3 profile was found: start GIMP once, then install again")
    for folder in folders:
        target = folder / "plug-ins" / "fluxdepth_gimp"
        shutil.rmtree(target, ignore_errors=True)
        with zipfile.ZipFile(package) as archive:
            archive.extractall(target.parent)
        (target / "fluxdepth_gimp.py").chmod(0o755)
        print(f"installed into {target}; start GIMP anew and look under Filters > Flux Depth")


def gimp_profiles() -> Iterator[Path]:
    """The configuration folders of every GIMP 3 that this user has started."""
    home = Path.home()
    bases = [
        Path(os.environ.get("XDG_CONFIG_HOME", home / ".config")) / "GIMP",
        home / ".var/app/org.gimp.GIMP/config/GIMP",
        home / "snap/gimp/current/.config/GIMP",
        home / "Library/Application Support/GIMP",
        Path(os.environ.get("APPDATA", home / "AppData/Roaming")) / "GIMP",
    ]
    for base in bases:
        yield from sorted(folder for folder in base.glob("3.*") if folder.is_dir())


def install_blender() -> None:
    blender = shutil.which("blender")
    if not blender:
        raise BuildError("no `blender` on the PATH: in Blender, use Preferences > Get Extensions > Install from Disk")
    machine = {"linux": "linux-x64", "darwin": "macos-arm64", "win32": "windows-x64"}[sys.platform]
    if sys.platform == "darwin" and os.uname().machine == "x86_64":
        machine = "macos-x64"
    (package,) = package_blender([machine])
    arguments = ["--command", "extension", "install-file", "--repo", "user_default", "--enable", str(package)]
    checked([blender, *arguments], "Blender's installer")


# The environment of Python packages.


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "fluxdepth"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def environment() -> Path:
    """The Python of an environment with the pinned test packages, made when missing."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    packages, stubs = extras["test"], extras["stubs"]
    name = hashlib.sha256("\n".join([sys.version, sys.prefix, *packages, *stubs]).encode()).hexdigest()[:12]
    folder = cache_folder() / f"venv-{name}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "complete"
    if not done.exists():
        print(f"making the Python environment in {folder}", file=sys.stderr)
        make_venv(folder)
        checked(pip(python, "install", *packages), "installing the test packages")
        checked(pip(python, "install", "--no-deps", *stubs), "installing the type stubs")
        done.touch()
    return python


def make_venv(folder: Path) -> None:
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    if subprocess.run(command, capture_output=True).returncode == 0:
        return
    # A bare Debian's Python comes without ensurepip.
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        checked(["apt-get", "update", "-q"], "apt-get update")
        checked(["apt-get", "install", "-qy", "--no-install-recommends", "python3-venv"], "installing python3-venv")
    checked(command, "making an environment (on Debian: apt install python3-venv)")


def pip(python: Path, *arguments: str) -> list[str]:
    return [str(python), "-m", "pip", "-q", "--disable-pip-version-check", *arguments]


def in_environment(module: str, *arguments: str, hosts: Sequence[str] = ()) -> None:
    """Runs one of the project's modules with the pinned packages, the hosts that it needs made first."""
    if hosts:
        get_hosts(hosts)
    if code := run([str(environment()), "-m", module, *arguments]):
        raise SystemExit(code)


def get_hosts(names: Sequence[str]) -> None:
    """Finds or makes the real hosts. On CI a missing one is a failure, unless its name ends in a question mark."""
    for name in names:
        code = subprocess.run([sys.executable, "-m", "tests.hosts", "get", name.rstrip("?")], cwd=ROOT).returncode
        if code and os.environ.get("CI") == "true" and not name.endswith("?"):
            raise BuildError(f"{name} can't be had, and CI needs it")


def checked(command: Sequence[str], what: str) -> None:
    if code := run(command):
        raise BuildError(f"{what} failed with exit code {code}")


def fresh_folder(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


# Demo, tests, pictures.


def run_demo(host: str | None) -> None:
    if host != "blender":
        package_gimp()
        in_environment("tests.gimp.demo", hosts=["gimp-3.0"])
    if host != "gimp":
        package_blender(["linux-x64"])
        in_environment("tests.blender.demo", hosts=["blender-trixie"])


def run_tests(full: bool, only: Sequence[str]) -> None:
    """Runs the stages in order, each even when an earlier one failed, and tells the time of each."""
    python = str(environment())
    marked = [] if full else ["-m", "not full"]

    def pytest(*arguments: str) -> Callable[[], int]:
        return lambda: run([python, "-m", "pytest", "-q", "--durations=12", *marked, *arguments])

    def host(name: str) -> Callable[[], int]:
        # Those without a window share the cores; windows that fight for two cores lose keys and frames.
        shared, alone = (test_files(name, windows=windows) for windows in (False, True))
        return lambda: pytest("-n", "2", "--dist", "loadfile", *shared)() | pytest(*alone)()

    stages: dict[str, Callable[[], int | None]] = {
        "lint": lambda: run([python, "-m", "ruff", "check"]) or run([python, "-m", "ruff", "format", "--check"]),
        "package": lambda: show_packages(None if full else ["linux-x64"]),
        "types": lambda: run([python, "-m", "tests.typecheck"]),
        "core": pytest("-n", "4", "tests/core", "tests/faults"),  # they wait more than they work
        "service": pytest("-n", "4", "tests/service", "tests/sandbox"),
        "hosts": lambda: get_hosts(HOSTS_FULL if full else HOSTS) or pytest("tests/hosts")(),
        "gimp": host("gimp"),
        "blender": host("blender"),
    }
    if unknown := set(only) - set(stages):
        raise BuildError(f"no such stage: {', '.join(sorted(unknown))} (there are {', '.join(stages)})")
    if not only:
        (BUILD / "faults.jsonl").unlink(missing_ok=True)
    times, failed = {}, []
    for name in [one for one in stages if one in only or not only]:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        if stages[name]():
            failed.append(name)
        times[name] = time.monotonic() - started
    if full:
        print("\n== faults", flush=True)
        if run([python, "-m", "tests.faults"]) and not only:
            failed.append("faults")
    print("\n== times")
    for name, seconds in times.items():
        print(f"{name:<10}{seconds:7.1f} s{'  FAILED' if name in failed else ''}")
    if failed:
        raise BuildError(f"failed: {', '.join(failed)}")


def test_files(folder: str, *, windows: bool) -> list[str]:
    """The test files of a folder that open windows, or those that open none."""
    files = sorted((ROOT / "tests" / folder).glob("test_*.py"))
    opening = ("from .window import", "from .desk import", "import *")  # the last: another version's windows
    return [str(file) for file in files if any(one in file.read_text("utf-8") for one in opening) is windows]


def run(command: Sequence[str]) -> int:
    return subprocess.run(list(command), cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
