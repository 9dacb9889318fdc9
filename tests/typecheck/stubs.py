"""The hosts' stubs as the checks need them: PyGObject's with GIMP's libraries added, Blender's corrected.

GIMP has none of its own. They are made anew each time, in a quarter of a second, of the typelibs of the GIMP that the
tests use: so they are never stale.
"""

from __future__ import annotations

import json
import re
import shutil
import sysconfig
from pathlib import Path

from tests.hosts import Missing, find_gimp

SERIES = "3.0"  # the oldest GIMP that the plug-in is for
LIBRARIES = ("Babl-0.1", "Gegl-0.4", "Gimp-3.0", "GimpUi-3.0")
TYPELIB = Path(__file__).parent / "inside" / "typelib.py"

# In fake-bpy-module whatever is a pointer may be None. These never are, once an extension is registered.
NEVER_NONE = {
    "Context": ("preferences", "scene", "view_layer", "window_manager"),
    "Image": ("colorspace_settings",),
    "ImageFormatSettings": ("display_settings", "linear_colorspace_settings", "view_settings"),
    "Menu": ("layout",),
    "Panel": ("layout",),
    "Scene": ("display_settings", "view_settings"),
}
# It takes the names of a colour configuration for fixed ones, bytes for text, and an array for one number.
CORRECTIONS = (  # class, what it says, what is so
    (
        "ColorManagedInputColorspaceSettings",
        "name: bpy.stub_internal.rna_enums.ColorSpaceConvertDefaultItems",
        "name: str",
    ),
    ("ColorManagedViewSettings", 'view_transform: typing.Literal["NONE"]', "view_transform: str"),
    ("Image", 'def pack(self, data: str = ""', 'def pack(self, data: bytes = b""'),
    ("Image", "pixels: float", "pixels: bpy_prop_array[float]"),
    ("PackedFile", "def data(self) -> str", "def data(self) -> bytes"),
)


def lay_out_blender(folder: Path) -> None:
    """Blender's stubs as a package ``bpy`` in ``folder``."""
    shutil.copytree(_installed("bpy"), folder / "bpy")
    path = folder / "bpy" / "types" / "__init__.pyi"
    before, *classes = re.split(r"^(?=class )", path.read_text("utf-8"), flags=re.MULTILINE)
    by_name = {re.split(r"\W", one)[1]: one for one in classes}
    for name, properties in NEVER_NONE.items():
        by_name[name] = re.sub(rf"(def ({'|'.join(properties)})\(self\) -> \w+) \| None", r"\1", by_name[name])
    for name, old, new in CORRECTIONS:
        by_name[name] = by_name[name].replace(old, new, 1)
    path.write_text(before + "".join(by_name.values()), "utf-8")


def lay_out_gimp(folder: Path) -> Missing | None:
    """PyGObject's stubs for GTK 3 as a package ``gi`` in ``folder``, GIMP's among them; or what is missing for that."""
    gimp = find_gimp(SERIES)
    if isinstance(gimp, Missing):
        return gimp
    done = gimp.place.run(["/usr/bin/python3", TYPELIB, *LIBRARIES], timeout=120)
    if done.returncode:
        return Missing(f"the typelib of GIMP {gimp.version}", done.stderr.strip().splitlines()[-1])
    shutil.copytree(_installed("gi"), folder / "gi")
    stubs = json.loads(done.stdout) | {name: f"from ._{name}3 import *\n" for name in ("Gdk", "Gtk")}
    for name, text in stubs.items():
        (folder / "gi" / "repository" / f"{name}.pyi").write_text(text, "utf-8")
    return None


def _installed(package: str) -> Path:
    return Path(sysconfig.get_path("purelib"), f"{package}-stubs")
