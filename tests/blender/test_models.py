"""Every model from Blender and its command: the body that arrives is the page's example, key for key, type for type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sandbox import Sandbox
from tests.service import examples
from tests.service.examples import typed, without_upload

from .commanding import command, sizes
from .conftest import BPYS, INSIDE, WINDOWED, Installed, checks_of, installed

SCRIPT = "models.py"
BODIES = examples.of_models()


@pytest.fixture(scope="module", params=BPYS)
def scripted(
    request: pytest.FixtureRequest, package: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    sandbox.reset()
    host.run(SCRIPT, sandbox, FLUXDEPTH_TEST_EXAMPLES=json.dumps(BODIES))
    return host


@pytest.mark.parametrize("check", checks_of(SCRIPT))
def test_promise(scripted: Installed, check: str) -> None:
    scripted.note(check)


def test_each_body_is_the_pages_example(scripted: Installed, sandbox: Sandbox) -> None:
    sent = [without_upload(request.json) for request in sandbox.at("submit")][: len(BODIES)]
    wanted = [without_upload(body) for body in BODIES]
    assert sent == wanted
    assert [typed(body) for body in sent] == [typed(body) for body in wanted]


@pytest.fixture(scope="module", params=WINDOWED)
def host(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))


@pytest.mark.full
def test_the_command_by_every_model(host: Installed, sandbox: Sandbox) -> None:
    scene = host.out / "scene.blend"
    done = host.host.run_script(
        INSIDE / "scene.py", [scene], user_resources=host.profile, env=host.environment(sandbox)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sandbox.reset()
    for body in BODIES:
        name = body["model"].partition("/")[2]
        options: list[str] = ["--model", name]
        for field, value in without_upload(body)["promptObject"].items():
            option = f"--{field.replace('_', '-')}"
            if isinstance(value, bool):
                options.append(option if value else option.replace("--", "--no-", 1))
            else:
                options += [option, str(value)]
        done = command(host, scene, sandbox, "--output", host.out / "models" / name, *options)
        assert done.returncode == 0, done.stdout + done.stderr
    assert [without_upload(request.json) for request in sandbox.at("submit")] == [without_upload(one) for one in BODIES]
    assert len(sizes(host.out / "models")) == len(BODIES)
    done = command(
        *(host, scene, sandbox, "--output", host.out / "models" / "more.png", "--prompt", "mist"),
        *("--model", "flux-2-max", "--num-inference-steps", "9"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FLUX.2 Max has no --num-inference-steps: ignored" in done.stderr
    assert sandbox.at("submit")[-1].json["promptObject"]["steps"] == 50
