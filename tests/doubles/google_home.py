"""A household with a link of Google's at a web app in its own process, and the requests that Google makes for it."""

import time
from typing import Any

import requests

from showcam.accounts.links import mint
from showcam.app import keys
from showcam.app.compose.ground import drivers, open_store
from showcam.app.process.settings_sources import load
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver
from showcam.drivers.vendor import SignedIn
from tests.doubles.household import new_link
from tests.doubles.waiting import LONG_S, until

USER, PASSWORD = "demo@example.com", "showcam-demo"


class GoogleHome:
    """`environ`: the web app's variables. `web`: its address, which `trusted` (a file of authorities) vouches for."""

    def __init__(self, environ: dict[str, str], web: str, trusted: str) -> None:
        self._web, self._trusted = web, trusted
        settings = load(environ={name: value for name, value in environ.items() if name != "PATH"})
        self.store = open_store(settings, keys.of(settings))
        account = sessions.add_owner(self.store, USER, open_key="demo-key", open_secret="demo-secret")
        self.account = account.id
        (source,) = self.store.sources(account.id)
        driver = drivers(settings, self.store)["ezviz"]
        assert isinstance(driver, EzvizDriver)
        verdict = driver.sign_in(USER, PASSWORD, LONG_S)
        assert isinstance(verdict, SignedIn)
        driver.sessions.signed_in(source, USER, verdict.session)
        link = new_link(account, "google", None, "en")
        self.store.add_link(link)
        self._token, row = mint(link.id, "access", "cameras", time.time())
        assert self.store.add_tokens([row])

    def ask(self, intent: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(
            f"{self._web}/google/fulfillment",
            json={"requestId": "1", "inputs": [{"intent": f"action.devices.{intent}", "payload": payload}]},
            headers={"Authorization": f"Bearer {self._token}"},
            verify=self._trusted,
            timeout=LONG_S,
        )
        assert answer.status_code == 200
        return dict(answer.json().get("payload", {}))

    def stream(self, name: str) -> str:
        """The address of a new HLS stream of the camera with that name."""
        found: list[str] = []

        def opened() -> bool:
            """Google has two seconds for its answer, which a busy machine may take, and the vendor has four."""
            devices = self.ask("SYNC", {}).get("devices", [])
            ids = [device["id"] for device in devices if device["name"]["name"] == name]
            if not ids:
                return False
            params = {"StreamToChromecast": True, "SupportedStreamProtocols": ["hls"]}
            execution = [{"command": "action.devices.commands.GetCameraStream", "params": params}]
            asked = {"commands": [{"devices": [{"id": ids[0]}], "execution": execution}]}
            result: dict[str, Any] = self.ask("EXECUTE", asked)["commands"][0]
            found.extend(filter(None, [result.get("states", {}).get("cameraStreamAccessUrl")]))
            return bool(found)

        until(opened)
        return found[0]
