"""The floor of a cold picture: the vendor's live HLS, fetched and decoded with nothing between."""

import io
import time
from dataclasses import dataclass
from urllib.parse import urljoin

import av
import requests

from showcam.app.settings_rules import SIMULATED_PORTS
from tests.doubles.program import Program


@dataclass(frozen=True)
class Vendor:
    """The Open Platform of the tests' vendor, called with the demo household's key."""

    program: Program

    def first_frame_s(self, camera: str) -> float:
        """Seconds from the request for a live address to the first decoded frame, with a token at hand."""
        serial = self.program.cameras()[camera]["serial"]
        with requests.Session() as session:
            session.trust_env = False  # neither proxies nor authorities of this machine
            session.verify = str(self.program.data / "simulator" / "ca.pem")
            token = self._call(session, "token/get", appKey="demo-key", appSecret="demo-secret")["accessToken"]
            given = {"accessToken": token, "deviceSerial": serial, "channelNo": "1"}
            began = time.perf_counter()
            live = self._call(session, "live/address/get", **given, protocol="2")
            playlist = session.get(live["url"], timeout=10).text.splitlines()
            newest = [line for line in playlist if line and not line.startswith("#")][-1]
            segment = session.get(urljoin(live["url"], newest), timeout=10).content
            with av.open(io.BytesIO(segment), "r", format="mpegts") as container:
                next(container.decode(video=0))
            took = time.perf_counter() - began
            self._call(session, "live/address/disable", **given, urlId=live["id"])
        return took

    def _call(self, session: requests.Session, operation: str, **form: str) -> dict[str, str]:
        url = f"https://127.0.0.1:{self.program.simulator_port + SIMULATED_PORTS}/api/lapp/{operation}"
        answer = session.post(url, form, timeout=10).json()
        assert answer["code"] == "200", answer["code"]
        return dict(answer.get("data") or {})
