"""Finds out how a camera at an address is reached: its pictures, what it is, and an id that survives a new address.

A camera that does not tell its paths by ONVIF is asked for the paths of makers. No path was tried on a camera of its
maker.
"""

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.errors import Refused
from showcam.drivers.lan.devices import RTSP, Address, Device, Pictured
from showcam.drivers.lan.events import reported
from showcam.drivers.lan.onvif import ANSWER_S, DEVICE_PATH, Onvif, OnvifFailed, Profile
from showcam.drivers.lan.onvif import Described as Identity
from showcam.drivers.probes import rtsp
from showcam.drivers.probes.rtsp import KNOCK_S, Described, NoRtsp, NoStream, knock
from showcam.engine.camera_still import NoStill, fetch
from showcam.engine.rtsp.login import Login
from showcam.net.addresses import is_in_house
from showcam.net.house import HouseHttp

# The paths of a maker's whole and smaller picture, "" if no list has the smaller one. Those of many makers are tried
# first. Behind each maker is the source: its own page, or a list that others wrote:
# Robocam: github.com/neilshah101/Robocam, RTSP-Formats.md
# LiveNVR: blog.csdn.net/hzhouhangkeji/article/details/133701174
# the guide: github.com/AkashMLodiwiksz/Face-Identifying-Security-system-, RTSP_URL_GUIDE.md
# onvif-viewer: github.com/thephez/onvif-viewer, URL Templates.txt
PATHS: dict[str, str] = {
    # Hikvision, HiLook, ANNKE, EZVIZ (supportusa.hikvision.com/support/solutions/articles/17000129022)
    "/Streaming/Channels/101": "/Streaming/Channels/102",
    # Dahua, Amcrest, Imou, Lorex (programmerteach.com/p/onvif-rtsp-streaming-services-rtsp-configure-rules)
    "/cam/realmonitor?channel=1&subtype=0": "/cam/realmonitor?channel=1&subtype=1",
    "/stream1": "/stream2",  # TP-Link Tapo, Pelco, Mobotix, Grandstream (the guide)
    # Reolink (the maker's CGI manual, in github.com/Benehiko/ReolinkCameraAPI)
    "/h264Preview_01_main": "/h264Preview_01_sub",
    "/videoMain": "/videoSub",  # Foscam (the guide)
    "/unicast/c1/s0/live": "/unicast/c1/s1/live",  # Uniview (the guide)
    "/video1": "/video2",  # Uniview, older (LiveNVR)
    "/axis-media/media.amp": "",  # Axis (the guide)
    # Hanwha Wisenet (support.hanwhavision.eu/hc/en-gb/articles/4414178841746)
    "/profile2/media.smp": "/profile3/media.smp",
    "/onvif/profile2/media.smp": "/onvif/profile3/media.smp",  # Samsung (LiveNVR)
    "/live0": "/live1",  # Eufy (the guide)
    "/live": "",  # Wyze with its RTSP firmware (smartcamalerts.com/blog/rtsp-camera-setup.html)
    "/ch0_0.h264": "/ch0_1.h264",  # Yi with yi-hack (github.com/alienatedsec/yi-hack-v5, its wiki)
    "/h264/ch1/main/av_stream": "/h264/ch1/sub/av_stream",  # Hikvision before 2012 (LiveNVR)
    "/main": "/sub",  # Milesight, Avycon (avycon.freshdesk.com/support/solutions/articles/36000328602)
    "/profile1": "/profile2",  # Avycon Plug & Play (avycon.freshdesk.com/support/solutions/articles/36000299004)
    "/live.sdp": "",  # Vivotek, Netgear, Trendnet, Brickcom (Robocam)
    "/live1.sdp": "",  # D-Link (Robocam)
    "/rtsp_tunnel?h26x=4&line=1&inst=1": "/rtsp_tunnel?h26x=4&line=1&inst=2",  # Bosch (onvif-viewer)
    "/MediaInput/h264": "",  # Panasonic i-PRO (Robocam)
    "/media/video1": "",  # Sony (Robocam)
    "/defaultPrimary?streamType=u": "",  # Avigilon (Robocam)
    "/11": "",  # Zosi and cameras without a maker's name (the guide)
    "/live/ch00_0": "",  # Tiandy (Robocam)
    "/1/h264major": "/1/h264minor",  # Infinova (LiveNVR)
}

ONVIF_PORTS = (80, 8000, 2020, 8899, 8080)  # the usual one; Reolink's; Tapo's; those of cameras without a maker's name
HTTPS = 443
RTSP_PORTS = (RTSP, 8554)
_NEIGHBOURS = Path("/proc/net/arp")
_SERIAL = re.compile(r"(?=.*[1-9A-Za-z])[\w.:-]{4,64}")

type OnvifState = Literal["in", "login", "none"]


class Found(Struct, frozen=True):
    """How a camera is reached; `onvif`: whether its ONVIF let us in."""

    device: Device
    onvif: OnvifState
    profiles: tuple[Profile, ...] = ()


class _Login(Struct, frozen=True):
    """`basic`: whether the login may be sent as it is. `onvif`: "port/path" if known, and whether by https."""

    user: str
    password: str
    basic: bool = True
    onvif: tuple[str, bool] = ("", False)


class _Asked(Struct, frozen=True):
    """The outcome of asking for ONVIF at a camera's address. `onvif` is the client, if the camera let us in."""

    state: OnvifState
    at: str = ""
    onvif: Onvif | None = None
    identity: Identity = Identity()
    profiles: tuple[Profile, ...] = ()


class Adding:
    """Sends each password to RTSP once, and to ONVIF once if RTSP took it. Raises Refused."""

    def __init__(self, *, loopback: bool, onvif_ports: tuple[int, ...] = ONVIF_PORTS) -> None:
        self._http, self._loopback, self._onvif_ports = HouseHttp(loopback=loopback), loopback, onvif_ports

    def look(self, address: Address, user: str, password: str, *, known: Device | None = None) -> Found:
        """Finds the camera at an address, and whether it has a speaker.

        `known`: the owner says that this camera is there. A camera known to take Digest gets no password by Basic.
        """
        found = self._look(address, user, password, known)
        device = found.device
        login = Login(device.user, device.password, basic=device.basic)
        speaker = rtsp.has_speaker(device.host, device.port, device.main.path, login, ANSWER_S)
        return replace(found, device=replace(device, speaker=speaker))

    def _look(self, address: Address, user: str, password: str, known: Device | None) -> Found:
        login = _Login(user, password)
        if known is not None:
            login = _Login(user, password, known.basic, (known.onvif, bool(known.pin)))
        if address.kind == "rtsp" and address.path not in ("", "/"):
            return self._by_path(address, login)
        answered = self._onvif(address, login)
        if answered.onvif is not None and (found := self._by_onvif(address, login, answered.onvif, answered)):
            return found
        if answered.state == "login":
            raise Refused("code_wrong", "refused by ONVIF")
        return self._by_table(address, login)

    def onvif(self, device: Device) -> Onvif:
        return Onvif.of(device, self._http)

    def _by_path(self, address: Address, login: _Login) -> Found:
        main = self._described(address.host, address.port or RTSP, (address.path,), login)
        device = self._device(address.host, address.port or RTSP, _pictured(main), login, main)
        answered = self._onvif(address, login)
        if answered.onvif is not None and (found := self._by_onvif(address, login, answered.onvif, answered)):
            streams = (found.device.main, found.device.sub)
            mine = next((stream for stream in streams if stream is not None and stream.path == address.path), None)
            if mine is not None:
                other = found.device.sub if mine is found.device.main else None
                return replace(found, device=replace(found.device, main=mine, sub=other, port=device.port))
            device = replace(found.device, main=device.main, sub=None, port=device.port)
        return Found(self._with_sub(device), answered.state, answered.profiles)

    def _by_table(self, address: Address, login: _Login) -> Found:
        """Tries the makers' paths. If the camera ends the connection at one, the rest go over a new connection."""
        ports = (address.port,) if address.port and address.kind != "onvif" else RTSP_PORTS
        knocked = knock([(address.host, tried) for tried in ports], KNOCK_S)
        reason = knocked[address.host, ports[0]]
        for tried in ports:
            if knocked[address.host, tried] is None:
                main = self._described(address.host, tried, tuple(PATHS), login)
                return Found(self._with_sub(self._device(address.host, tried, _pictured(main), login, main)), "none")
        raise Refused(reason or "lan_unreachable", "no RTSP port is open")

    def _by_onvif(self, address: Address, login: _Login, onvif: Onvif, answered: _Asked) -> Found | None:
        """The camera as ONVIF describes it; None if none of its pictures can be had."""
        identity, (main, sub) = answered.identity, chosen(answered.profiles)
        if main is None:
            return None
        try:
            port, path = onvif.stream_path(main.token, ANSWER_S)
            _, sub_path = onvif.stream_path(sub.token, ANSWER_S) if sub else (0, "")
        except OnvifFailed:
            return None
        heard = self._described(address.host, port, (path,), login)
        device = replace(
            self._device(address.host, port, _profiled(main, heard), login, heard),
            onvif=answered.at,
            pin=onvif.pin or "",
            model=" ".join(filter(None, (identity.maker, identity.model))),
            firmware=identity.firmware,
            id=identity.serial if _SERIAL.fullmatch(identity.serial) else "",
            events=reported(onvif, ANSWER_S),
            lens=main.source,
            turns=main.turns,
        )
        device = replace(device, still=self._still(onvif, device, sub or main))
        if sub is not None:
            try:
                smaller = self._described(address.host, port, (sub_path,), login)
                device = replace(device, sub=_profiled(sub, smaller))
            except Refused:
                pass  # announced, and not sent
        return Found(device, "in", answered.profiles)

    def _onvif(self, address: Address, login: _Login) -> _Asked:
        """Finds the camera's ONVIF device service, and asks for its details."""
        places = self._places(address, login)
        knocked = knock([(address.host, int(place.partition("/")[0])) for place in places], KNOCK_S)
        for place, is_https in places.items():
            if knocked[address.host, int(place.partition("/")[0])] is not None:
                continue
            pin = "" if is_https else None  # the owner says the camera is here: its certificate is taken
            onvif = Onvif(self._http, address.host, place, login.user, login.password, pin=pin)
            try:
                onvif.clock(ANSWER_S)
                return _Asked("in", place, onvif, onvif.describe(ANSWER_S), onvif.profiles(ANSWER_S))
            except OnvifFailed as failed:
                if failed.why == "login":
                    return _Asked("login", place)
        return _Asked("none")

    def _places(self, address: Address, login: _Login) -> dict[str, bool]:
        """The places where ONVIF may be, "port/path", and whether it is by https there."""
        if address.kind == "onvif":
            path = address.path if address.path not in ("", "/") else DEVICE_PATH
            return {f"{address.port or (HTTPS if address.tls else 80)}{path}": address.tls}
        at, is_https = login.onvif
        usual = {f"{port}{DEVICE_PATH}": port == HTTPS for port in (*self._onvif_ports, HTTPS)}
        known = {at: is_https} if at else {}
        return known | {place: is_https for place, is_https in usual.items() if place not in known}

    def _described(self, host: str, port: int, paths: tuple[str, ...], login: _Login) -> Described:
        """The first path with a picture. Some cameras end the connection at the first path that they do not have."""
        within_s = ANSWER_S + len(paths) * 0.2
        end = time.monotonic() + within_s
        while True:
            tried: list[str] = []
            try:
                signing = Login(login.user, login.password, basic=login.basic)
                return describe(host, port, _noting(paths, tried), signing, within_s, loopback=self._loopback)
            except Refused as refused:
                paths = paths[max(1, len(tried) - 1) :]  # the last path got no answer: again, unless it was the first
                if refused.reason != "no_way" or not paths or time.monotonic() > end:
                    raise

    def _still(self, onvif: Onvif, device: Device, profile: Profile) -> str:
        """Port and path of the camera's stills; "" if this user gets none."""
        try:
            port, path = onvif.still_path(profile.token, ANSWER_S)
            still = f"{port or 80}{path}"
            url = replace(device, still=still).still_url
            fetch(url, device.user, device.password, loopback=self._loopback, within_s=ANSWER_S)
        except (OnvifFailed, NoStill):
            return ""
        return still

    def _with_sub(self, device: Device) -> Device:
        """The device with the smaller picture that the table has for its main one, if the camera has it."""
        path = PATHS.get(device.main.path)
        if not path or device.sub is not None:
            return device
        try:
            login = _Login(device.user, device.password, device.basic)
            smaller = self._described(device.host, device.port, (path,), login)
        except Refused:
            return device
        return replace(device, sub=_pictured(smaller))

    def _device(self, host: str, port: int, main: Pictured, login: _Login, heard: Described) -> Device:
        device = Device("", 1, "", host, port, main, user=login.user, password=login.password, mac=mac_of(host))
        return replace(device, basic=heard.basic)


def chosen(profiles: tuple[Profile, ...]) -> tuple[Profile | None, Profile | None]:
    """The largest picture of the first lens, and a smaller one: the largest in H.264 that is 1280×720 at most.

    Motion JPEG, which many devices also offer, is chosen only if there is nothing else.
    """
    usable = [profile for profile in profiles if profile.codec not in ("", "mjpeg")]
    usable = usable or [profile for profile in profiles if profile.codec]
    lens = [profile for profile in usable if profile.source == usable[0].source]
    ordered = sorted(lens, key=lambda profile: profile.width * profile.height, reverse=True)
    main = ordered[0] if ordered else None
    smaller = [stream for stream in ordered[1:] if main and stream.width * stream.height < main.width * main.height]
    fitting = [stream for stream in smaller if stream.codec == "h264" and stream.width * stream.height <= 1280 * 720]
    return main, next(iter(fitting or smaller), None)


def mac_of(host: str) -> str:
    """The camera's MAC address, which this machine knows after it has connected; "" behind a router."""
    try:
        rows = _NEIGHBOURS.read_text().splitlines()[1:]
    except OSError:
        return ""
    found = next((row.split() for row in rows if row.startswith(f"{host} ")), [])
    return found[3] if len(found) > 3 and found[3] != "00:00:00:00:00:00" else ""


def _noting(paths: tuple[str, ...], tried: list[str]) -> Iterator[str]:
    for path in paths:
        tried.append(path)
        yield path


def _pictured(heard: Described) -> Pictured:
    return Pictured(heard.path, heard.codec, sound=heard.sound)


def _profiled(profile: Profile, heard: Described) -> Pictured:
    codec = heard.codec or profile.codec
    return Pictured(heard.path, codec, profile.width, profile.height, heard.sound, profile.token)


def describe(
    host: str, port: int, paths: Iterable[str], login: Login, deadline_s: float, *, loopback: bool
) -> Described:
    """The first path that has a picture.

    Raises Refused: code_wrong after one try, lan_closed, lan_unreachable, and no_way if the port speaks no RTSP or
    has no picture by these paths.
    """
    if not is_in_house(host, loopback=loopback):
        raise Refused("lan_unreachable", "no address of a house")
    try:
        return rtsp.describe(host, port, paths, login, deadline_s)
    except (NoRtsp, NoStream) as other:
        raise Refused("no_way", str(other)) from None
