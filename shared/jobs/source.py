"""The picture of a job as the service can reach it: uploaded once, an earlier upload reused, renewed when forgotten."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from ..cancel import CancelToken
from ..errors import FluxDepthError, MadeBeforeError, PictureError, PlainPictureError, SameEditError, StorageError
from ..language import number, tr
from ..pictures.encoded import EncodedImage
from ..service.client import UPLOAD_LIMIT, Client
from ..storage import uploads
from ..storage.entries import SENT, EditEntry, EditState, Job
from ..storage.journal import JobWriter, Journal, is_running
from .request import Taken
from .wording import when


class Source:
    """``tell(fraction)`` is called while it is uploaded. Raises what the upload raises; nothing was billed by then."""

    def __init__(
        self,
        picture: Taken | str,
        *,
        confirmed: bool,
        repeated: bool,
        writer: JobWriter,
        client: Client,
        journal: Journal,
        cancel: CancelToken,
        tell: Callable[[float], None],
    ) -> None:
        self._writer, self._client, self._journal, self._cancel, self._tell = writer, client, journal, cancel, tell
        self._mutex = threading.Lock()
        self._image: EncodedImage | None = None
        self._account = ""
        self.reused = False
        if isinstance(picture, str):
            self.path = picture
        else:
            self._image = image = picture.image
            if len(image.data) > UPLOAD_LIMIT:
                words = tr("The picture is {size} MB, and the service takes at most {most} MB.")
                raise PictureError(
                    words.format(size=number(len(image.data) / 1e6), most=number(UPLOAD_LIMIT / 1e6)),
                    tr("Choose a smaller longest side, or send it as JPEG."),
                )
            summary = {"format": image.format, "width": image.width, "height": image.height, "bytes": len(image.data)}
            twin = journal.note_picture(writer, {**summary, "sha256": image.sha256})
            if twin and not confirmed and not (repeated and _is_made(twin[1])):
                raise _same_edit(*twin, several=len(writer.job.edits) > 1)
            if picture.plain and not confirmed:
                raise PlainPictureError
            # What was refused leaves no pictures.
            writer.keep_companions({**picture.companions, f"{SENT}{image.suffix}": image.data})
            self._account = client.account(image.sha256)
            known = uploads.known(journal.home, self._account)
            self.reused = known is not None
            self.path = known or self._uploaded(image)
        writer.update(upload=self.path)

    def _uploaded(self, image: EncodedImage) -> str:
        self._tell(0.0)
        path = self._client.upload(image, progress=self._tell, cancel=self._cancel)
        self._remember(path)
        return path

    def _remember(self, path: str | None) -> None:
        with contextlib.suppress(StorageError):  # costs the next edit an upload, and nothing else
            uploads.remember(self._journal.home, self._account, path)

    def forget(self) -> None:
        """The next edit of this picture uploads it anew."""
        self._remember(None)

    def renewed(self, path: str) -> str:
        """The path of a new upload in place of the forgotten ``path``; the variations share one."""
        with self._mutex:
            if self.path == path and self._image is not None:
                self.path = self._uploaded(self._image)
                self._writer.update(upload=self.path)
            return self.path


def _is_made(edit: EditEntry) -> bool:
    return edit.state is EditState.DONE and not edit.unfinished


def _same_edit(job: Job, edit: EditEntry, several: bool) -> FluxDepthError:
    if _is_made(edit):
        words = (
            tr("One of these edits was made before: the same picture, settings and seed {seed} ({when}).")
            if several
            else tr("This edit was made before: the same picture, settings and seed {seed} ({when}).")
        )
        return MadeBeforeError(words.format(seed=job.asked(edit).seed, when=when(job)))
    if edit.state is EditState.UNCERTAIN:
        return SameEditError(tr("The same edit of this picture was submitted before, and may have been billed."))
    if edit.unfinished and not is_running(job):
        return SameEditError(tr("The same edit of this picture is paid for already; Recover brings it in."))
    return SameEditError()
