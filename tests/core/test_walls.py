"""The walls of the house, read from the imports: which room may use which, and what each may take from outside."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import build
from shared.model import models
from tests.core.conftest import DATA
from tests.sandbox import Sandbox

ROOT = Path(__file__).parents[2]

# The rooms of each house, the uppermost first: what a room may use lies below it in its list.
HOUSES: dict[str, list[str]] = {
    "shared": ["jobs", "service", "storage", "pictures", "model", "cancel", "errors", "language"],
    "fluxdepth_gimp": [
        *(
            "fluxdepth_gimp",
            "procedures",
            "windows",
            "gimp_host | replies | hidden",
            "documents",
            "pixels | main_loop | arguments",
            "shared",
        ),
    ],
    "blender_addon": [
        *(
            "__init__",
            "command | ui",
            "operators",
            "history",
            "session",
            "host | problem | preparing",
            "projection",
            "pictures",
            "properties | ticker",
            "translation",
            "shared",
        ),
    ],
}
# Beside the standard library and the host's own modules. What is not named takes nothing from outside.
OUTSIDE = {
    "shared/service/client.py": {"requests"},  # the type of an adapter, for tests
    "shared/service/transport.py": {"requests", "urllib3"},
    "shared/service/translation.py": {"requests", "urllib3"},
    "shared/pictures/imaging.py": {"PIL", "numpy"},
    "shared/pictures/detail.py": {"PIL", "numpy"},  # arithmetic on whole pictures, as large as the whole of imaging
    "shared/pictures/depth.py": {"PIL", "numpy"},  # whole-picture arithmetic that is no way between pixels and files
    "shared/storage/locks.py": {"filelock"},
    "shared/storage/journal.py": {"filelock"},  # the type of a lock
    "shared/storage/files.py": {"platformdirs"},
}
HOSTS = {
    "shared": set(),
    "fluxdepth_gimp": {"gi"},
    "blender_addon": {"bpy", "bpy_extras", "bl_operators", "bl_ui", "gpu", "gpu_extras", "blf", "mathutils"},
}
# What may be imported only when it is first needed, so that starting a host costs nothing.
LAZY = {"requests", "urllib3", "numpy", "PIL", "filelock", "platformdirs"}
# Texts that are a field of a model, and here mean something else.
ALSO = {
    *(("shared/model/parameters.py", role) for role in ("prompt", "seed", "steps", "guidance")),  # the roles
    ("shared/jobs/source.py", "format"),  # of the picture that is sent
}
MOST_LINES = 400
MOST_FILES = 10


@dataclass(frozen=True)
class Import:
    """One imported module: inside the house by its path without suffix ("jobs/desk"), else by its top-level name."""

    target: str
    inside: bool
    at_once: bool  # runs with the module itself, and not when a function is called or for types alone


def modules(house: str) -> list[Path]:
    return sorted((ROOT / house).rglob("*.py"))


def name_of(house: str, path: Path) -> str:
    return path.relative_to(ROOT / house).with_suffix("").as_posix()


@cache
def imports(path: Path) -> tuple[Import, ...]:
    house = path.relative_to(ROOT).parts[0]
    tree = ast.parse(path.read_text("utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            dotted = [(alias.name, 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = f"{node.module}." if node.module else ""
            dotted = [(f"{base}{alias.name}", node.level) for alias in node.names]
        else:
            continue
        above, at_once = node, True
        while (above := parents.get(above)) is not None:  # type: ignore[assignment]
            typing_only = isinstance(above, ast.If) and ast.unparse(above.test) == "TYPE_CHECKING"
            at_once &= not (typing_only or isinstance(above, (ast.FunctionDef, ast.Lambda)))
        found += [_resolved(house, path, name, level, at_once) for name, level in dotted]
    return tuple(found)


def _resolved(house: str, path: Path, name: str, level: int, at_once: bool) -> Import:
    # GIMP's entry puts its own folder on the path; the others import relatively.
    folder = ROOT / house if level == 0 else path.parents[level - 1]
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        target = folder.joinpath(*parts[:count])
        if target.with_suffix(".py").exists():
            return Import(target.relative_to(ROOT / house).as_posix(), True, at_once)
        if (target / "__init__.py").exists() and count == len(parts):
            return Import(target.relative_to(ROOT / house).as_posix() + "/__init__", True, at_once)
    if level or parts[0] == "shared":
        inner = parts if parts[0] == "shared" else target.relative_to(ROOT / house).parts
        if inner and inner[0] == "shared":  # laid into the plug-in by the package
            return Import("shared", True, at_once)
        return Import("__init__", True, at_once)  # a name of the package itself
    return Import(parts[0], False, at_once)


def room_of(name: str) -> str:
    return name.split("/")[0]


def floor(house: str, room: str) -> int:
    """How far up a room lies, the ground being 0."""
    for number, rooms in enumerate(reversed(HOUSES[house])):
        if room in rooms.split(" | "):
            return number
    raise AssertionError(f"{house}/{room} is in no list of rooms")


@pytest.mark.parametrize("house", HOUSES)
def test_no_import_runs_up_or_leaves_by_the_window(house: str) -> None:
    wrong = []
    for path in modules(house):
        room = room_of(name_of(house, path))
        if house == "shared" and path.name == "__init__.py":
            continue
        for one in imports(path):
            if one.inside and room_of(one.target) not in (room, "__init__"):
                below = floor(house, room_of(one.target)) < floor(house, room)
                if not below:
                    wrong.append(f"{house}/{name_of(house, path)} imports {one.target}")
    assert not wrong


@pytest.mark.parametrize("house", HOUSES)
def test_nothing_imports_in_a_circle_lazily_or_not(house: str) -> None:
    graph = {
        name_of(house, path): {one.target for one in imports(path) if one.inside} - {name_of(house, path)}
        for path in modules(house)
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join((*way, name))
        if name in graph and name not in done:
            for target in sorted(graph[name]):
                visit(target, (*way, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


@pytest.mark.parametrize("house", HOUSES)
def test_a_module_takes_from_outside_what_it_may_and_when_it_may(house: str) -> None:
    for path in modules(house):
        foreign = {one for one in imports(path) if not one.inside and one.target not in sys.stdlib_module_names}
        allowed = OUTSIDE.get(path.relative_to(ROOT).as_posix(), set()) | HOSTS[house] | {"typing_extensions"}
        assert {one.target for one in foreign} <= allowed, path
        assert not {one.target for one in foreign if one.at_once and one.target in LAZY}, path


@pytest.mark.parametrize("house", HOUSES)
def test_no_room_is_overcrowded(house: str) -> None:
    long = {path: count for path in modules(house) if (count := len(path.read_text("utf-8").splitlines())) > MOST_LINES}
    assert not long
    folders = {path.parent for path in modules(house)}
    files = {folder: len([one for one in folder.glob("*.py") if one.name != "__init__.py"]) for folder in folders}
    assert not {folder: count for folder, count in files.items() if count > MOST_FILES}


def test_only_procedures_import_windows_and_no_window_decides() -> None:
    for path in (ROOT / "fluxdepth_gimp").rglob("*.py"):
        room = room_of(name_of("fluxdepth_gimp", path))
        if any(room_of(one.target) == "windows" for one in imports(path)):
            assert room in ("procedures", "windows"), path


def test_no_file_outside_the_tables_names_a_model_or_its_field() -> None:
    """Code asks for a parameter's role. A name counts as a text of its own, and as what is asked of an object."""
    tables = set((ROOT / "shared" / "model" / "tables").glob("*.py"))
    fields = {one.name for one in models.union()}
    texts = fields | {one.argument for one in models.union()}
    of_objects = fields - {"format", "prompt", "seed", "steps"}  # which a picture has, and an edit by their roles
    # A title ends where its word does: “Flux Depth Projection” is none.
    titles = [
        re.compile(rf"{re.escape(words)}\b") for model in models.MODELS for words in (model.id, model.name, model.label)
    ]
    wrong = []
    for path in (path for house in HOUSES for path in set(modules(house)) - tables):
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if (text in texts and (file, text) not in ALSO) or any(title.search(text) for title in titles):
                wrong.append(f"{file} says {text}")
            if isinstance(node, ast.Attribute) and node.attr in of_objects:
                wrong.append(f"{file} asks for {node.attr}")
    assert not wrong


SCRIPT = """
import sys, time
for name in ("numpy", "PIL"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise SystemExit(f"{name} is here, so this test proves nothing")
before = set(sys.modules)
from shared.jobs.desk import Desk
from shared.jobs.request import EditRequest
from shared.model import presets
from shared.model.edit import DepthEdit
from shared.pictures.encoded import sniff
from shared.storage.entries import Destination
heavy = {"requests", "urllib3", "filelock", "platformdirs", "certifi"} & (set(sys.modules) - before)
if heavy:
    raise SystemExit(f"imported too early: {heavy}")
picture = sniff(open(sys.argv[1], "rb").read())
class Host:
    name = "test"
    def is_open(self, destination): return True
    def place(self, ticket): yield
    def changed(self, ticket): pass
edit = DepthEdit.checked({"prompt": "haze", "format": "png"})
desk = Desk(Host())
ticket = desk.start(EditRequest(edit, picture, Destination("test")))
deadline = time.monotonic() + 30
while desk.advance() and time.monotonic() < deadline:
    ticket.cancel.wait(0.02)
print(ticket.results[0].image if ticket.results else ticket.error)
"""


def test_the_core_runs_a_job_without_numpy_and_pillow(tmp_path: Path, home: Path) -> None:
    """In a bare interpreter that sees the standard library, the core and the packages that GIMP's plug-in carries."""
    vendor = tmp_path / "vendor"
    for wheel in build.pure_wheels():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(vendor)
    with Sandbox(effect="echo") as sandbox:
        done = subprocess.run(
            [sys.executable, "-S", "-c", SCRIPT, str(DATA / "rocket.jpg")],
            env={
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(vendor)]),
                "FLUXDEPTH_HOME": str(home),
                "FLUXDEPTH_API_KEY": sandbox.api_key,
                "FLUXDEPTH_BASE_URL": sandbox.base_url,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert "EncodedImage(png, 640×427" in done.stdout
