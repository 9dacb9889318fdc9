"""Makes the Debian roots, and installs packages on this machine. Knows debootstrap and apt; no host, no mirror."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .cache import MakingError, Say, finish, hosts_folder, lock, say
from .place import Here, Place, Process, Root

_STAMP = Path("var/lib/fluxdepth-packages")
"""Inside a root: the packages that were asked for and are installed, one a line. Written last."""

_SCREEN = (
    *("xvfb", "xauth", "x11-xserver-utils", "xdotool", "wmctrl", "openbox", "imagemagick", "dbus-x11"),
    *("fonts-dejavu-core", "adwaita-icon-theme", "libgl1-mesa-dri"),
    *("at-spi2-core", "gir1.2-atspi-2.0", "python3-pyatspi"),
)
PACKAGES: Mapping[str, Sequence[str]] = {
    "gimp": ("gimp", "gir1.2-gimp-3.0", "gir1.2-gtk-3.0", "python3-gi", *_SCREEN),
    # numpy, which official Blenders carry: Debian's does not ask for it.
    "blender": ("blender", "python3-numpy", *_SCREEN),
    # Blender 5.2's own extension manager does not register without the other two.
    "blender-5.2": ("blender", "python3-numpy", "python3-cattr", "python3-requests", *_SCREEN),
    "screen": _SCREEN,
}
"""What a root needs for what it is used for. A changed list is topped up, not made anew."""


def find_root(suite: str, purpose: str, make: bool = True, say: Say = say) -> Root:
    """The root of a Debian suite with the packages for a purpose, made or topped up when needed.

    Raises MakingError when it cannot be made, or is not there and `make` is false.
    """
    folder = hosts_folder() / suite
    packages = PACKAGES[purpose]
    if not _lacking(folder, packages):
        _must_be_able_to_enter()
        return Root(folder)
    if not make:
        raise MakingError(f"the Debian {suite} root is not made yet")
    _must_be_able_to_enter()
    with lock(suite) as held:
        log = hosts_folder() / f"{suite}.log"
        started = time.monotonic()
        if not folder.exists():
            _make(folder, suite, packages, log, held, say)
        elif lacking := _lacking(folder, packages):
            say(f"{suite} root: adding {' '.join(lacking)}")
            _install(folder, suite, lacking, log)
        else:
            return Root(folder)
        say(f"{suite} root: ready after {time.monotonic() - started:.0f} s")
    return Root(folder)


def install_here(packages: Sequence[str], why: str, say: Say = say) -> None:
    """Install packages on this machine with apt-get. Raises MakingError when that cannot be."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MakingError(f"{why} needs {' '.join(packages)}; only root on Debian can have them installed here")
    say(f"{why}: installing {' '.join(packages)} on this machine")
    with lock("apt"):
        _update_here()
        log = hosts_folder() / "apt.log"
        argv = [*_APT, "install", "-y", "--no-install-recommends", *packages]
        finish(_logged(Here(), argv, log, {"DEBIAN_FRONTEND": "noninteractive"}), log, "apt-get")


# Whoever else uses apt at this moment is waited for; a mirror's hiccup is no failure.
_APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3")


def _update_here() -> None:
    """Fetch this machine's package lists. A third party's stale source fails it without harm: what follows decides."""
    Here().run([*_APT, "update"], env=os.environ, timeout=600)


def _logged(place: Place, argv: Sequence[str | Path], log: Path, env: Mapping[str, str], *held: int) -> Process:
    """Start a command with its output appended to the log, and this machine's proxies in its environment."""
    proxies = {name: value for name, value in os.environ.items() if name.lower() in _PROXIES}
    with log.open("ab") as out:
        return place.popen(
            argv,
            env=proxies | dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=held,
        )


_PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def _lacking(folder: Path, packages: Sequence[str]) -> list[str]:
    stamp = folder / _STAMP
    have = set(stamp.read_text().split()) if stamp.is_file() else set()
    return [name for name in packages if name not in have]


def _must_be_able_to_enter() -> None:
    if os.geteuid() != 0:
        raise MakingError("only root can make and enter a Debian root (and none is installed)")
    probe = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if probe.returncode != 0:
        raise MakingError(f"this machine allows no namespaces of its own: {probe.stderr.strip()}")


def _make(folder: Path, suite: str, packages: Sequence[str], log: Path, held: int, say: Say) -> None:
    """Make the root in a folder of another name and rename it when it is whole."""
    if shutil.which("apt-get") is None:
        raise MakingError("only Debian and its kin can make a Debian root")
    if shutil.which("debootstrap") is None:
        install_here(["debootstrap", "debian-archive-keyring"], "making a Debian root", say)
    log.unlink(missing_ok=True)
    half = folder.with_name(f".{suite}.making")
    say(f"{suite} root: debootstrap into {folder}")
    for mirror in _mirrors():
        _remove(half)
        # In mount namespaces of its own: what debootstrap mounts goes with it, however it ends.
        argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "debootstrap", "--variant=minbase"]
        argv += ["--include=ca-certificates", suite, str(half), *mirror]
        try:
            finish(_logged(Here(), argv, log, {}, held), log, f"{suite} root: debootstrap")
            break
        except MakingError as exc:
            failure = exc
            say(str(exc))
    else:
        raise failure
    _settings(half)
    say(f"{suite} root: installing {' '.join(packages)}")
    _install(half, suite, packages, log)
    half.rename(folder)


def _mirrors() -> list[list[str]]:
    """What to give debootstrap as the mirror, best first: what this machine uses, then debootstrap's own default."""
    _update_here()  # only fetched lists know whose archive a source is
    argv = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"]
    targets = Here().run(argv, timeout=60)
    for line in targets.stdout.splitlines():
        origin, label, address = line.split("|", 2)
        if (origin, label) == ("Debian", "Debian") and address.startswith("http"):
            return [[address], []]
    return [[]]


def _settings(root: Path) -> None:
    conf = root / "etc/apt/apt.conf.d"
    lines = ['Acquire::Check-Valid-Until "false";']  # a mirror of sid may lag
    for scheme in ("http", "https"):
        name = f"Acquire::{scheme}::Proxy"
        proxy = Here().run(["apt-config", "--format", "%v", "dump", name], timeout=60).stdout.strip()
        if proxy:
            lines.append(f'{name} "{proxy}";')
    (conf / "99fluxdepth").write_text("\n".join(lines) + "\n")
    # A package must not start its services on the machine of the tests.
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    # Blender and GTK look here for what is mounted.
    (root / "etc/mtab").symlink_to("../proc/self/mounts")


def _install(folder: Path, suite: str, packages: Sequence[str], log: Path) -> None:
    """Install the packages inside the root and write the stamp."""
    # The machine's name servers may have changed since the root was made.
    shutil.copyfile("/etc/resolv.conf", folder / "etc/resolv.conf")
    lacking = _lacking(folder, packages)
    env = {"DEBIAN_FRONTEND": "noninteractive", "PACKAGES": " ".join(lacking)}
    argv = ["/bin/sh", "-c", _INSTALL, "apt", *_APT]
    finish(_logged(Root(folder), argv, log, env), log, f"{suite} root: apt-get")
    with (folder / _STAMP).open("a") as stamp:
        stamp.writelines(f"{name}\n" for name in lacking)


# First what an interrupted run left half done.
_INSTALL = """
set -e
dpkg --configure -a
"$@" update
"$@" install -y --no-install-recommends $PACKAGES
"$@" clean
"""


def _remove(folder: Path) -> None:
    """Delete a half-made root, never through a mount: below a bound /dev are this machine's devices."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    inside = [point for line in mounts if (point := line.split()[4]).startswith(f"{folder}/")]
    if inside:
        raise MakingError(f"{inside[0]} is still mounted; unmount it first")
    if folder.exists():
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)
