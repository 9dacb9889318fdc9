"""Every option of the command is used, and what it does is looked at.

Which options there are, the command's own argparse parser says; the list is printed, and one that nothing uses fails.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from shared.pictures.encoded import sniff
from tests.sandbox import Fault, Sandbox

from .commanding import command, sizes
from .conftest import INSIDE, WINDOWED, installed, tell_at_the_end

PARSER = """
parser = module("command.arguments").parser()
answer = [[*one.option_strings] for one in parser._actions]
assert not parser._subparsers
"""
# What the scene has where the command says otherwise.
SAVED = """
bpy.ops.wm.open_mainfile(filepath={path!r})
bpy.context.scene.fluxdepth.prompt_upsampling = True
image = bpy.data.images.new("grid", 640, 320)
image.generated_type, image.use_fake_user = "COLOR_GRID", True
bpy.ops.wm.save_mainfile()
"""
# Between them all options of which the default model knows nothing.
OF_OTHER_MODELS = [
    ("flux-kontext-dev", "--aspect-ratio 16:9 --output-quality 55 --disable-safety-checker --go-fast"),
    ("flux-kontext-dev", "--num-inference-steps 9 --no-go-fast"),
    ("flux-depth-dev", "--megapixels 0.25 --no-disable-safety-checker"),
    ("flux-2-pro", "--output-format jpg --steps 17"),
]
SAID = {"9": 9, "55": 55, "17": 17}


@pytest.mark.full
@pytest.mark.parametrize("name", WINDOWED)
def test_every_option(
    request: pytest.FixtureRequest, name: str, package: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.reset()
    host = installed(request.getfixturevalue(name), package, tmp_path)
    scene, glass = tmp_path / "scene.blend", tmp_path / "glass.blend"
    for script, path in (("scene.py", scene), ("film.py", glass)):
        host.host.run_script(INSIDE / script, [path], user_resources=host.profile, env=host.environment(sandbox))
    host.piece(SAVED.format(path=str(scene)), sandbox)
    used: dict[str, str] = {}

    def run(does: str, blend: Path, *words: str | Path, code: int = 0) -> str:
        for word in words:
            if str(word).startswith("--"):
                used.setdefault(str(word), does)
        done = command(host, blend, sandbox, *words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "--frames" in run("prints all of them", scene, "--help")
    assert "--frames" in run("prints all of them", scene, "-h")
    used["-h"] = used["--help"]

    of_image = ["--image", "grid", "--output", tmp_path / "image" / "it", "--prompt", "Every option, far"]
    of_image += ["--seed", "7"]
    of_model = ["--steps", "31", "--guidance", "4.5", "--safety-tolerance", "3", "--format", "webp"]
    of_host = ["--variations", "2", "--longest-side", "256", "--upload-format", "jpg", "--no-prompt-upsampling"]
    of_host += ["--no-keep-detail"]
    run("is what was sent, or sent of", scene, *of_image, *of_model, *of_host)
    sent = [request.json["promptObject"] for request in sandbox.at("submit")]
    assert sorted(one.pop("seed") for one in sent) == [7, 8]
    upload = sniff(sandbox.uploads[sent[0].pop("imageUrl")])
    assert (upload.media_type, upload.width, upload.height) == ("image/jpeg", 256, 128)
    assert sent[0] == {
        "prompt": "Every option, far",
        "steps": 31,
        "guidance": 4.5,
        "prompt_upsampling": False,
        "safety_tolerance": 3,
        "format": "webp",
    }
    assert sizes(tmp_path / "image") == dict.fromkeys(["it-2.webp", "it.webp"], (256, 128))
    run("is what was sent, or sent of", scene, *of_image[:-1], "9", "--prompt-upsampling")
    detailed = ["--output", tmp_path / "detail" / "it.png", "--longest-side", "256", "--keep-detail"]
    run("has its size and detail so", scene, *of_image, *detailed, "--detail-strength", "70", "--grain", "20")
    assert sizes(tmp_path / "detail") == {"it.png": (640, 320)}
    assert sandbox.at("submit")[-1].json["promptObject"]["prompt_upsampling"] is True

    for number, (name, words) in enumerate(OF_OTHER_MODELS):
        run(
            "is what was sent to its model",
            scene,
            *of_image,
            "--output",
            tmp_path / str(number),
            "--model",
            name,
            *words.split(),
        )
        wanted = {
            word[2:].removeprefix("no-").replace("-", "_"): SAID.get(value, value) or not word.startswith("--no-")
            for word, value in re.findall(r"(--\S+)(?: (?!--)(\S+))?", words)
        }
        body = sandbox.at("submit")[-1].json
        assert wanted.items() <= body["promptObject"].items() and name.split("-", 1)[1] in body["model"], (body, wanted)

    listed = tmp_path / "list.txt"
    listed.write_text("near\nfar\n")
    run("makes its prompts", scene, "--image", "grid", "--output", tmp_path / "list" / "it.png", "--prompts", listed)
    assert sorted(path.name for path in (tmp_path / "list").iterdir()) == ["it-2.png", "it.png"]

    for option, mode in (("--keep-transparency", "RGBA"), ("--no-keep-transparency", "RGB")):
        out = tmp_path / option / "it.png"
        run("makes the file so", glass, "--frame", "3", "--output", out, "--prompt", "far", option)
        with Image.open(out) as picture:
            assert picture.mode == mode, option

    sandbox.reset()
    frames = ["--frames", "1-2", "--output", tmp_path / "range" / "##", "--prompt", "far"]
    run("makes these frames", scene, *frames)
    run("makes these frames", scene, *frames)
    assert sandbox.taken == 2 and sorted(sizes(tmp_path / "range")) == ["01.jpg", "02.jpg"]
    run("pays anew", scene, *frames, "--overwrite")
    assert sandbox.taken == 4

    sandbox.faults.append(Fault("submit", "reset_after_taken", times=1))
    lost = ["--frame", "1", "--output", tmp_path / "lost" / "it", "--prompt", "lost, far"]
    assert "may have been" in run("", scene, *lost, code=1)
    run("pays for what was lost", scene, *lost, "--pay-uncertain")
    assert sandbox.taken == 6

    nothing = ["--image", "nobody", "--output", tmp_path / "none", "--prompt", "far"]
    typo = tmp_path / "typo.blend"
    assert "--default-scene" in run("", typo, *nothing, code=1)
    assert "no image" in run("lets it begin without a file", typo, *nothing, "--default-scene", code=1)

    options = sorted(one for action in host.piece(PARSER, sandbox) for one in action)
    for option in options:
        tell_at_the_end(f"The command's options in Blender {host.host.version}", option, used.get(option, "NOTHING"))
    assert [option for option in options if option not in used] == []
