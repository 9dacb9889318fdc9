"""Undo and redo for a text, which GTK 3 does not have."""

from __future__ import annotations

from gi.repository import Gdk, GLib, Gtk

STEPS = 200  # steps back


class TextUndo:
    """Ctrl+Z, and Ctrl+Shift+Z or Ctrl+Y.

    Letters of one word are one step; everything else that changes the text is a step of its own.
    """

    def __init__(self, view: Gtk.TextView) -> None:
        self._buffer = view.get_buffer()
        self._texts = [self._text()]
        self._at = 0
        self._in_word = False
        self._going = False
        self._noting = 0
        self._buffer.connect("changed", self._changed)
        view.connect("key-press-event", self._pressed)

    def _text(self) -> str:
        return self._buffer.get_text(*self._buffer.get_bounds(), include_hidden_chars=True)

    def _changed(self, _: Gtk.TextBuffer) -> None:
        # A text that is replaced goes before the new one comes: both are one step.
        if not (self._going or self._noting):
            self._noting = GLib.idle_add(self._note)

    def _note(self) -> bool:
        self._noting = 0
        text = self._text()
        if text != self._texts[self._at]:
            self._add(text)
        return GLib.SOURCE_REMOVE

    def _add(self, text: str) -> None:
        letter = len(text) == len(self._texts[self._at]) + 1 and not text[-1].isspace()
        del self._texts[self._at + 1 :]
        if not (letter and self._in_word):
            self._texts.append(text)
            del self._texts[:-STEPS]
        self._at = len(self._texts) - 1
        self._texts[self._at] = text
        self._in_word = letter

    def _pressed(self, _: Gtk.TextView, event: Gdk.EventKey) -> bool:
        if not event.state & Gdk.ModifierType.CONTROL_MASK or event.keyval not in (Gdk.KEY_z, Gdk.KEY_Z, Gdk.KEY_y):
            return False
        if self._noting:
            GLib.source_remove(self._noting)
            self._note()
        forward = event.keyval != Gdk.KEY_z
        self._at = max(0, min(len(self._texts) - 1, self._at + (1 if forward else -1)))
        self._in_word, self._going = False, True
        self._buffer.set_text(self._texts[self._at])
        self._going = False
        return True
