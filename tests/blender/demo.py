"""`build.py demo`: a small scene, rendered with Cycles in a real Blender, edited and projected by the built extension.

The service is the loopback stand-in, which blurs what it takes for far away. Writes to build/demo the render, the
edited one, and the scene with that as its surface, rendered from a second camera.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import build
from tests.hosts import Blender, find_blender
from tests.sandbox import Sandbox
from tests.sandbox.progress import showing_progress

from .window import INSIDE, profile_environment

OUT = build.ROOT / "build" / "demo"
SECONDS = 4.0  # that the stand-in takes for an edit: long enough to be seen


def run(host: Blender, base_url: str, api_key: str, out: Path) -> tuple[Path, Path, Path]:
    """Installs the extension in a scratch profile, renders, edits, projects. Returns the three pictures."""
    out.mkdir(parents=True, exist_ok=True)
    before, after, beside = (out / f"blender-{name}.png" for name in ("before", "after", "projected"))
    with tempfile.TemporaryDirectory(prefix="fluxdepth-demo-") as folder:
        profile = Path(folder)
        scene = profile / "scene.blend"
        (package,) = build.package_blender(["linux-x64"])
        env = profile_environment(profile / "fluxdepth", base_url, api_key)
        demo = ["-b", "--factory-startup", scene, "--python-exit-code", "1", "--python", INSIDE / "demo.py"]
        for done in (
            host.run_script(INSIDE / "install.py", [package], user_resources=profile, env=env),
            host.run_script(INSIDE / "scene.py", [scene], user_resources=profile, env=env),
            host.run([*demo, "--", before, after, beside], user_resources=profile, env=env),
        ):
            if done.returncode:
                raise RuntimeError(done.stdout + done.stderr)
    return before, after, beside


def main() -> int:
    host = find_blender("trixie")
    if not host:
        print(host, file=sys.stderr)
        return 1
    print(f"Blender {host.version}, the extension from {build.DIST.name}/, a scene rendered with Cycles", flush=True)
    with Sandbox(effect="depth", latency=SECONDS) as sandbox, showing_progress(sandbox):
        pictures = run(host, sandbox.base_url, sandbox.api_key, OUT)
    for picture in pictures:
        print(f"  {picture.relative_to(build.ROOT)}  {picture.stat().st_size / 1e3:.0f} kB")
    print("The service was a stand-in on this computer: the effect is its guess at depth, not the model's.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
