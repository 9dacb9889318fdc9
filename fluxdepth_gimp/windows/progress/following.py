"""Edits that are under way: shown in their window, or in GIMP's status bar while that is hidden."""

from __future__ import annotations

from collections.abc import Callable

import hidden
import replies
from gi.repository import Gtk
from main_loop import StatusBar, wait
from windows import ui

from shared.jobs.desk import Desk
from shared.jobs.ticket import Ticket
from shared.jobs.wording import Progress, short_prompt
from shared.language import tr


class Following:
    """One window's. ``title`` is what its edit is; ``changed`` is called when :attr:`busy` is another."""

    def __init__(self, dialog: Gtk.Window, desk: Desk, title: Callable[[], str], changed: Callable[[], object]) -> None:
        self._dialog, self._desk, self._title, self._changed = dialog, desk, title, changed
        self._tickets: list[Ticket] = []
        self._sign: hidden.Sign | None = None  # while the window is hidden
        self.busy = False
        self.panel = ui.WorkPanel(self.stop, self.hide)

    def begin(self) -> None:
        """Something is under way from now on, until :meth:`end`."""
        self._tickets = []
        if not self.busy:
            self.busy = True
            self._changed()

    def end(self, tickets: list[Ticket]) -> None:
        """Nothing is any more; when the window is hidden, what has come is told where the artist is."""
        if self.busy:
            self.busy = False
            self._changed()
        if self._sign:
            replies.announce(tickets)
            self._forget_sign()

    def watch(self, tickets: list[Ticket], which: str = "") -> None:
        """Show how they go on until none of them is under way; ``which`` says before it which they are."""
        self.begin()
        self._tickets = tickets
        status = None

        def show(progress: Progress) -> None:
            nonlocal status
            if which:
                progress = Progress(f"{which}: {progress.text}", progress.fraction)
            if self._sign:
                status = status or StatusBar()
                status.show(progress)
                return
            if status:
                status.end()
                status = None
            self.panel.show_progress(progress.text, progress.fraction)

        try:
            wait(self._desk, tickets, show)
        finally:
            if status:
                status.end()

    def stop(self) -> None:
        """Stop waiting; the service finishes what it has taken."""
        for ticket in self._tickets:
            self._desk.stop(ticket)

    def hide(self) -> None:
        """The work goes on in the status bar; another window can bring this one back."""
        self._dialog.hide()
        self._sign = hidden.Sign(tr("“{name}”").format(name=short_prompt(self._title())), self._come_back)

    def _come_back(self) -> None:
        self._forget_sign()
        self._dialog.present()

    def _forget_sign(self) -> None:
        if self._sign:
            self._sign.end()
            self._sign = None
