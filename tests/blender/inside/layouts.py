"""Runs inside Blender: a layout that notes what a panel draws, and which words have too little room.

Blender tells nobody what it has cut. So the room of each word is reckoned as Blender lays out, and the word measured.
"""

from types import SimpleNamespace

import blf
import bpy

# px at scale 1, measured on the screen.
PANEL = 45  # of a sidebar's region, in the panel's edges and the tabs beside it
BOX = 10
ICON = 20  # and a button that is nothing else
GAP = 5  # in a label, from which on Blender cuts it
BUTTON = 16  # of the edges of a button with words
SPLIT = 0.4
INHERITED = ("use_property_split", "active", "enabled")


def shown(text, context):
    """What Blender draws for a name that it was told."""
    return bpy.app.translations.pgettext_iface(text, context)


class Layout:
    """Stands for a `UILayout`. `width` is the region's, in pixels at scale 1."""

    def __init__(self, width, parent=None, kind="column", scale=1.0):
        self.kind, self.parent, self.scale = kind, parent, scale
        self.children, self.words, self.width, self.fixed = [], [], width, 0.0
        self.use_property_split, self.active, self.enabled = False, True, True
        for name in INHERITED if parent else ():
            setattr(self, name, getattr(parent, name))

    def _child(self, kind):
        self.children.append(Layout(self.width, self, kind, self.scale))
        return self.children[-1]

    def box(self):
        return self._child("box")

    def row(self, **_how):
        return self._child("row")

    def column(self, **_how):
        return self._child("column")

    def grid_flow(self, columns, **_how):
        """Only with columns that are all as wide."""
        grid = self._child("grid")
        grid.columns = columns
        return grid

    def separator(self, **_how):
        pass

    def template_icon(self, icon_value, scale):
        self._child("fixed").fixed = scale * ICON

    def progress(self, text="", factor=0.0):
        self._note(text, GAP)
        self._node().used.append(("progress", {"factor": factor}))

    def label(self, text="", icon="NONE", **_how):
        self._note(text, GAP + (ICON if icon != "NONE" else 0))

    def prop(self, owner, name, text=None, icon="NONE", **_how):
        told = owner.bl_rna.properties[name]
        words = shown(told.name, told.translation_context) if text is None else text
        if self.use_property_split and told.type != "BOOLEAN":
            self._note(words, GAP, SPLIT)
        elif told.type == "BOOLEAN":
            self._note(words, GAP + ICON, 1 - SPLIT if self.use_property_split else 1.0)
        else:
            self._note(f"{words} 8192 px" if words else "", 2 * ICON)
        self._node().used.append((name, {}))

    def prop_enum(self, owner, name, value):
        told = owner.bl_rna.properties[name]
        self._note(shown(told.enum_items[value].name, told.translation_context), GAP)
        self._node().used.append((name, {"value": value}))

    def template_ID(self, _owner, name, **how):
        self._node().used.append((name, how))

    def menu(self, name, text=None, icon="NONE", **_how):
        self.operator(name, text, icon)

    def popover(self, panel, text=None, icon="NONE", **_how):
        self.menu(panel, text, icon)

    def operator(self, name, text=None, icon="NONE", **_how):
        room, function = name.partition(".")[::2]
        words = text
        if words is None:
            told = getattr(getattr(bpy.ops, room), function).get_rna_type()
            words = shown(told.name, told.translation_context)
        if words:
            self._note(words, BUTTON + (ICON if icon != "NONE" else 0))
        else:
            self._child("fixed").fixed = ICON
        arguments = SimpleNamespace()
        self._node().used.append((name, vars(arguments)))
        return arguments

    def _note(self, text, beside, share=1.0):
        child = self._child("words")
        child.words.append((text, beside * self.scale, share, self.active))

    # What the test reads.

    def _node(self):
        return self if self.parent is None else self.parent._node()

    @property
    def used(self):
        if self.parent is None and not hasattr(self, "_used"):
            self._used = []
        return self._used

    def room(self):
        """How wide what it draws may be."""
        if self.parent is None:
            return self.width * self.scale - PANEL * self.scale
        room = self.parent.room()
        if self.parent.kind == "row":
            fixed = [one.least() for one in self.parent.children if one.least()]
            shared = sum(not one.least() for one in self.parent.children)
            room = (room - sum(fixed) * self.scale) / max(1, shared)
        if self.parent.kind == "grid":
            return room / self.parent.columns
        return room - (BOX * self.scale if self.kind == "box" else 0)

    def least(self):
        """The width of what holds nothing but buttons without words; 0 when there is anything else."""
        if self.kind == "fixed":
            return self.fixed
        each = [one.least() for one in self.children]
        return sum(each) if self.kind == "row" and each and all(each) else 0

    def everything(self):
        """All words, each with its room, its width, and whether it is drawn in full strength."""
        blf.size(0, 11 * self.scale)
        for child in self.children:
            for text, beside, share, active in child.words:
                yield text, child.room() * share - beside, blf.dimensions(0, text)[0], active
            yield from child.everything()

    def all_words(self):
        return " ".join(text for text, _, _, _ in self.everything())

    def cut(self):
        """The words that have too little room."""
        return [f"{text}: {width:.0f} > {room:.0f} px" for text, room, width, _ in self.everything() if width > room]
