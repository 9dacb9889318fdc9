"""The prompt: several lines, presets, the recent prompts, what its choices stand for, and one line of advice that fits.

In its place may come a file's list of prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import arguments
from gi.repository import Gimp, GObject, Gtk
from main_loop import later
from windows import ui
from windows.presets.preset_menu import PresetMenu
from windows.prompt.choices import Choices
from windows.prompt.prompt_list import ENDINGS, PromptList
from windows.prompt.recent import RecentButton
from windows.prompt.text_undo import TextUndo

from shared.errors import FluxDepthError
from shared.language import tr
from shared.model.advice import advice
from shared.model.edit import PLACE
from shared.model.models import DEFAULT
from shared.model.parameters import Role
from shared.model.presets import PRESETS, Fitting
from shared.storage.journal import Journal
from shared.storage.library.index import recent_prompts

HEIGHT = 84  # px: four lines
RECENT = 1000  # prompts that can be found

Tell = Callable[[Sequence[str]], object]


class PromptBox(Gtk.Box):
    """Bound to the argument of the prompt; a preset sets some other arguments too.

    ``tell`` shows sentences in the dialog, ``changed`` is called when there are more or fewer prompts.
    """

    def __init__(
        self, dialog: Gtk.Window, config: Gimp.ProcedureConfig, tell: Tell, changed: Callable[[], object]
    ) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=ui.SPACE)
        self._dialog, self._config, self._tell = dialog, config, tell
        prompt = DEFAULT.of(Role.PROMPT)
        assert prompt is not None  # what all models have, by one name
        self._name = prompt.argument
        self._known = {"", *(words for preset in PRESETS for words in preset.prompts.values())}
        self.view = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD_CHAR, accepts_tab=False, tooltip_text=tr(prompt.help))
        for side in ("left", "right", "top", "bottom"):
            self.view.set_property(f"{side}-margin", 4)
        self.view.get_accessible().set_name(tr(prompt.label))
        if config.get_property(self._name) is None:
            config.set_property(self._name, "")
        config.bind_property(
            self._name,
            self.view.get_buffer(),
            "text",
            GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE,
        )
        TextUndo(self.view)
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, min_content_height=HEIGHT)
        scrolled.add(self.view)
        name = Gtk.Label(label=tr("Pr_ompt"), use_underline=True, mnemonic_widget=self.view, xalign=0)
        self._recent = RecentButton(self._use_prompt)
        self.list = PromptList(dialog, config, tell, changed)
        self._presets = PresetMenu(dialog, config, self.use, tell, self.list.choose)
        ui.take_files(dialog, self._take_file)
        choices = Choices(config, self._name)
        self._advice = ui.label(dim=True)
        one = ui.column(scrolled, choices, self._advice)
        self.list.instead_of(one, self._recent)
        self.pack_start(ui.row(name, self._recent, self._presets, grow=name), False, False, 0)
        self.pack_start(one, True, True, 0)
        self.pack_start(self.list, False, False, 0)
        for parameter in (arguments.MODEL, *arguments.OF_MODELS):
            config.connect(f"notify::{parameter.argument}", self._advise)
        self._advise()
        later(lambda: recent_prompts(Journal().summaries(), RECENT), self._know_recent, dialog)

    def _know_recent(self, prompts: list[str] | FluxDepthError) -> None:
        if not isinstance(prompts, FluxDepthError):  # else there is nothing to be found; the log says why
            self._known |= set(prompts)
            self._recent.know(prompts)

    def _take_file(self, path: Path) -> None:
        """It was dropped onto the dialog: a list of prompts, or a result that carries settings."""
        if not self.is_sensitive():  # an edit is under way
            return
        is_list = path.suffix.lower().lstrip(".") in ENDINGS
        (self.list.take_file if is_list else self._presets.take_settings)(path)

    @property
    def text(self) -> str:
        return self._config.get_property(self._name) or ""

    @property
    def title(self) -> str:
        """What is asked for, in a few words."""
        return self.list.title or self.text

    def _use_prompt(self, prompt: str) -> None:
        self.use(Fitting(values=arguments.chosen_model(self._config).named({Role.PROMPT: prompt})))

    def use(self, fitting: Fitting) -> bool:
        """Set what fits of a preset or an earlier edit, and say what does not; whether the artist wants it.

        A prompt of the artist's own is asked about.
        """
        prompt = (fitting.model or arguments.chosen_model(self._config)).by_role(fitting.values).get(Role.PROMPT)
        own = prompt is not None and self.text.strip() not in {*self._known, prompt}
        if own and not ui.confirmed(
            self._dialog, tr("Replace your prompt?"), tr("In the prompt, Ctrl+Z brings it back."), tr("_Replace")
        ):
            return False
        arguments.use(self._config, fitting)
        if prompt is not None:
            self._known.add(str(prompt))
            self.list.take_back()
        self._tell(fitting.problems)
        self.view.grab_focus()
        self._select_place()
        return True

    def _select_place(self) -> None:
        """What the artist still has to say is selected, so that typing replaces it."""
        buffer = self.view.get_buffer()
        found = buffer.get_start_iter().forward_search(PLACE, Gtk.TextSearchFlags.TEXT_ONLY, None)
        if found:
            buffer.select_range(*found)

    def _advise(self, *_: object) -> None:
        model = arguments.chosen_model(self._config)
        self._advice.set_text(advice(arguments.values_of(self._config, model), model))
