"""The real hosts: finds an installed GIMP or Blender, or makes one, and drives it for tests, demo and screenshots.

Standard library only: `build.py` uses it from the bare system Python. It knows GIMP, Blender and the machine; it
knows nothing of the core, the service or the two plug-ins, except that a plug-in is a zip to install.

    place.py    where to run: on this machine, or inside a Debian root
    roots.py    makes those roots
    gimp.py     GIMP 3, headless and in a window
    blender.py  Blender, headless, in a window, and as the `bpy` module
    screen.py   a virtual screen with keyboard, mouse and screenshots
    cache.py    the cache folder, locks, progress lines
"""

from .blender import Blender, Bpy, find_blender, find_bpy
from .cache import Missing
from .gimp import Gimp, find_gimp
from .place import Here, Place, Process, Root
from .screen import VirtualScreen

__all__ = [
    "Blender",
    "Bpy",
    "Gimp",
    "Here",
    "Missing",
    "Place",
    "Process",
    "Root",
    "VirtualScreen",
    "find_blender",
    "find_bpy",
    "find_gimp",
]
