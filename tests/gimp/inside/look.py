"""Runs beside GIMP on the virtual screen: what is on it, as an assistive technology sees it, as JSON lines.

Started once; each line on standard input asks for a new look. One node: role, name, text, x, y, width, height, states.
"""

import contextlib
import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

SCREEN = Atspi.CoordType.SCREEN
FIELDS = ("text", "password text", "combo box", "spin button", "slider")
WANTED = {
    "FOCUSED": Atspi.StateType.FOCUSED,
    "SENSITIVE": Atspi.StateType.SENSITIVE,
    "CHECKED": Atspi.StateType.CHECKED,
    "SELECTED": Atspi.StateType.SELECTED,
}


def label_of(node):
    """The words beside a field, as the program ties them to it."""
    for relation in node.get_relation_set():
        if relation.get_relation_type() == Atspi.RelationType.LABELLED_BY:
            return relation.get_target(0).get_name()
    return ""


def ink_of(node):
    """Where a label's letters are, also those that its box does not show."""
    box = Atspi.Text.get_range_extents(node, 0, Atspi.Text.get_character_count(node), SCREEN)
    return [box.x, box.y, box.width, box.height]


def key_of(node):
    """The key that reaches it together with Alt, as "<Alt>m"."""
    action = node.get_action_iface()
    # A widget that goes away just now has an action and no key.
    return (action.get_key_binding(0) or "").split(";")[0] if action and action.get_n_actions() else ""


def within(box, outer):
    """What is left of ``box`` inside ``outer``; both as x, y, width, height."""
    x, y = max(box[0], outer[0]), max(box[1], outer[1])
    right, bottom = min(box[0] + box[2], outer[0] + outer[2]), min(box[1] + box[3], outer[1] + outer[3])
    return [x, y, max(0, right - x), max(0, bottom - y)]


def walk(node, window, found, depth=0, clip=None, scrolls=False):
    if node is None or depth > 40:
        return
    try:
        states = node.get_state_set()
        # Only what is seen: GIMP has thousands of hidden widgets. A port that is scrolled further than it is high GTK
        # takes for one that is not.
        if depth > 1 and not scrolls and not states.contains(Atspi.StateType.SHOWING):
            return
        role, name = node.get_role_name().removeprefix("push "), node.get_name()  # older AT-SPI: "push button"
        if depth == 1:
            window = name
        box = node.get_extents(SCREEN)
        around = clip or [box.x, box.y, box.width, box.height]
        # What can be scrolled is not cut by the pane and the port through which a part of it is seen.
        endless = depth == 0 or role == "scroll pane" or scrolls
        inside = None if endless else within([box.x, box.y, box.width, box.height], around)
        text = ""
        if role in ("text", "label", "password text", "spin button") and node.is_text():
            text = Atspi.Text.get_text(node, 0, -1)
        found.append(
            {
                "role": role,
                "name": name,
                "text": text,
                "x": box.x,
                "y": box.y,
                "width": box.width,
                "height": box.height,
                "states": [key for key, state in WANTED.items() if states.contains(state)],
                "window": window,
                "around": around,
                "key": key_of(node),
                "ink": ink_of(node) if role == "label" and text else [0, 0, 0, 0],
                "label": label_of(node) if role in FIELDS else "",
            }
        )
        for number in range(min(node.get_child_count(), 200)):
            walk(node.get_child_at_index(number), window, found, depth + 1, inside, role == "scroll pane")
    except GLib.Error:  # it went away while we looked
        return


for line in sys.stdin:
    seen = []
    desktop = Atspi.get_desktop(0)
    desktop.clear_cache()
    for index in range(desktop.get_child_count()):
        with contextlib.suppress(GLib.Error):  # a plug-in that has just ended
            application = desktop.get_child_at_index(index)
            if application is not None and line.strip() in (application.get_name() or ""):
                walk(application, "", seen)
    print(json.dumps(seen), flush=True)
