"""`python3 -m tests.hosts`: get hosts ahead of their use, list what there is, run a program inside one."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .blender import SUITES as BLENDERS, WHEELS, Blender, Bpy, find_blender, find_bpy
from .cache import Missing, hosts_folder
from .gimp import SUITES as GIMPS, Gimp, find_gimp

Host = Gimp | Blender | Bpy


def _finders() -> dict[str, Callable[[bool], Host | Missing]]:
    finders: dict[str, Callable[[bool], Host | Missing]] = {}
    for series in GIMPS:
        finders[f"gimp-{series}"] = lambda make, series=series: find_gimp(series, make)  # type: ignore[misc]
    for suite in BLENDERS:
        finders[f"blender-{suite}"] = lambda make, suite=suite: find_blender(suite, make)  # type: ignore[misc]
    for series in WHEELS:
        finders[f"bpy-{series}"] = lambda make, series=series: find_bpy(series, make)  # type: ignore[misc]
    return finders


def main() -> int:
    finders = _finders()
    parser = argparse.ArgumentParser(prog="python3 -m tests.hosts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    get = commands.add_parser("get", help="find or make hosts")
    get.add_argument("names", nargs="+", choices=list(finders), metavar="HOST", help=", ".join(finders))
    commands.add_parser("list", help="what is there now")
    run = commands.add_parser("run", help="run a program where a host is: run gimp-3.0 --home /tmp/h gimp-console -v")
    run.add_argument("name", choices=list(finders), metavar="HOST")
    run.add_argument("--home", type=Path, help="a scratch folder to be HOME")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="PROGRAM …")
    options = parser.parse_args()
    if options.command == "run":
        return _run(finders[options.name](True), options.home, options.argv)
    make = options.command == "get"
    if not make:
        print(f"cache: {hosts_folder()}")
    results = [_show(name, finders[name], make) for name in (options.names if make else finders)]
    return 0 if all(results) or not make else 1


def _show(name: str, find: Callable[[bool], Host | Missing], make: bool) -> bool:
    started = time.monotonic()
    host = find(make)
    if isinstance(host, Missing):
        print(f"{name:<15} – {host.reason}", flush=True)
        return False
    print(f"{name:<15} {host.version:<8} {host.place.name} ({time.monotonic() - started:.1f} s)", flush=True)
    return True


def _run(host: Host | Missing, home: Path | None, argv: list[str]) -> int:
    if isinstance(host, Missing):
        print(host, file=sys.stderr)
        return 1
    if home:
        home.mkdir(parents=True, exist_ok=True)
    with host.place.popen(argv, home=home, cwd=Path.cwd()) as process:
        try:
            return process.wait()
        finally:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
