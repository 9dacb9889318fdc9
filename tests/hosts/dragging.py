"""Runs beside a host on the virtual screen: a small window at its lower left, out of which its file can be dragged."""

import sys
from pathlib import Path

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

window = Gtk.Window(title="Files", type=Gtk.WindowType.POPUP)
button = Gtk.Button(label=Path(sys.argv[1]).name)
button.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
button.drag_source_add_uri_targets()
button.connect("drag-data-get", lambda _button, _context, data, *_: data.set_uris([Path(sys.argv[1]).as_uri()]))
button.connect("drag-end", lambda *_: Gtk.main_quit())
window.add(button)
window.move(0, Gdk.Screen.get_default().get_height() - 60)
window.show_all()
Gtk.main()
