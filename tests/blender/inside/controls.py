"""Runs inside windowed Blender: notes which controls panels, menus and preferences draw, and what the mouse is on.

What a `draw` puts into its layout goes on to Blender's own layout, which draws it.
"""

import sys
import traceback

import bpy

sys.path.insert(0, str(INSIDE))  # noqa: F821  given by the test
from layouts import Layout

KINDS = {"operator": "operator", "prop": "property", "template_ID": "property", "menu": "menu", "popover": "menu"}
TELLING = ("what", "preset", "confirmed")  # arguments that make another control of the same operator
OTHER_ADVANCE = 110 - 46  # px at scale 1 that the preferences have less room than a sidebar of their width
OURS = "bl_ext.user_default.fluxdepth"
# This runs anew after each file is opened, and what was seen before stays.
seen = globals().get("seen", set())  # (editor, kind, name) of all that was drawn
failed = globals().get("failed", [])  # what a draw raised
drawn = {}  # (editor, panel, method) -> the layout of its last draw as `layouts` reckons it, and its region
hovered = []  # [x, y, the operator's call, the property's path] of each press of the key


class Drawing:
    """Stands for a `UILayout`: `real` draws, `fake` reckons, `note` takes what is a control."""

    def __init__(self, real, fake, note):
        self.__dict__.update(real=real, fake=fake, note=note)

    def __setattr__(self, name, value):
        setattr(self.real, name, value)
        setattr(self.fake, name, value)

    def __getattr__(self, name):
        method = getattr(self.real, name)
        if not callable(method):
            return method

        def call(*arguments, **named):
            arguments = [getattr(one, "_panel", one) for one in arguments]
            made = method(*arguments, **named)
            fake = getattr(self.fake, name)(*arguments, **named)
            if isinstance(made, bpy.types.UILayout):
                return Drawing(made, fake, self.note)
            names = [*arguments, *(named.get(key) for key in ("panel", "new", "open"))] if name in KINDS else []
            for one in (one for one in names if one and isinstance(one, str)):
                self.note(KINDS[name] if "." not in one else "operator", one)
            if made is None:
                return None
            return Arguments(made, fake, lambda told: self.note("operator", f"{arguments[0]} {told}"))

        return call


class Arguments:
    """Stands for the properties of a button's operator."""

    def __init__(self, real, fake, note):
        self.__dict__.update(real=real, fake=fake, note=note)

    def __setattr__(self, name, value):
        setattr(self.real, name, value)
        setattr(self.fake, name, value)
        if name in TELLING:
            self.note(str(value))


class Self:
    """Stands for the panel that draws."""

    def __init__(self, panel, layout):
        self._panel, self.layout = panel, layout

    def __getattr__(self, name):
        return getattr(self._panel, name)


def watch(cls, name):
    draw = getattr(cls, name)
    if hasattr(draw, "watched"):
        return

    def watched(panel, context):
        scale = context.preferences.system.ui_scale
        editor = context.area.type
        width = context.region.width / scale - (OTHER_ADVANCE if editor == "PREFERENCES" else 0)
        fake = Layout(width, scale=scale)
        drawn[editor, cls.__name__, name] = fake, context.region.as_pointer()
        try:
            draw(Self(panel, Drawing(panel.layout, fake, lambda kind, told: seen.add((editor, kind, told)))), context)
        except Exception:
            failed.append(traceback.format_exc())
            raise

    watched.watched = True
    setattr(cls, name, watched)


def ours(base):
    return [cls for cls in base.__subclasses__() if cls.__module__.startswith(OURS) and cls.is_registered]


def registered():
    """The panels that can be folded, and the operators, as Blender has them."""
    panels = [(cls.bl_space_type, "panel", cls.__name__) for cls in ours(bpy.types.Panel) if cls.bl_region_type == "UI"]
    return panels + [("", "operator", cls.bl_idname) for cls in ours(bpy.types.Operator)]


class TEST_OT_hover(bpy.types.Operator):
    """Note what the mouse is on"""

    bl_idname = "test.hover"
    bl_label = "Hover"

    def invoke(self, context, event):
        context.window_manager.clipboard = ""
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
        told = context.property
        path = told[1].rpartition(".")[2] if told else ""
        hovered.append([event.mouse_x, event.mouse_y, context.window_manager.clipboard, path])
        return {"FINISHED"}


for cls in (*ours(bpy.types.Panel), *ours(bpy.types.Menu), *ours(bpy.types.AddonPreferences)):
    for name in ("draw", "draw_header_preset"):
        if name in vars(cls):
            watch(cls, name)
if not globals().get("listens"):
    listens = True
    bpy.utils.register_class(TEST_OT_hover)
    keymap = bpy.context.window_manager.keyconfigs.addon.keymaps.new("User Interface")
    keymap.keymap_items.new("test.hover", "Y", "PRESS")
