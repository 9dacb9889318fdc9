"""One table of every fault: where × stage × fault → what was submitted, what was recovered, whether it is equal.

Any test under `tests/` reports a cell by the fixture `cell` (`tests/conftest.py`), which also holds it to the promise::

    def test_killed_in_the_wait(cell: Cells, …) -> None:
        with cell("gimp", "wait", "killed -9, feathered selection") as found:
            …
            found.end(submits=sandbox.submits, recovered=Recovered.FETCHED, equal=layers == undisturbed)

`where` is the program (core, command, gimp, blender, gimp window, blender window, command + command …), `stage` one of
STAGES, `fault` a few words. `submits` is what the service would have billed (`Sandbox.taken`), `asked` what the artist
asked for (1). `end` fails unless the cell is as it has to be: exactly the submits that were asked for, none for
`Recovered.NOTHING`, and a result that came is equal to the undisturbed one. A cell whose test fails, or that is begun
and never ended, is open; so is a test that has the fixture and ends without a cell. A skipped test's cells are "not
run". One run of a host that meets several faults is a module's fixture; the tests that judge it report a cell each.

The lines lie in `build/faults.jsonl`; the last run of a test counts. `python -m tests.faults` makes `build/faults.md`
of them and fails when a cell is open; `build.py test --full` does that at its end.
"""

from .table import STAGES, Cells, Found, Recovered

__all__ = ["STAGES", "Cells", "Found", "Recovered"]
