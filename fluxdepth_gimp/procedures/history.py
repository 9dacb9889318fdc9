"""The history procedure: earlier edits, to insert again or to use their settings."""

from __future__ import annotations

from collections.abc import Callable

import arguments
from gi.repository import Gimp
from replies import show

from procedures import edit, recover
from shared.errors import FluxDepthError
from shared.jobs.background import RunningJob
from shared.storage.journal import EditEntry, Job


def run(procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None) -> Gimp.ValueArray:
    """The procedure. Without a window there is nothing to see."""
    if run_mode is not Gimp.RunMode.NONINTERACTIVE:
        from windows import history_window

        def insert(job: Job, entry: EditEntry, wait_for: Callable[[RunningJob], None]) -> list[FluxDepthError]:
            brought = recover.Brought()
            recover.bring(job, [entry], image if image and image.is_valid() else None, wait_for, brought)
            for one in brought.inserted:
                show(one, Gimp.RunMode.INTERACTIVE)
            return brought.failures

        chosen = history_window.show(image, insert)
        if chosen is not None:
            _edit_with(procedure, image, *chosen)
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)


def _edit_with(procedure: Gimp.Procedure, image: Gimp.Image, job: Job, entry: EditEntry) -> None:
    edit_procedure = procedure.get_plug_in().do_create_procedure("plug-in-fluxdepth-edit")
    config = edit_procedure.create_config()
    host = job.origin.get("host_settings")
    arguments.write(config, {**(host if isinstance(host, dict) else {}), **entry.settings})
    edit.interactive(edit_procedure, image, list(image.get_selected_drawables()), config)
