"""The built plug-in installed in a fresh profile, and scripts that run inside GIMP with notes to read afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import build
from tests.hosts import Gimp
from tests.hosts.fixtures import gimp30, gimp32  # noqa: F401
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox
from tests.telling import pytest_terminal_summary, tell_at_the_end  # noqa: F401

INSIDE = Path(__file__).parent / "inside"
PHOTO = Path(__file__).parents[1] / "data" / "chelsea.png"


@pytest.fixture(scope="session")
def package() -> Path:
    """The zip, as an artist gets it."""
    return build.package_gimp()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(effect="echo") as service:
        yield service
        assert service.contract_violations == []


@dataclass(frozen=True)
class Inside:
    """GIMP with the plug-in, ready to run one of the scripts of ``inside/``."""

    gimp: Gimp
    home: Path
    out: Path

    @property
    def data_folder(self) -> Path:
        """FLUXDEPTH_HOME."""
        return self.home / "fluxdepth"

    @property
    def temporary(self) -> Path:
        folder = self.home / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def environment(self) -> dict[str, str]:
        return {
            "FLUXDEPTH_HOME": str(self.data_folder),
            "FLUXDEPTH_TEST": str(self.out / "setup.json"),
            "PYTHONPATH": str(INSIDE),
            "TMPDIR": str(self.temporary),  # its own, so that a file left behind is seen and is ours
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, script: str, timeout: float = 170, killed: bool = False, **setup: Any) -> dict[str, dict[str, Any]]:
        """Run ``inside/<script>`` to its end, which may be ``killed``; returns its notes. Fails when GIMP complains."""
        setup = {"out": str(self.out), "photo": str(PHOTO), "only": [], **setup}
        (self.out / "setup.json").write_text(json.dumps(setup))
        done = self.gimp.batch(INSIDE / script, self.home, env=self.environment, timeout=timeout)
        said = done.stdout + done.stderr
        (self.out / "gimp.txt").write_text(said)
        assert done.returncode in ((137, -9) if killed else (0,)), said
        for complaint in ("stray image", "Traceback", "GEGL-CRITICAL", "LibGimp-CRITICAL"):
            assert complaint not in said, said
        return dict(json.loads((self.out / "notes.json").read_text()))

    def ask(self, what: str, **values: Any) -> None:
        """Have the module that the running script's ``answers`` names do ``what``; :meth:`answer` has its reply."""
        half = self.out / "asked.part"
        half.write_text(json.dumps({"what": what, **values}))
        half.rename(self.out / "asked.json")

    def answer(self, timeout: float, alive: Callable[[], bool] = lambda: True) -> dict[str, Any]:
        """The reply to what was asked; fails after ``timeout`` seconds, or when nobody is ``alive`` to give it."""
        answer = self.out / "answer.json"
        wait_until(lambda: answer.exists() or not alive(), timeout, "an answer")
        reply: dict[str, Any] = json.loads(answer.read_text())
        answer.unlink()
        assert "failed" not in reply, reply["failed"]
        return reply


@pytest.fixture(scope="module")
def inside(
    gimp30: Gimp,  # noqa: F811
    package: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Inside:
    """A fresh profile of GIMP 3.0 with the plug-in installed from the zip."""
    return installed(gimp30, package, tmp_path_factory.mktemp("gimp"))


def installed(gimp: Gimp, package: Path, folder: Path) -> Inside:
    home = gimp.new_home(folder / "home")
    gimp.install(package, home)
    (folder / "out").mkdir()
    return Inside(gimp, home, folder / "out")
