"""The running simulator as its clients speak to it."""

from typing import Any

import requests

from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S


class Cloud:
    """A client of the simulator that trusts its authority."""

    def __init__(self, process: SimulatorProcess) -> None:
        self.process = process
        self.control = process.control
        self.configure = process.configure
        self.serials = {name: row["serial"] for name, row in process.cameras().items()}

    def row(self, name: str) -> dict[str, Any]:
        serial = self.serials[name]
        return next(row for row in self.process.cameras().values() if row["serial"] == serial)

    def get(self, url: str) -> requests.Response:
        return requests.get(url, verify=str(self.process.ca), timeout=LONG_S)

    def post(self, path: str, **form: Any) -> requests.Response:
        url = f"https://{self.process.open_host}{path}"
        return requests.post(url, data=form, verify=str(self.process.ca), timeout=LONG_S)

    def token(self, key: str = "demo") -> str:
        reply = self.post("/api/lapp/token/get", appKey=f"{key}-key", appSecret=f"{key}-secret")
        return str(reply.json()["data"]["accessToken"])

    def open(self, path: str, token: str, **form: Any) -> dict[str, Any]:
        """One call of the Open Platform; business errors come with HTTP 200 too."""
        reply = self.post(f"/api/lapp/{path}", accessToken=token, **form)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def live(self, token: str, name: str, **form: Any) -> dict[str, Any]:
        """A live address by HLS: {"id", "url", "expireTime"}."""
        reply = self.open("live/address/get", token, deviceSerial=self.serials[name], protocol="2", **form)
        assert reply["code"] == "200", reply
        return dict(reply["data"])
