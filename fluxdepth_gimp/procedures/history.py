"""The history procedure: earlier edits, to bring in again, to give up, or to use their settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import documents
import replies
from gi.repository import Gimp
from gimp_host import GimpHost
from main_loop import settle
from pixels.place import Place

from procedures import edit
from shared.jobs.desk import Desk
from shared.jobs.owed import Owed
from shared.jobs.ticket import Ticket
from shared.jobs.wording import Why
from shared.storage.entries import Destination, EditEntry, Job

if TYPE_CHECKING:
    from windows.history.window import Deeds


def run(procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None) -> Gimp.ValueArray:
    """The procedure. Without a window there is nothing to see."""
    if run_mode is not Gimp.RunMode.NONINTERACTIVE:
        from windows.history import window

        host = GimpHost(interactive=True)
        desk = host.desk()
        chosen = window.show(image, desk, _deeds(host, desk, image))
        settle(desk)
        if chosen is not None and image is not None:
            job, entry = chosen.job, chosen.entry
            begin = {"host_settings": job.host_settings, "settings": entry.settings, "model": job.model_id}
            return edit.opened_by(procedure, image, list(image.get_selected_drawables()), begin)
    return replies.ended(procedure, run_mode, image)


def _deeds(host: GimpHost, desk: Desk, image: Gimp.Image | None) -> Deeds:
    from windows.history.window import Deeds

    def bring(job: Job, entry: EditEntry, here: Destination | None) -> Ticket:
        return desk.recover(Owed(job, (entry,), Why.WAITING), here)

    def insert(job: Job, entry: EditEntry) -> Ticket:
        assert image is not None  # the window offers it for an image alone
        own = documents.find(job.destination)
        is_own = own is not None and own.get_id() == image.get_id()
        at_home = is_own and not Place.from_json(job.destination.place).new_image
        return bring(job, entry, None if at_home else documents.in_image(image, job.destination))

    def open_new(job: Job, entry: EditEntry) -> Ticket:
        return bring(job, entry, documents.own_image(job.destination))

    def fetch(job: Job, entry: EditEntry) -> Ticket:
        return bring(job, entry, None) if host.is_open(job.destination) else open_new(job, entry)

    def on_change(call: Callable[[], object]) -> None:
        host.on_change = call

    return Deeds(insert, open_new, fetch, on_change)
