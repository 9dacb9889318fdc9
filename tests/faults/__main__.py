"""`python -m tests.faults`: prints the table of faults and writes it to `build/faults.md`; fails with an open cell."""

from __future__ import annotations

import sys

from .table import LINES, markdown, rows, summary


def main() -> int:
    found = rows()
    LINES.with_suffix(".md").write_text(markdown(found), "utf-8")
    widths = [max((len(row.name[column]) for row in found), default=0) for column in range(3)]
    for row in found:
        name = "  ".join(word.ljust(width) for word, width in zip(row.name, widths, strict=True))
        end = "" if row.state == "closed" else f"  {row.state.upper()} {row.test}"
        print(f"{name}  {row.submits:7} {row.recovered:31} {row.equal}{end}")
    print(summary(found))
    return int(any(row.state == "open" for row in found))


if __name__ == "__main__":
    sys.exit(main())
