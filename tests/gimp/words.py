"""What GIMP's own programs say in German: in our windows too, and nothing that we have forgotten."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

CATALOGUES = ("gimp30", "gimp30-libgimp", "gtk30", "gtk30-properties", "glib20")


@cache
def of_the_host(root: Path) -> frozenset[str]:
    """The texts of GIMP and GTK in the place whose files lie in ``root``, without the marks of keys."""
    found: set[str] = set()
    for name in CATALOGUES:
        for file in (root / "usr" / "share" / "locale" / "de" / "LC_MESSAGES").glob(f"{name}.mo"):
            with file.open("rb") as opened:
                found.update(vars(gettext.GNUTranslations(opened))["_catalog"].values())
    return frozenset(text.replace("_", "") for text in found if text)
