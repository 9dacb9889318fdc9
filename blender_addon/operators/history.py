"""What can be done with an edit of the history, whichever host made it. The panel names it by job and index."""

from collections.abc import Callable

import bpy

from .. import history, problem, session, ticker
from ..host import document
from ..shared.errors import FluxDepthError
from ..shared.jobs import spending
from ..shared.jobs.owed import Owed, discardable
from ..shared.jobs.ticket import Ticket
from ..shared.jobs.wording import Why
from ..shared.language import N_, tr
from ..shared.storage.entries import EditState
from ..shared.storage.library.history import Edit
from .access import Answer, Mixin, online_access_problem
from .edits import JOB, started
from .recover import ask_to_discard
from .settings import reused, say_taken


class _OnEdit(Mixin):
    job: bpy.props.StringProperty(name=N_("Job"), description=N_("The job's id"), **JOB)
    index: bpy.props.IntProperty(name=N_("Index"), description=N_("Which edit of the job, from 0"), min=0, **JOB)

    def edit(self) -> Edit | None:
        """The one that is meant, or None after it was reported that there is none."""
        found = history.shown((self.job, self.index))
        if found is None:  # a script's
            job = session.desk.journal.job(self.job)
            if job and self.index < len(job.edits) and not job.edits[self.index].deleted:
                found = Edit(job, job.edits[self.index], None)
        if found is None:
            self.report({"ERROR"}, tr("This edit is not in the history any more"))
        return found


class FLUXDEPTH_OT_history_page(bpy.types.Operator):
    bl_description = N_("Show newer or older edits")
    bl_idname = "fluxdepth.history_page"
    bl_label = N_("Turn the Page")
    bl_options = {"INTERNAL"}

    pages: bpy.props.IntProperty(name=N_("Pages"), default=1, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return tr("Older edits") if properties.pages > 0 else tr("Newer edits")

    def execute(self, _context: bpy.types.Context) -> Answer:
        history.turn(self.pages)
        return {"FINISHED"}


class FLUXDEPTH_OT_history_refresh(bpy.types.Operator):
    bl_description = N_("Read the history anew, with what GIMP and the command have done since")
    bl_idname = "fluxdepth.history_refresh"
    bl_label = N_("Refresh")
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> Answer:
        history.look(anew=True)
        return {"FINISHED"}


class FLUXDEPTH_OT_history_choose(_OnEdit, bpy.types.Operator):
    bl_description = N_("Show what is known of this edit, and what can be done with it")
    bl_idname = "fluxdepth.history_choose"
    bl_label = N_("Choose")
    bl_options = {"INTERNAL"}

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        edit = history.shown((properties.job, properties.index))
        return edit.job.asked(edit.entry).prompt if edit else ""

    def execute(self, _context: bpy.types.Context) -> Answer:
        key = self.job, self.index
        history.chosen = None if history.chosen == key else key
        ticker.settle_panels()
        return {"FINISHED"}


class FLUXDEPTH_OT_history_star(_OnEdit, bpy.types.Operator):
    bl_description = N_(
        "Mark this edit as a favourite, which always stays in the history; once more takes the star away"
    )
    bl_idname = "fluxdepth.history_star"
    bl_label = N_("Favourite")
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> Answer:
        edit = self.edit()
        if edit is None:
            return {"CANCELLED"}
        starred = not edit.entry.starred
        return _written(self, lambda: session.desk.journal.mark(self.job, [self.index], starred=starred))


class FLUXDEPTH_OT_history_import(_OnEdit, bpy.types.Operator):
    bl_description = N_(
        "Bring this result in as a new image of this file; what is unfinished is fetched first. Costs nothing"
    )
    bl_idname = "fluxdepth.history_import"
    bl_label = N_("Import as Image")
    bl_options = {"REGISTER"}

    def execute(self, _context: bpy.types.Context) -> Answer:
        edit = self.edit()
        if edit is None:
            return {"CANCELLED"}
        if edit.entry.state not in (EditState.DONE, EditState.TAKEN):
            self.report({"ERROR"}, tr("This edit has no result"))
            return {"CANCELLED"}
        if edit.entry.state is EditState.TAKEN and (reason := online_access_problem()):
            self.report({"ERROR"}, reason)
            return {"CANCELLED"}
        there = edit.job.destination
        here = None if session.desk.host.is_open(there) else document(dict(there.place))

        def bring() -> list[Ticket]:
            ticket = session.desk.recover(Owed(edit.job, (edit.entry,), Why.WAITING), here)
            ticker.wake()
            return [ticket]

        return started(self, bring)


class FLUXDEPTH_OT_history_use(_OnEdit, bpy.types.Operator):
    bl_description = N_("Take over the prompt and all else that this edit was made with. The source stays as it is")
    bl_idname = "fluxdepth.history_use"
    bl_label = N_("Use These Settings")
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        edit = self.edit()
        if edit is None:
            return {"CANCELLED"}
        say_taken(self, tr("Settings taken over"), reused(context.scene, edit.job.record(edit.entry)))
        return {"FINISHED"}


class FLUXDEPTH_OT_history_copy_prompt(_OnEdit, bpy.types.Operator):
    bl_description = N_("Copy the prompt of this edit")
    bl_idname = "fluxdepth.history_copy_prompt"
    bl_label = N_("Copy Prompt")
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        edit = self.edit()
        if edit is None:
            return {"CANCELLED"}
        context.window_manager.clipboard = edit.job.asked(edit.entry).prompt
        self.report({"INFO"}, tr("Prompt copied"))
        return {"FINISHED"}


class FLUXDEPTH_OT_history_show_file(_OnEdit, bpy.types.Operator):
    bl_description = N_("Open the folder with the result as it came, and with the picture that was sent")
    bl_idname = "fluxdepth.history_show_file"
    bl_label = N_("Show File")
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> Answer:
        edit = self.edit()
        if edit is None:
            return {"CANCELLED"}
        try:
            bpy.ops.wm.path_open(filepath=str(edit.job.folder))
        except (OSError, RuntimeError) as exc:
            self.report({"ERROR"}, tr("“{path}” can't be opened: {reason}").format(path=edit.job.folder, reason=exc))
            return {"CANCELLED"}
        return {"FINISHED"}


class FLUXDEPTH_OT_history_delete(_OnEdit, bpy.types.Operator):
    bl_description = N_(
        "Take this edit and its result out of the history. Images of files stay, and what it has cost stays spent"
    )
    bl_idname = "fluxdepth.history_delete"
    bl_label = N_("Delete")
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=tr("Delete this edit?"),
            message=tr("Its result goes from the history for good. Images that came into files stay there."),
            confirm_text=tr("Delete"),
        )

    def execute(self, _context: bpy.types.Context) -> Answer:
        return _written(self, lambda: spending.delete(session.desk.journal, self.job, self.index))


class FLUXDEPTH_OT_history_discard(_OnEdit, bpy.types.Operator):
    bl_description = N_("Never offer this edit again. It stays in the history, and what it has cost stays spent")
    bl_idname = "fluxdepth.history_discard"
    bl_label = N_("Discard")
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        return ask_to_discard(self, context, event)

    def execute(self, _context: bpy.types.Context) -> Answer:
        edit = self.edit()
        if edit is None:
            return {"CANCELLED"}
        if not discardable(edit.job, edit.entry):
            self.report({"ERROR"}, tr("This edit can't be discarded here"))
            return {"CANCELLED"}
        session.desk.discard(self.job, [self.index])
        ticker.wake()
        if bpy.app.background:
            session.finish([])
        return {"FINISHED"}


def _written(operator: bpy.types.Operator, write: Callable[[], object]) -> Answer:
    """Changes the journal off the main thread; then all that shows it is read anew. What went wrong is told."""
    answers: list[object] = []

    def then(answer: object) -> None:
        answers.append(answer)
        if isinstance(answer, FluxDepthError):
            problem.note(answer)
            session.tell(str(answer), warning=True)
        if history.page is not None:
            history.look(anew=True)
        session.look()

    ticker.after(write, then)
    if not bpy.app.background:
        return {"FINISHED"}
    session.finish([])
    if answers and isinstance(answers[0], FluxDepthError):
        operator.report({"ERROR"}, str(answers[0]))
        return {"CANCELLED"}
    return {"FINISHED"}


CLASSES = (
    *(FLUXDEPTH_OT_history_page, FLUXDEPTH_OT_history_refresh, FLUXDEPTH_OT_history_choose, FLUXDEPTH_OT_history_star),
    *(FLUXDEPTH_OT_history_import, FLUXDEPTH_OT_history_use, FLUXDEPTH_OT_history_copy_prompt),
    *(FLUXDEPTH_OT_history_show_file, FLUXDEPTH_OT_history_delete, FLUXDEPTH_OT_history_discard),
)
