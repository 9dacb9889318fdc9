"""What GIMP and GTK say in windows of ours, in English or in German: nothing that we have forgotten."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

CATALOGUES = ("gimp30", "gimp30-libgimp", "gtk30", "gtk30-properties", "glib20")


@cache
def of_the_host(root: Path) -> frozenset[str]:
    """The texts of GIMP and GTK in the place whose files lie in ``root``, without the marks of keys.

    Both languages: where the system has no German locale, GIMP stays English, whatever it was told.
    """
    found: set[str] = set()
    for name in CATALOGUES:
        for file in (root / "usr" / "share" / "locale" / "de" / "LC_MESSAGES").glob(f"{name}.mo"):
            with file.open("rb") as opened:
                for text, shown in vars(gettext.GNUTranslations(opened))["_catalog"].items():
                    found |= {shown, text} if isinstance(text, str) else {shown}
    return frozenset(text.rpartition("\4")[2].replace("_", "") for text in found if text)
