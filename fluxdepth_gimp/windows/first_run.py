"""What an artist without a key reads, and where the key is pasted."""

from __future__ import annotations

from gi.repository import Gtk

from shared.errors import FluxDepthError
from shared.language import tr
from shared.storage.credentials import find_key
from windows import ui
from windows.ui import SPACE


def no_key() -> bool:
    """Whether the dialog should ask for a key: there is none, or what is there can't be one."""
    try:
        return find_key() is None
    except FluxDepthError:
        return True  # the status line tells what is wrong with it


class FirstRun:
    """What an artist without a key reads, and where the key is pasted."""

    def __init__(self) -> None:
        self.entry = ui.KeyEntry(tr("Paste your API key here"))
        self.box = Gtk.Frame(label=tr("Before the first edit"), no_show_all=True)
        inside = ui.column(
            ui.label(tr("• The picture and the prompt are sent to the 1min.ai service, which makes the edit.")),
            ui.label(
                tr("• A key comes from your account there (1min.ai, API). It stays in a file that only you can read.")
            ),
            ui.label(tr("• Every edit costs credits of that account.")),
            self.entry,
        )
        inside.set_border_width(2 * SPACE)
        inside.show_all()
        self.box.add(inside)
