"""The history procedure: earlier edits, to bring in again, to give up, or to use their settings."""

from __future__ import annotations

import arguments
import replies
from documents import own_image
from gi.repository import Gimp
from gimp_host import GimpHost
from main_loop import settle

from procedures import edit
from shared.jobs.owed import Owed
from shared.jobs.ticket import Ticket
from shared.jobs.wording import Why
from shared.storage.entries import EditEntry, Job


def run(procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None) -> Gimp.ValueArray:
    """The procedure. Without a window there is nothing to see."""
    if run_mode is not Gimp.RunMode.NONINTERACTIVE:
        from windows import history_window

        host = GimpHost(interactive=True)
        desk = host.desk()

        def bring(job: Job, entry: EditEntry) -> Ticket:
            here = None if host.is_open(job.destination) else own_image(job.destination)
            return desk.recover(Owed(job, (entry,), Why.WAITING), here)

        deeds = history_window.Deeds(bring, is_open=lambda job: host.is_open(job.destination))
        chosen = history_window.show(image, desk, deeds)
        settle(desk)
        if chosen is not None and image is not None:
            _edit_with(procedure, image, chosen.job, chosen.entry)
    return replies.ended(procedure, run_mode, image)


def _edit_with(procedure: Gimp.Procedure, image: Gimp.Image, job: Job, entry: EditEntry) -> None:
    edit_procedure = procedure.get_plug_in().do_create_procedure("plug-in-fluxdepth-edit")
    config = edit_procedure.create_config()
    arguments.write(config, job.host_settings)
    arguments.write_edit(config, entry.settings, job.model_id)
    edit.interactive(edit_procedure, image, list(image.get_selected_drawables()), config)
