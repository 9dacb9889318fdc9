"""`python -m tests.faults.fuzz_headers SECONDS FOLDER`: bytes that atheris thinks of, for the reader of headers.

Coverage leads it: what reaches a new line is changed further. It ends with an error at the first input on which the
reader raises what it must not, contradicts itself, or takes longer than a picture of that size may; FOLDER gets it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shared.pictures.encoded", "shared.service.results"]):
    from shared.pictures import encoded
    from shared.service import results

from shared.errors import ResultError
from tests.faults.samples import PICTURES


def one(data: bytes) -> None:
    try:
        whole = encoded.sniff(data)
    except ValueError as exc:
        assert str(exc)
        whole = None
    pixels = encoded.declared_pixels(data)
    assert pixels >= 0
    raw = encoded.sniff_or_raw(data)
    assert raw.data == data and raw.suffix.startswith(".")
    if whole:
        assert whole.width * whole.height == pixels
        assert encoded.sniff(data + b"\xff\xd9 tail").format == whole.format
    assert bool(raw.format) == bool(whole and pixels)
    try:
        results.Arrivals(None).take(data)
    except ResultError as exc:
        assert str(exc)


def main() -> None:
    seconds, folder = sys.argv[1], Path(sys.argv[2])
    seeds = folder / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(PICTURES):
        (seeds / f"{number:02d}").write_bytes(data)
    options = [f"-max_total_time={seconds}", "-timeout=5", "-max_len=20000", f"-artifact_prefix={folder}/"]
    options += ["-verbosity=0", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(seeds)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
