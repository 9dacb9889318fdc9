"""`python -m tests.typecheck`: the core, Blender's extension as it is packaged, and GIMP's plug-in, where a GIMP is.

On CI a missing GIMP is a failure. Afterwards `mypy shared fluxdepth_gimp build/types/fluxdepth` does the same.
"""

from __future__ import annotations

import os
import subprocess
import sys

import build

from .stubs import lay_out_blender, lay_out_gimp

FOLDER = build.BUILD / "types"  # where pyproject.toml sends mypy
STAGED = "build/types/fluxdepth"  # Blender's extension imports the core as its own


def main() -> int:
    build.fresh_folder(FOLDER)
    build.stage_sources("blender_addon", build.ROOT / STAGED)
    lay_out_blender(FOLDER)
    missing = lay_out_gimp(FOLDER)
    if missing is None:
        return _mypy("shared", STAGED, "fluxdepth_gimp")
    code = _mypy("shared", STAGED)
    print(f"fluxdepth_gimp is not checked: {missing}")
    return code or int(os.environ.get("CI") == "true")


def _mypy(*checked: str) -> int:
    done = subprocess.run([sys.executable, "-m", "mypy", *checked], cwd=build.ROOT, stdout=subprocess.PIPE, text=True)
    print(done.stdout.replace(f"{STAGED}/shared/", "shared/").replace(f"{STAGED}/", "blender_addon/"), end="")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
