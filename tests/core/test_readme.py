"""The README against the code: tables, commands, names. ``python -m tests.core.test_readme`` renews the tables."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.model import models, parameters
from shared.model.parameters import Kind, Parameter
from shared.storage import settings

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TABLES = {
    "parameters": models.DEFAULT.parameters,
    "settings": parameters.OF_BOTH_HOSTS,
}


def row(parameter: Parameter) -> str:
    default = {Kind.BOOLEAN: str(parameter.default).lower(), Kind.TEXT: "–"}.get(parameter.kind, str(parameter.default))
    return f"| {parameter.label} (`{parameter.name}`) | {parameter.range_text} | {default} | {parameter.help} |"


def _between(rows: str, marks: re.Match[str]) -> str:
    return f"{marks[1]}{rows}{marks[2]}"


def with_tables(text: str) -> str:
    for name, table in TABLES.items():
        rows = "\n".join(row(parameter) for parameter in table)
        marked = rf"(<!-- {name} -->\n\n[^\n]+\n[^\n]+\n).*?(\n<!-- end of {name} -->)"
        text = re.sub(marked, functools.partial(_between, rows), text, flags=re.S)
    return text


def test_the_parameter_tables_are_the_codes() -> None:
    text = README.read_text("utf-8")
    assert with_tables(text) == text, "run python -m tests.core.test_readme"
    for table in TABLES.values():
        assert all(row(parameter) in text for parameter in table)


def test_every_command_that_it_names_exists() -> None:
    usage = subprocess.run([sys.executable, "build.py", "--help"], cwd=ROOT, capture_output=True, text=True).stdout
    for command in set(re.findall(r"build\.py ([a-z-]+)", README.read_text("utf-8"))):
        assert command in usage, command


@pytest.mark.parametrize("name", ["FLUXDEPTH_API_KEY", "FLUXDEPTH_BASE_URL", "FLUXDEPTH_HOME"])
def test_every_variable_that_it_names_is_read(name: str) -> None:
    assert f"`{name}`" in README.read_text("utf-8")
    assert any(f'"{name}"' in path.read_text("utf-8") for path in (ROOT / "shared").rglob("*.py"))


def test_the_limits_it_names_are_the_codes() -> None:
    text = README.read_text("utf-8")
    assert f"last {settings.Settings().history_limit} edits" in text


def test_every_file_that_it_shows_exists() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"", README.read_text("utf-8")):
        assert (ROOT / (target[0] or target[1])).exists(), target


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text("utf-8")), "utf-8")
