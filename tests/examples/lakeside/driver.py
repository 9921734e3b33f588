"""The driver of Lakeside's cloud: a list of cameras, an address of live HLS, and giving that address back."""

import hmac
import time
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from showcam.drivers.camera import Camera, Listed, sound
from showcam.drivers.driver import Hint, Probed
from showcam.drivers.errors import Refused, SignedOut, VendorBusy, VendorDown
from showcam.drivers.probes import hls
from showcam.drivers.vendor import Full, Inbox, Rejected, SignedIn, SourceUser, Untrusted, VendorHttp, Verdict
from showcam.engine.grants import Picture
from showcam.engine.source import CameraSpec, Ending, Hls, Lease
from showcam.net.exchange import Hosts
from showcam.net.text import JsonObject
from showcam.store.ports import Store
from showcam.store.records import Source
from tests.examples.lakeside.cameras import cameras_of

# Lakeside's word for why it has no picture: the gate's reason
_REASONS: dict[str, Literal["asleep", "offline", "busy"]] = {
    "shutter": "asleep",
    "offline": "offline",
    "viewers": "busy",
}


class Secrets(Struct, frozen=True):
    """What is sealed for a source."""

    user: str
    token: str = ""


class Sessions:
    kind = "lakeside"

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, source: Source) -> Secrets:
        """Raises SignedOut if nobody has signed in."""
        kept = self._store.read_session(source.account, source.id)
        if kept is None:
            raise SignedOut
        return msgspec.json.decode(kept.secrets, type=Secrets)

    def user(self, source: Source) -> SourceUser:
        kept = self.read(source)
        return SourceUser(kept.user, has_signed_in=bool(kept.token), is_signed_in=bool(kept.token))

    def waiting(self, user: str) -> bytes:
        return msgspec.json.encode(Secrets(user))

    def signed_in(self, source: Source, user: str, session: JsonObject) -> None:
        kept = self._store.read_session(source.account, source.id)
        secrets = msgspec.json.encode(Secrets(user, str(session["token"])))
        if kept is None or not self._store.swap_session(
            source.account, source.id, version=kept.version, secrets=secrets, state="ok", look_at=time.time()
        ):
            raise VendorDown("somebody else has just signed in")

    def ended(self, source: Source) -> None:
        """Forgets the token, unless somebody has just signed in again."""
        kept = self._store.read_session(source.account, source.id)
        if kept is not None:
            secrets = self.waiting(self.read(source).user)
            self._store.swap_session(
                source.account, source.id, version=kept.version, secrets=secrets, state="needs_login"
            )

    def allow_open_way(self, source: Source, *, allowed: bool) -> None:
        """Lakeside's pictures come by https."""


class Webhook:
    """Takes Lakeside's messages: the id of a camera at which something happened."""

    def __init__(self, key: str, inbox: Inbox) -> None:
        self._key, self._inbox = key.encode(), inbox

    def take(self, body: bytes, signature: str, at: str) -> bytes:
        right = hmac.digest(self._key, at.encode() + body, "sha256").hex()
        if not hmac.compare_digest(right.encode(), signature.encode()):
            raise Untrusted("the signature is wrong")
        if self._inbox.full:
            raise Full
        self._inbox.offer(Hint(body.decode()))
        return b"{}"


class LakesideDriver:
    """`host`: the cloud's, as "host" or "host:port". `hosts`: every host that may be contacted, for streams too."""

    vendor = "Lakeside"
    webhook_key, webhook_setting, webhook_headers = "lakeside-key", "lakeside_key", ("x-lakeside", "x-lakeside-at")

    def __init__(self, store: Store, host: str, hosts: Hosts, ca_file: Path | None = None) -> None:
        self.host, self._url = host, f"https://{host}/v1"
        self.sessions, self._http = Sessions(store), VendorHttp(hosts, ca_file)

    def webhook(self, inbox: Inbox) -> Webhook:
        return Webhook(self.webhook_key, inbox)

    def sign_out(self, source: Source, deadline_s: float) -> None:
        self._request("DELETE", source, "sessions", deadline_s)
        self.sessions.ended(source)

    def known(self, token: str, deadline_s: float) -> Verdict:
        """Whose token it is."""
        reply = self._http.ask("GET", f"{self._url}/me", deadline_s, headers={"Authorization": f"Bearer {token}"})
        user = str((reply.data or {}).get("user", ""))
        return SignedIn({"token": token}, user) if reply.status == 200 and user else Rejected("wrong")

    def post(self, path: str, form: dict[str, str], deadline_s: float) -> tuple[int, JsonObject]:
        reply = self._http.ask("POST", f"https://{self.host}/{path}", deadline_s, form=form)
        return reply.status, reply.data or {}

    def read(self, source: Source, deadline_s: float) -> tuple[Listed, ...]:
        return cameras_of(source.id, self._request("GET", source, "cameras", deadline_s))

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> CameraSpec:
        if picture == "sub":
            raise Refused("too_large", "Lakeside sends one picture")
        stream = self._request("POST", source, f"cameras/{camera.ref.serial}/streams", deadline_s) or {}
        url, number = str(stream.get("url")), str(stream.get("id"))
        host, port = self._http.check(url)  # a vendor that is broken into must not send us anywhere
        hosts = (host if port == 443 else f"{host}:{port}",)
        return Hls(url=url, hosts=hosts, sound=sound(camera), lease=Lease(source.id, number))

    def probe(self, source: Source, spec: CameraSpec, deadline_s: float) -> Probed:
        return hls.examine(self._http, spec.url, deadline_s)

    def release(self, source: Source, lent: str, ending: Ending, deadline_s: float) -> None:
        self._request("DELETE", source, f"streams/{lent}", deadline_s)

    def _request(self, method: str, source: Source, path: str, deadline_s: float) -> JsonObject | None:
        """Raises DriverError, of the type that fits the gate's reason."""
        token = self.sessions.read(source).token
        if not token:
            raise SignedOut
        key = {"Authorization": f"Bearer {token}"}
        reply = self._http.ask(method, f"{self._url}/{path}", deadline_s, headers=key)
        if reply.status == 401:
            raise SignedOut
        if reply.status == 429:
            raise VendorBusy
        if reply.status == 409 and (reason := _REASONS.get(str((reply.data or {}).get("why")))):
            raise Refused(reason)
        if not 200 <= reply.status < 300:
            raise VendorDown(f"answered {reply.status}")
        return reply.data
