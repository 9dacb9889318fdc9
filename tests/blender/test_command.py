"""`blender -b FILE --command fluxdepth …`: one frame, a range, resuming, and exit codes, in a whole Blender."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.model.models import DEFAULT
from shared.pictures.embedded import settings_in
from tests.sandbox import Fault, Sandbox

from .commanding import command, sizes
from .conftest import BPYS, INSIDE, WINDOWED, Installed, installed


@pytest.fixture(scope="module", params=WINDOWED)
def host(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def scene(host: Installed, sandbox: Sandbox) -> Path:
    path = host.out / "scene.blend"
    done = host.host.run_script(INSIDE / "scene.py", [path], user_resources=host.profile, env=host.environment(sandbox))
    assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.fixture(autouse=True)
def empty_service(sandbox: Sandbox) -> None:
    sandbox.reset()


def test_help_lists_every_parameter(host: Installed, scene: Path, sandbox: Sandbox) -> None:
    done = command(host, scene, sandbox, "--help")
    assert done.returncode == 0
    words = " ".join(done.stdout.split())
    for parameter in DEFAULT.parameters:
        assert f"--{parameter.argument}" in words
    for option in ("--frames", "--output", "--image", "--variations", "--longest-side"):
        assert option in words


def test_range_resumes_where_it_stopped(host: Installed, scene: Path, sandbox: Sandbox) -> None:
    """Frame 2 is refused; the same command makes only what is missing, and pays for nothing twice."""
    out = host.out / "range"
    options = ["--frames", "1-3", "--output", out / "frame_###", "--format", "png", "--prompt", "far things soft"]
    sandbox.faults.append(Fault("submit", "no_credits"))
    first = command(host, scene, sandbox, *options)
    assert first.returncode == 1
    assert "credits" in first.stderr
    assert "Traceback" not in first.stderr
    paid = sandbox.taken
    assert paid < 3
    sandbox.faults.clear()
    second = command(host, scene, sandbox, *options)
    assert second.returncode == 0, second.stdout + second.stderr
    assert sizes(out) == dict.fromkeys(["frame_001.png", "frame_002.png", "frame_003.png"], (480, 270))
    assert sandbox.taken == 3
    third = command(host, scene, sandbox, *options)
    assert third.returncode == 0
    assert third.stdout.count("is there already") == 3
    assert sandbox.taken == 3


def test_what_was_paid_for_is_fetched(host: Installed, scene: Path, sandbox: Sandbox) -> None:
    """The download fails; the same command fetches the edit instead of paying for another."""
    out = host.out / "paid"
    options = ["--frame", "2", "--output", out / "shot", "--prompt", "soft haze far behind"]
    sandbox.fault = "download:html"
    first = command(host, scene, sandbox, *options)
    assert first.returncode == 1
    # No picture; the claim stays, so that a worker with another data folder knows that it is paid for.
    assert [path.name for path in out.iterdir()] == [".shot.jpg.claim"]
    sandbox.fault = None
    second = command(host, scene, sandbox, *options)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "paid for already" in second.stdout
    assert list(sizes(out)) == ["shot.jpg"]
    assert sandbox.taken == 1


def test_variations_are_files_of_their_own(host: Installed, scene: Path, sandbox: Sandbox) -> None:
    out = host.out / "variations"
    done = command(
        host,
        scene,
        sandbox,
        "--output",
        out / "shot_####",
        "--variations",
        "2",
        "--seed",
        "4294967295",
        "--prompt",
        "far",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(sizes(out)) == ["shot_0001-2.jpg", "shot_0001.jpg"]
    seeds = sorted(request.json["promptObject"]["seed"] for request in sandbox.at("submit"))
    assert sorted(set(seeds)) == [0, 4294967295]
    assert sandbox.taken == 2
    assert len(sandbox.at("upload")) == 1


def test_each_prompt_of_a_list_has_edits_of_its_own(host: Installed, scene: Path, sandbox: Sandbox) -> None:
    """Of one render; each file says what it was made with; called again, what is there is not paid for."""
    out, listed = host.out / "listed", host.out / "moods.txt"
    listed.write_text("# moods\nmist, far\n\nrain, {near|far}\nsnow\n", "utf-8")
    options = ["--prompts", listed, "--variations", "2", "--seed", "7", "--output", out / "####.png", "--frame", "1"]
    done = command(host, scene, sandbox, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rendering") == 1
    names = ["0001.png", *(f"0001-{number}.png" for number in range(2, 7))]
    made = [settings_in((out / name).read_bytes()) for name in names]
    asked = [(one["settings"]["prompt"], one["settings"]["seed"], one["variations"]) for one in made if one]
    prompts = ["mist, far", "mist, far", "rain, near", "rain, far", "snow", "snow"]
    assert asked == list(zip(prompts, [7, 8] * 3, [2] * 6, strict=True))
    assert sandbox.taken == 6
    (out / "0001-4.png").unlink()
    done = command(host, scene, sandbox, *options)
    assert done.returncode == 0 and (out / "0001-4.png").exists(), done.stdout + done.stderr
    assert sandbox.taken == 6, "the picture is the same, so it comes from the history"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--steps", "51"], 1, "1 to 50"),
        (["--frames", "soon"], 1, "1-20"),
        (["--image", "nobody"], 1, "no image"),
        (["--nonsense"], 2, "unrecognized"),
        (["--prompts", "/nowhere/moods.txt"], 1, "can't both be given"),
    ],
)
def test_what_makes_no_sense_is_refused(
    host: Installed, scene: Path, sandbox: Sandbox, arguments: list[str], code: int, words: str
) -> None:
    done = command(host, scene, sandbox, "--prompt", "far", *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert sandbox.submits == 0


def test_offline_it_says_how_to_allow_it(host: Installed, scene: Path, sandbox: Sandbox) -> None:
    done = command(host, scene, sandbox, "--prompt", "far", online=False)
    assert done.returncode == 1
    assert "--online-mode" in done.stderr
    assert sandbox.submits == 0


@pytest.mark.parametrize("name", BPYS)
def test_every_supported_blender_runs_it(
    request: pytest.FixtureRequest, name: str, package: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    """As a module, which has no command line of its own: what is registered for it is called."""
    host = installed(request.getfixturevalue(name), package, tmp_path)
    env = host.environment(sandbox)
    scene, out = tmp_path / "scene.blend", tmp_path / "frames"
    made = host.host.run_script(INSIDE / "scene.py", [scene], user_resources=host.profile, env=env)
    assert made.returncode == 0, made.stdout + made.stderr
    words = [scene, "--frames", "1-2", "--output", out / "####.webp", "--prompt", "{haze|fog}", "--variations", "2"]
    for _ in range(2):
        done = host.host.run_script(INSIDE / "command.py", words, user_resources=host.profile, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        names = ["0001-2.webp", "0001.webp", "0002-2.webp", "0002.webp"]
        assert sizes(out) == dict.fromkeys(names, (480, 270))
        assert sandbox.taken == 4
    prompts = [request.json["promptObject"]["prompt"] for request in sandbox.at("submit")]
    assert sorted(prompts) == ["fog", "fog", "haze", "haze"]
    assert done.stdout.count("is there already") == 2
