"""`build.py check-live`: asks the real service, with the owner's own key, whether key and model are good.

Nothing is paid unless ``--pay`` is given; then one edit of a small photo is made and its result kept in build/live.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shared.cancel import CancelToken
from shared.errors import FluxDepthError
from shared.jobs.pipeline import run
from shared.jobs.request import EditRequest, Event
from shared.model.edit import DepthEdit
from shared.pictures.encoded import sniff
from shared.service.client import Client
from shared.storage import credentials
from shared.storage.entries import Destination
from shared.storage.journal import Journal

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "tests" / "data" / "coffee.png"
OUT = ROOT / "build" / "live"


def main() -> int:
    parser = argparse.ArgumentParser(prog="build.py check-live")
    parser.add_argument("--pay", action="store_true", help="make one real, paid edit")
    chosen = parser.parse_args()
    try:
        return check(chosen.pay)
    except FluxDepthError as error:
        print(error, file=sys.stderr)
        return 1


def check(pay: bool) -> int:
    key = credentials.key_or_error()
    client = Client.from_settings()
    print(f"service {client.address}, key from {key.source.value}")
    status = client.status()
    print(status.line)
    if not (status.key_accepted and status.model_offered):
        if status.problem:
            raise status.problem
        return 1
    if pay:
        edit(client)
    return 0


def edit(client: Client) -> None:
    last = ""

    def tell(event: Event) -> None:
        nonlocal last
        if event.stage.value != last:
            last = event.stage.value
            print(f"{last} …")

    request = EditRequest(
        DepthEdit.checked({"prompt": "Realistic depth of field: the cup sharp, the background softly blurred"}),
        sniff(PHOTO.read_bytes()),
        Destination("check-live", title=PHOTO.name),
        confirmed=True,
    )
    (result,) = run(request, client=client, journal=Journal(), on_event=tell, cancel=CancelToken()).results
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"coffee{result.image.suffix}"
    path.write_bytes(result.image.data)
    image = result.image
    print(f"{path.relative_to(ROOT)}: {image.format} {image.width}×{image.height}, {result.seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
