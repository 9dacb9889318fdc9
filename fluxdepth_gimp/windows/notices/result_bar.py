"""When the dialog is opened on a result: its settings, or the same edit again with the next seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import arguments
import documents
from gi.repository import Gimp, GimpUi
from pixels.record import current_result, record_of, whole_result
from windows import ui

from shared.jobs.wording import returned
from shared.language import tr
from shared.model.presets import Fitting, again, reused
from shared.pictures.sending import KEPT, Kept

GoTo = Callable[[Gimp.Image, list[Gimp.Drawable]], object]


class ResultBar(ui.NoticeBar):
    """``use`` sets what fits of an edit and says whether the artist wants it; ``go_to`` takes another source."""

    def __init__(
        self,
        drawables: Sequence[Gimp.Drawable],
        config: Gimp.ProcedureConfig,
        use: Callable[[Fitting], bool],
        go_to: GoTo,
    ) -> None:
        super().__init__(GimpUi.ICON_DIALOG_INFORMATION)
        self._config, self._use, self._go_to = config, use, go_to
        self._layer = current_result(drawables)

    def offer(self) -> None:
        """Nothing is said where no result is selected."""
        if self._layer is not None:
            actions = {tr("Use This Result's Settings"): self._use_settings, tr("Edit Again"): self.edit_again}
            kept = Kept.recorded((record_of(self._layer) or {}).get(KEPT))
            self.tell(" ".join((tr("This layer is a result."), f"{returned(kept)}." if kept else "")).strip(), actions)

    def _use_settings(self) -> None:
        record = self._record()
        if record is not None and self._use(self._fitting(record)):
            self.clear()

    def edit_again(self) -> None:
        """The settings of the result, the next seed, and the source that it was made from."""
        record, result = self._record(), self._layer
        if record is None or result is None or not self._use(self._fitting(again(record))):
            return
        self.clear()
        origin = documents.origin(result)
        here = origin.image.get_id() == result.get_image().get_id()
        if origin.kind == "visible":
            self._go_to(origin.image, list(origin.image.get_selected_layers()))
            seen = whole_result(origin.image, [result])
            if here and seen is not None and seen.get_visible():
                self._tell_of(
                    tr("The source is the visible image, and the result is seen in it."),
                    {tr("Hide the Result"): partial(seen.set_visible, False)},
                    origin,
                )
        elif origin.layer is None:
            self.tell(
                tr("The layer that this result was made from is not here any more: the result itself would be edited."),
                {},
            )
        else:
            self._go_to(origin.image, [origin.layer])
            mask = result.get_mask() if here else None
            if origin.kind == "selection" and Gimp.Selection.is_empty(origin.image):
                acts = {}
                if mask is not None:
                    acts[tr("Select It Again")] = partial(origin.image.select_item, Gimp.ChannelOps.REPLACE, mask)
                self._tell_of(tr("It was made from a selection, and nothing is selected now."), acts, origin)

    def _tell_of(self, words: str, acts: Mapping[str, Callable[[], object]], origin: documents.Origin) -> None:
        """``words`` about the image, and what changes it: then the source is looked at again."""

        def done(act: Callable[[], object]) -> None:
            act()
            Gimp.displays_flush()
            self.clear()
            self._go_to(origin.image, [origin.layer] if origin.layer else [])

        self.tell(words, {name: partial(done, act) for name, act in acts.items()})

    def _fitting(self, record: dict[str, Any]) -> Fitting:
        return reused(record, arguments.chosen_model(self._config), arguments.OF_THE_HOST)

    def _record(self) -> dict[str, Any] | None:
        """None, and nothing is offered any more, when the layer is gone."""
        layer = self._layer
        if layer is not None and layer.is_valid():
            return record_of(layer)
        self.clear()
        return None
