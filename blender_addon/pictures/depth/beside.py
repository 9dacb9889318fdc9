"""What is taken beside a picture and goes with it, as a picture on its way sees it. Knows no picture and no depth."""

from typing import Protocol


class Beside(Protocol):
    """Taken on the main thread, kept in the worker as a companion of the results."""

    def serve(self) -> None:
        """On the main thread, again and again: a part of the work."""

    def discard(self) -> None:
        """On the main thread: nobody will ask for it any more."""

    def kept(self, deadline: float) -> bytes | None:
        """In the worker: the companion; None when there is none, or not within ``deadline`` s."""
