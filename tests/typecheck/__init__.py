"""Type checks: strict ones of the core and of the two plug-ins, these against stubs of their hosts.

__main__.py          lays out what is checked, and runs mypy
stubs.py             PyGObject's stubs with GIMP's libraries added, Blender's corrected
inside/typelib.py    makes GIMP's of its typelibs; runs where GIMP is, with its Python
"""
