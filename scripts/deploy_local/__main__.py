"""`make deploy-local`."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from scripts.deploy_local import dashboard
from scripts.deploy_local.doorbell import ring
from scripts.deploy_local.emulator import NoEmulator
from scripts.deploy_local.local import Local
from scripts.deploy_local.owner import owners_pages
from scripts.deploy_local.steps import PASSWORD, USER, Place, StepFailed, heading, step
from scripts.deploy_local.walk import walk


def main() -> int:
    options = _options()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="showcam-local-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    ended = "Everything is ended."
    try:
        local = Local(folder)
        with local as place:
            walk(place)
            ring(place)
            owners_pages(place)
            heading("The dashboard")
            with step("Draw it from the walk's log") as done:
                drawn = dashboard.draw(local.emulator)
                done.found = f"{sum(bool(each.series) for each in drawn)} of {len(drawn)} diagrams have points"
            heading("Every step is as it should be.")
            print(f"Dashboard          {dashboard.PAGE}", flush=True)
            if options.keep:
                _announce(folder, local.emulator.url, place)
                signal.pause()
    except (StepFailed, NoEmulator) as error:
        print(f"\ndeploy-local: {error}\n{ended} What each process said is in {folder}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{ended}")
        return 0 if options.keep else 130
    if not options.folder:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _announce(folder: Path, aws: str, place: Place) -> None:
    facts = {
        "web": place.web,
        "aws": aws,
        "control": place.control,
        "authorities": str(place.authorities),
        "clients": place.secrets,
    }
    file, unfinished = folder / "place.json", folder / "place.part"
    unfinished.touch(0o600)
    unfinished.write_text(json.dumps(facts))
    unfinished.rename(file)
    print(f"Linking and pages  {place.web} ({place.authorities} vouches for it)")
    print(f"Sign in            {USER} with {PASSWORD}")
    print(f"AWS                {aws}: aws --endpoint-url {aws} lambda list-functions")
    print(f"Client secrets     {file}\nCtrl-C ends it.", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -P -m scripts.deploy_local",
        description="Deploys the packaged stack into an AWS on this machine (ministack), with a simulated EZVIZ beside "
        "it, and walks the whole path: linking, discovery, a picture, a refusal, unlinking, a ring, an owner's page. "
        "Loopback only; nothing of it reaches the real AWS. Ends with 1 at the first step that fails.",
    )
    parser.add_argument("--keep", action="store_true", help="leave it running after the walk, until Ctrl-C")
    parser.add_argument("--folder", type=Path, help="where logs and data are kept (a temporary folder)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
