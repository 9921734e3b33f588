"""EZVIZ as one driver: the app's API says which cameras there are and how they are, the Open Platform shows them."""

import time
from collections.abc import Callable
from copy import replace
from pathlib import Path
from typing import TYPE_CHECKING

from showcam.drivers.camera import Camera, Listed, Ref, sound
from showcam.drivers.driver import Direction, EventKind, Hint, Probed
from showcam.drivers.errors import DriverError, Refused, SetRefused, SignedOut
from showcam.drivers.ezviz import EZVIZ, home, pictures
from showcam.drivers.ezviz.account import EzvizAccount, Terminal
from showcam.drivers.ezviz.answers import LastStatus
from showcam.drivers.ezviz.cameras import SECTIONS, Channels, cameras, is_right, judged
from showcam.drivers.ezviz.control import Control, listed
from showcam.drivers.ezviz.home import Lan, Local
from showcam.drivers.ezviz.keys import Cas, key_of
from showcam.drivers.ezviz.open_platform import Key, Keys, Live, OpenPlatform
from showcam.drivers.ezviz.pictures import (
    Cloud,
    LiveAddress,
    LocalKey,
    Opening,
    StreamTokens,
    Waking,
    in_background,
    is_enciphered,
    is_sub_silent,
    lasts_s,
    lease_of,
    read_lent,
)
from showcam.drivers.ezviz.sessions import EzvizHosts, Held, Sessions
from showcam.drivers.ezviz.stills import Alarms, Captures
from showcam.drivers.ezviz.trace_lines import Call
from showcam.drivers.ezviz.tracing import CallNotes
from showcam.drivers.probes import hls
from showcam.drivers.probes.rtsp import KNOCK_S
from showcam.drivers.vendor import Inbox, VendorHttp, Verdict
from showcam.engine.ezviz.address import KNOWN
from showcam.engine.ezviz.messages import TOKEN
from showcam.engine.grants import Picture
from showcam.engine.source import CameraSpec, Ending, Hls, InVain, Unopened, mark_of
from showcam.net.exchange import Exchange, Hosts
from showcam.store.ports import Store
from showcam.store.records import Source

if TYPE_CHECKING:
    from showcam.drivers.ezviz.client import Client
    from showcam.drivers.ezviz.messages import Listener, Waits, Webhook


__all__ = ["EzvizDriver", "EzvizHosts"]


class EzvizDriver(Control):
    """A showcam.drivers.driver.Driver. In the demo it reaches only the given hosts, never EZVIZ's own.

    `developer` is the installation's own Open Platform key; households may have sub-accounts under it. `lan`: if
    showcam runs in the network of a camera and serves nobody else, the camera is fetched there first, by its own
    protocol if its owner chose that. `cloud`: also by the account's own cloud stream, an open connection to the vendor.
    `may_go_on`: whether work may go on after an answer. `webhook_key` signs what the vendor posts here.
    """

    vendor = EZVIZ.vendor
    webhook_setting = "ezviz_webhook_key"
    webhook_headers = ("signature", "t")

    def __init__(
        self,
        store: Store,
        hosts: EzvizHosts,
        *,
        ca_file: Path | None = None,
        demo: bool = False,
        developer: Key | None = None,
        lan: bool = False,
        cloud: bool = False,
        may_go_on: bool = True,
        webhook_key: str = "",
    ) -> None:
        http, sessions = VendorHttp(Hosts(hosts.extra, None if demo else KNOWN), ca_file), Sessions(store)
        self._lan, self._channels, self._last_status = Lan(loopback=demo) if lan else None, Channels(), LastStatus()
        self._open = OpenPlatform(http, hosts.open_platform)
        account = EzvizAccount(sessions, http, self._lan, self._channels)
        super().__init__(account, sessions, Keys(self._open, hosts, developer))
        self.webhook_key, self._store = webhook_key, store
        self._cloud = Cloud(loopback=demo or hosts.is_here) if cloud else None
        self.takes_codes = lan
        self._sign_ins = CallNotes()
        self._terminal = Terminal(store, http, hosts, self._sign_ins.note)
        later = in_background if may_go_on else None
        self._tokens = StreamTokens(account.stream_token, sessions.live_id, later)
        self._local = Local(account.cas_session, Cas(ca_file, store, loopback=demo))
        self._http, self._push_at = http, hosts.push
        self._waking = Waking(store, account.wake)
        self._captures, self._alarms = Captures(account.capture, http), Alarms(account.alarm_picture, http)

    def load(self) -> None:
        """Import the slow library ahead of the first call."""
        import showcam.drivers.ezviz.client  # noqa: F401

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Verdict:
        return self._terminal.sign_in(user, password, deadline_s, code=code, host=host)

    def sign_in_calls(self) -> tuple[Call, ...]:
        """The requests of this process's last attempts to sign in, for a trace."""
        return tuple(self._sign_ins.calls)

    def sign_out(self, source: Source, deadline_s: float) -> None:
        self.account.clients.end(source, deadline_s)

    def read(self, source: Source, deadline_s: float) -> tuple[Listed, ...]:
        """The source's cameras as they are now; by the app's API with a request for each thirty of them."""
        held = self.sessions.read(source)
        if self._keys.alone(held):
            with Exchange(deadline_s) as exchange:
                return listed(self._open, self._keys.access(held), source.id, exchange)

        def work(client: "Client", held: Held) -> tuple[Listed, ...]:
            from showcam.drivers.ezviz.client import FAILURES

            secrets = held.secrets
            at_home = self._lan if secrets.codes or secrets.local else None
            sections = ",".join([SECTIONS, *[home.SECTIONS] * bool(at_home), *[pictures.SECTIONS] * bool(self._cloud)])
            pages = self._last_status.read(source.id, lambda: client.pages(sections), (DriverError, *FAILURES))
            found = cameras(pages, source.id, ("open",) if secrets.open or secrets.sub_account else ())
            found = judged(found, pages, secrets.picture_codes, secrets.by_video)
            self._channels.keep(pages, [camera.ref for camera in found])
            if at_home:
                found = at_home.at_home(found, pages, secrets.codes, secrets.local)
            return self._cloud.offered(found, pages, agreed=secrets.open_air) if self._cloud else found

        return self.account.clients.use(source, deadline_s, work)

    def serves(self, source: Source) -> tuple[str, ...]:
        held = self.sessions.read(source)
        if self._keys.alone(held):
            return ("open",)
        return ("account",) if self._keys.find(held) is None else ("account", "open")

    def turn(self, source: Source, camera: Camera, direction: Direction, deadline_s: float) -> None:
        self.account.turn(source, camera, direction, deadline_s, action="START")

    def halt(self, source: Source, camera: Camera, direction: Direction, deadline_s: float) -> None:
        self.account.turn(source, camera, direction, deadline_s, action="STOP")

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        super().change_password(source, camera, old, new, deadline_s)
        if camera.ref.serial in self.sessions.read(source).secrets.picture_codes:
            self.sessions.keep_picture_code(source, camera.ref.serial, new)  # the password is the code from now on

    def is_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bool | None:
        if self._keys.alone(self.sessions.read(source)):
            return None  # only the app account lists the digest for checking a code
        serial = camera.ref.serial
        return self.account.clients.use(
            source, deadline_s, lambda client, _: is_right(client.pages("STATUS"), serial, code)
        )

    def deletes(self, source: Source, camera: Camera) -> bool:
        return self._keys.reaches(self.sessions.read(source), camera)

    def happened(self, source: Source, since: float, deadline_s: float) -> tuple[Hint, ...]:
        """The events after `since`, epoch seconds, in the vendor's list."""
        return self.account.happened(source, since, deadline_s)

    def listen(self, source: Source, hear: Callable[[Hint], None], waits: "Waits | None" = None) -> "Listener":
        """Listen to the account's messages until the listener is stopped."""
        from showcam.drivers.ezviz.messages import WAITS, Listener

        return Listener(source, self.account, self._http, hear, at=self._push_at, waits=waits or WAITS)

    def webhook(self, inbox: Inbox) -> "Webhook":
        from showcam.drivers.ezviz.messages import Webhook

        return Webhook(self.webhook_key, self._store, inbox)

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> CameraSpec:
        held = self.sessions.read(source)
        if way == "lan":
            return self._mint_lan(held, source, camera, picture, deadline_s)
        if way == "local":
            return self._mint_local(held, source, camera, deadline_s)
        if way == "cloud":
            return self._mint_cloud(held, source, camera, picture, deadline_s)
        key = self._keys.find(held)
        if way != "open" or key is None:
            raise Refused("no_way", f"no {way} way")
        ref, shown = camera.ref, camera.sub if picture == "sub" and camera.sub else camera.video

        def ask(left_s: float) -> Live:
            return self._open.live(key, ref, left_s, picture, life_s, is_h265=shown.codec == "h265")

        live = self._waking.reached(source, camera, ask, deadline_s)
        host, port = self._http.check(live.url)
        lease = lease_of(source, LiveAddress(ref.serial, ref.channel, live.id)) if live.id else None
        hosts = (host if port == 443 else f"{host}:{port}",)
        return Hls(url=live.url, hosts=hosts, sound=sound(camera), lease=lease, lasts_s=lasts_s(camera))

    def probe(self, source: Source, spec: CameraSpec, deadline_s: float) -> Probed:
        if not isinstance(spec, Hls):
            raise Refused("not_passable", "no address of HLS")
        return hls.examine(self._http, spec.url, deadline_s)

    def watched(self, source: Source, camera: Camera) -> None:
        self._waking.watched(source, camera)

    def still(self, source: Source, camera: Camera, deadline_s: float, *, deciphers: bool) -> bytes | None:
        held = self.sessions.read(source)
        if camera.battery is None or self._keys.alone(held):
            return None
        code = held.secrets.picture_codes.get(camera.ref.serial, "") if deciphers else ""
        return self._captures.of(source, camera, code, deadline_s)

    def alarm_picture(
        self, source: Source, camera: Camera, kind: EventKind, at: float, deadline_s: float, *, deciphers: bool
    ) -> bytes | None:
        held = self.sessions.read(source)
        if self._keys.alone(held):
            return None  # the list of messages belongs to the app account
        code = held.secrets.picture_codes.get(camera.ref.serial, "") if deciphers else ""
        return self._alarms.of(source, camera, kind, at, code, deadline_s)

    def _mint_lan(self, held: Held, source: Source, camera: Camera, picture: Picture, deadline_s: float) -> CameraSpec:
        code = held.secrets.codes.get(camera.ref.serial)
        if self._lan is None or not code:
            raise Refused("no_way", "no lan way")
        place, left_s = self._place(source, camera, self._lan, deadline_s)
        # with a key, too: known cameras send RTSP in the clear, but the video itself decides
        return replace(self._lan.open(camera, place, code, left_s, picture), key=_key(held, camera))

    def _mint_local(self, held: Held, source: Source, camera: Camera, deadline_s: float) -> CameraSpec:
        if self._lan is None or camera.ref.serial not in held.secrets.local:
            raise Refused("no_way", "not asked by its own protocol")
        key = _key(held, camera)
        if camera.encryption == "on" and not key:  # this way does not decipher a picture
            raise Refused("encryption_on", "nothing deciphers it")
        place, left_s = self._place(source, camera, self._lan, deadline_s)
        return replace(self._local.open(source, camera, place, left_s), key=key)

    def _place(self, source: Source, camera: Camera, lan: Lan, deadline_s: float) -> tuple[home.Place, float]:
        """The camera's place at home, and the seconds that are left. The camera is woken."""
        end = time.monotonic() + deadline_s
        place = lan.place(camera) or self.account.place(source, camera, deadline_s / 2)
        self._waking.rouse(source, camera)
        return place, end - time.monotonic()

    def _mint_cloud(
        self, held: Held, source: Source, camera: Camera, picture: Picture, deadline_s: float
    ) -> CameraSpec:
        if self._cloud is None or not (held.secrets.open_air or is_enciphered(camera)):
            raise Refused("no_way", "no cloud way")
        if (reason := self._cloud.rests(camera)) is not None:
            raise Refused(reason, "refused a moment ago")
        began, ref = time.monotonic(), camera.ref
        self._waking.rouse(source, camera)
        place = self._cloud.place(ref) or self._cloud.keep(camera, self.account.dispatcher(source, camera, deadline_s))
        if place is None:
            raise Refused("no_way", "no dispatcher that may be gone to")
        if picture == "sub" and (is_sub_silent(camera) or not place.has_sub):
            raise Refused("too_large", "no smaller stream")
        token = self._tokens.take(source, deadline_s - (time.monotonic() - began))
        spec = self._cloud.spec(camera, place, token.text, _key(held, camera))
        opening = Opening(token.number, ref.serial, ref.channel, spec.state)
        return replace(spec, lease=lease_of(source, opening) if token.number else None)

    def set_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """Try the code once at the camera, then keep it; "" forgets the stored code."""
        if self._lan is None:
            raise Refused("not_this_way", "not a camera for the LAN")
        if code:
            end = time.monotonic() + deadline_s
            place = self.account.place(source, camera, deadline_s)
            self._lan.try_code(camera, place, code, end - time.monotonic())
        self.sessions.keep_code(source, camera.ref.serial, code)

    def set_local(self, source: Source, camera: Camera, deadline_s: float, *, wanted: bool) -> None:
        if self._lan is None:
            raise Refused("not_this_way", "not a camera for the LAN")
        if wanted:
            place = self.account.place(source, camera, deadline_s)
            if not self._local.answers(place, KNOCK_S):
                raise Refused("lan_closed", "its port of commands takes no connection")
        self.sessions.keep_local(source, camera.ref.serial, wanted=wanted)

    def trust_key_server(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self._local.trust(source, camera, deadline_s)

    def set_picture_code(self, source: Source, camera: Camera, code: str, deadline_s: float) -> None:
        """Keep the code, and forget whether the last code fitted the video; "" forgets the stored code."""
        if code and self._keys.alone(self.sessions.read(source)):
            raise Refused("not_this_way", "no app account, whose cloud stream is the one to be deciphered")
        self.sessions.keep_picture_code(source, camera.ref.serial, code)

    # keys that the vendor hands out

    def asks_silently(self, source: Source) -> bool:
        return self.sessions.is_elevated(source)

    def ask_key(self, source: Source, camera: Camera, deadline_s: float, *, code: str = "") -> None:
        held, serial, is_shared = self.sessions.read(source), camera.ref.serial, camera.owner == "shared"
        if self._keys.alone(held) or (is_shared and serial in held.secrets.keys_refused):
            raise SetRefused("not_given")
        try:
            key = self.account.key(source, camera, code, deadline_s)
        except SetRefused as refused:
            if refused.why == "not_given" and is_shared:
                self.sessions.refuse_key(source, serial)
            if refused.why == "code_mailed" and held.secrets.elevated:
                self.sessions.elevate(source, is_elevated=False)
            raise
        self.sessions.keep_picture_code(source, serial, key)
        if code:
            self.sessions.elevate(source, is_elevated=True)

    def judge_key(self, source: Source, camera: Camera, mark: str, *, fits: bool) -> None:
        code = self.sessions.read(source).secrets.picture_codes.get(camera.ref.serial, "")
        if code and mark_of(key_of(code)) == mark:
            self.sessions.judge_key(source, camera.ref.serial, code, fits=fits)

    def release(self, source: Source, lent: str, ending: Ending, deadline_s: float) -> None:
        match read_lent(lent):
            case Opening(number, serial, channel, state):
                refused = ending if isinstance(ending, Unopened) else Unopened(0, "", 0.0)
                if self._cloud is not None and refused.rest_s:
                    self._cloud.rest(Ref(source.id, serial, channel), state, refused)
                is_next_wanted = not refused.rest_s and refused.result not in TOKEN
                self._tokens.opened(source, number, is_next_wanted=is_next_wanted)
            case LocalKey(serial):
                self._local.ended(source, serial, ending.reason if isinstance(ending, InVain) else "")
            case LiveAddress(serial, channel, url_id):
                key = self._keys.find(self.sessions.read(source))
                if key is None:
                    raise SignedOut
                self._open.disable(key, serial, channel, url_id, deadline_s)


def _key(held: Held, camera: Camera) -> bytes:
    """The key of the camera's video; empty if no code is stored, or the video showed that the code does not fit."""
    code = held.secrets.picture_codes.get(camera.ref.serial, "")
    return key_of(code) if code and camera.picture_code in ("fits", "unknown") else b""
