"""What shows that showcam goes on with the data of an older version, whichever artefact it came from."""

import json
from collections.abc import Callable
from typing import Any

from tests.doubles.older_data import USER

type Run = Callable[..., str]  # runs a program where showcam runs, and returns what it prints

POST = """
import json, sys, urllib.parse, urllib.request
form = urllib.parse.urlencode(json.loads(sys.argv[2]))
print(urllib.request.urlopen(sys.argv[1], form.encode(), 60).read().decode())
"""


def demo_environ(kept: dict[str, Any]) -> dict[str, str]:
    """The variables of a demo on such data: the session of its EZVIZ account leads to the simulator's ports."""
    return {"SHOWCAM_BIND": "127.0.0.1", "SHOWCAM_SIMULATOR_PORT": str(kept["simulator_port"])}


def goes_on(run: Run, web: str, kept: dict[str, Any], *words: str) -> None:
    """`kept`: the facts of the older version's household, which is one of the demo. `words`: options of commands."""
    [household] = [
        each
        for each in json.loads(run("showcam", "household", "list", "--demo", "--json", *words))["households"]
        if USER in [user["user"] for user in each["users"]]
    ]
    found = {name: household[name] for name in ("pin", "links", "users")}
    assert found == {"pin": True, "links": 2, "users": [{"user": USER, "signed_in": True}]}
    shown = run("showcam", "cameras", "show", "Garden", "--demo", "--user", USER, *words).splitlines()
    assert "voice_may audio, sleep" in [" ".join(line.split()) for line in shown]
    for assistant, secret in kept["client_secrets"].items():
        grant = {"grant_type": "refresh_token", "refresh_token": kept["refresh_tokens"][assistant]}
        grant |= {"client_id": assistant, "client_secret": secret}
        answer = json.loads(run("python3", "-c", POST, f"{web}/oauth/token", json.dumps(grant)))
        assert answer["access_token"].startswith("sca.")
