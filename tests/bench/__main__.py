"""`python -m tests.bench [name …]`: runs the measurements and prints their figures."""

from __future__ import annotations

import sys

from tests.bench import blender, core, detail, gimp


def main() -> int:
    measurements = {**core.MEASUREMENTS, **gimp.MEASUREMENTS, **blender.MEASUREMENTS, **detail.MEASUREMENTS}
    names = sys.argv[1:] or list(measurements)
    unknown = set(names) - set(measurements)
    if unknown:
        print(f"no such measurement: {', '.join(sorted(unknown))} (there are {', '.join(measurements)})")
        return 2
    for name in names:
        print(f"== {name}", flush=True)
        for figure in measurements[name]():
            print(figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
