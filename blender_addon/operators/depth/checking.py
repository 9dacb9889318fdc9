"""Where edges of a result and edges of true depth part: the picture that shows it. Compares nothing itself."""

import bpy

from ... import problem, session, ticker, translation
from ...pictures import results
from ...shared.errors import FluxDepthError, PictureError
from ...shared.language import N_, number, tr
from ...shared.pictures import depth
from ...shared.pictures.encoded import sniff_or_raw
from ...shared.storage.entries import DEPTH
from ..access import Answer
from ..results import OnResult, show

BY_DEPTH = "fluxdepth_by_depth"  # the property of the window manager: whether variations are sorted by it


class FLUXDEPTH_OT_depth_check(OnResult, bpy.types.Operator):
    bl_description = N_(
        "Show where this result keeps the edges of the scene's true depth (green) and where it has lost them (red)"
    )
    bl_idname = "fluxdepth.depth_check"
    bl_label = N_("Depth Check")
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        if image is None:
            return {"CANCELLED"}
        name, (job_id, index) = image.name, results.key_of(results.record_of(image) or {})
        answers: list[depth.Check | FluxDepthError] = []

        def check() -> depth.Check:
            job = session.desk.journal.job(job_id)
            kept = job.companion(DEPTH) if job else None
            file = job.edits[index].result_file if job and index < len(job.edits) else None
            if kept is None or file is None or not file.is_file():
                raise PictureError(tr("The depth of this edit is not in this computer's history, or not any more."))
            return depth.check(sniff_or_raw(file.read_bytes()), kept)

        def then(answer: depth.Check | FluxDepthError) -> None:
            answers.append(answer)
            if isinstance(answer, FluxDepthError):
                problem.note(answer)
                return
            made = results.packed(tr("Depth check of {name}").format(name=name), answer.overlay, ".png")
            if not bpy.app.background:
                show(made)
                session.tell(_words(answer))

        ticker.after(check, then)
        if not bpy.app.background:
            return {"FINISHED"}
        session.finish([])
        (answer,) = answers
        if isinstance(answer, FluxDepthError):
            self.report({"ERROR"}, str(answer))
            return {"CANCELLED"}
        self.report({"INFO"}, _words(answer))
        return {"FINISHED"}


def _words(check: depth.Check) -> str:
    if check.kept is None:
        return tr("There are no edges of depth in this picture")
    return tr("Edges of depth that are edges of the result: {percent} %").format(percent=number(100 * check.kept))


def register() -> None:
    setattr(
        bpy.types.WindowManager,
        BY_DEPTH,
        bpy.props.BoolProperty(
            name=N_("Best depth first"),
            description=N_("Sort the variations of an edit by how many edges of true depth they have kept"),
            translation_context=translation.CONTEXT,
        ),
    )


def unregister() -> None:
    delattr(bpy.types.WindowManager, BY_DEPTH)


CLASSES = (FLUXDEPTH_OT_depth_check,)
