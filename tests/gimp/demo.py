"""`build.py demo gimp`: a real photo through the built plug-in in a real GIMP, with the stand-in of the service."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import build
from tests.hosts import find_gimp
from tests.sandbox import Sandbox
from tests.sandbox.progress import showing_progress

DATA = Path(__file__).parents[1] / "data"
OUT = build.BUILD / "demo"
PHOTO = DATA / "coffee.png"
PROMPT = "Add realistic depth blur to background while keeping subject sharp"
SECONDS = 4.0  # that the stand-in takes for an edit: long enough to be seen

SCRIPT = """
import json, os
from gi.repository import Gimp, Gio
setup = json.loads(os.environ["FLUXDEPTH_DEMO"])
file = lambda name: Gio.File.new_for_path(setup[name])
image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file("photo"))
procedure = Gimp.get_pdb().lookup_procedure("plug-in-fluxdepth-edit")
config = procedure.create_config()
config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
config.set_property("image", image)
config.set_core_object_array("drawables", image.get_layers())
config.set_property("prompt", setup["prompt"])
config.set_property("format", "png")
reply = procedure.run(config)
if reply.index(0) != Gimp.PDBStatusType.SUCCESS:
    raise RuntimeError(Gimp.get_pdb().get_last_error())
print("New layer:", reply.index(1).get_name())
for name in ("xcf", "after"):
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file(name), None)
image.delete()
"""


def main() -> int:
    gimp = find_gimp()
    if not gimp:
        print(gimp, file=sys.stderr)
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    before, after, xcf = OUT / "gimp-before.png", OUT / "gimp-after.png", OUT / "gimp.xcf"
    shutil.copyfile(PHOTO, before)
    with tempfile.TemporaryDirectory(prefix="fluxdepth-demo-") as scratch, Sandbox(latency=SECONDS) as sandbox:
        home = gimp.new_home(Path(scratch) / "home")
        gimp.install(build.package_gimp(), home)
        setup = {"photo": str(PHOTO), "prompt": PROMPT, "after": str(after), "xcf": str(xcf)}
        env = {
            "FLUXDEPTH_DEMO": json.dumps(setup),
            "FLUXDEPTH_HOME": str(home / "fluxdepth"),
            "FLUXDEPTH_API_KEY": sandbox.api_key,
            "FLUXDEPTH_BASE_URL": sandbox.base_url,
        }
        print(f"GIMP {gimp.version}, the plug-in from {build.DIST.name}/, {PHOTO.name}: “{PROMPT}”", flush=True)
        with showing_progress(sandbox):
            done = gimp.batch(SCRIPT, home, env=env, timeout=300)
    if done.returncode or "New layer" not in done.stdout:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        return 1
    print(next(line for line in done.stdout.splitlines() if "New layer" in line))
    for path in (before, after, xcf):
        print(f"  {path.relative_to(build.ROOT)}  {path.stat().st_size / 1e3:.0f} kB")
    print("The service was a stand-in on this computer: the effect is its guess at depth, not the model's.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
