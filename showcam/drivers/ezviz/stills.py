"""EZVIZ's stills: those of its list of messages, and those that a battery camera makes when it is asked."""

import hmac
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from showcam.drivers.camera import Camera, Ref
from showcam.drivers.driver import EventKind
from showcam.drivers.errors import DriverError, Refused, VendorDown
from showcam.drivers.ezviz.answers import message_hint, message_id, rows, text
from showcam.drivers.ezviz.cameras import digest_of
from showcam.drivers.ezviz.home import IN_VAIN_S
from showcam.drivers.ezviz.keys import key_of
from showcam.drivers.ezviz.sessions import ASK_S
from showcam.drivers.vendor import VendorHttp
from showcam.net.cache import Recent
from showcam.net.exchange import Exchange
from showcam.net.text import JsonObject
from showcam.store.records import Source

if TYPE_CHECKING:
    from showcam.drivers.ezviz.client import Client

MESSAGES = 50  # the vendor lists no more messages at once
MOST_PAGES = 8  # of one day: a camera that had more than 400 messages since then shows no picture of it
NEAR_S = 30.0  # a push carries no usable time: the same message has another one in the list, a few seconds off
ENCODED = b"hikencodepicture"
DIGEST_BYTES = 32  # bytes after ENCODED: the password's digest in hexadecimal digits
JPEG = b"\xff\xd8\xff"
_IV = b"01234567" + bytes(8)
MOST_CAMERAS = 4096


class Captures:
    """Has the vendor make a battery camera take stills without a stream, also while the camera sleeps.

    `ask` has a camera make one, and answers with the address of a JPEG: PUT /v3/devconfig/v1/{serial}/{channel}/capture
    (github.com/cristianojmiranda/hikcloudstream, github.com/AidenShaw2020/ha-ezviz-doorbell).
    """

    def __init__(self, ask: Callable[[Source, Camera, float], str], http: VendorHttp) -> None:
        self._ask, self._http = ask, http
        self._in_vain: Recent[Ref, float] = Recent(MOST_CAMERAS)  # since when

    def of(self, source: Source, camera: Camera, code: str, deadline_s: float) -> bytes | None:
        """A JPEG of now; None if the camera gives none. `code` deciphers the still; "" if the owner does not want this.

        Raises Refused for what can't be deciphered.
        """
        end = time.monotonic() + deadline_s
        since = self._in_vain.get(camera.ref)
        if since is not None and time.monotonic() - since < IN_VAIN_S:
            return None
        try:
            url = self._ask(source, camera, min(ASK_S, deadline_s))
            with Exchange(end - time.monotonic()) as exchange:
                page = self._http.fetch(url, exchange.left, {})
        except DriverError as error:
            if isinstance(error, VendorDown):
                self._in_vain.put(camera.ref, time.monotonic())
            return None
        still = deciphered(page.body, code) if page.status == 200 else b""
        return still if still.startswith(JPEG) else None


class Alarms:
    """Fetches the pictures in the vendor's list of messages. `find` answers with a picture's address, or ""."""

    def __init__(self, find: Callable[[Source, Camera, EventKind, float, float], str], http: VendorHttp) -> None:
        self._find, self._http = find, http

    def of(
        self, source: Source, camera: Camera, kind: EventKind, at: float, code: str, deadline_s: float
    ) -> bytes | None:
        """A JPEG of at most 1 MiB; None if there is none. `code`: as for `Captures.of`. Raises DriverError."""
        end = time.monotonic() + deadline_s
        url = self._find(source, camera, kind, at, deadline_s)
        if not url:
            return None
        with Exchange(end - time.monotonic()) as exchange:
            page = self._http.fetch(url, exchange.left, {})
            if page.status >= 500:  # it answers 504 now and then (github.com/Bobsilvio/ezviz_hp7, issues 36 and 37)
                page = self._http.fetch(url, exchange.left, {})
        if page.status >= 500:
            raise VendorDown(f"HTTP {page.status}")
        picture = deciphered(page.body, code) if page.status == 200 else b""
        return picture if picture.startswith(JPEG) else None


def deciphered(data: bytes, code: str) -> bytes:
    """A still as JPEG. While Image Encryption is on its bytes begin with "hikencodepicture", as those of alarms do
    (github.com/RenierM26/pyEzvizApi, utils.py).

    Raises Refused: encryption_on if the still is encrypted and there is no code, else code_wrong."""
    if not data.startswith(ENCODED):
        return data
    if not code:
        raise Refused("encryption_on", "the still is encrypted")
    digest, body = data[len(ENCODED) : len(ENCODED) + DIGEST_BYTES], data[len(ENCODED) + DIGEST_BYTES :]
    if not hmac.compare_digest(digest, digest_of(code)) or not body or len(body) % 16:
        raise Refused("code_wrong", "the still is encrypted with another code")
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    cipher = Cipher(AES(key_of(code)), CBC(_IV)).decryptor()
    clear = cipher.update(body) + cipher.finalize()
    return clear[: -clear[-1]] if 0 < clear[-1] <= 16 else clear


def picture_of(client: "Client", ref: Ref, kind: EventKind, at: float) -> str:
    """The address of the picture with the nearest message of this kind within NEAR_S of `at`; "" if there is none.

    A message has it in `pic`, or as the first of several in `ext` (pyEzvizApi, camera.py, _normalize_unified_message).
    """
    found = list[tuple[float, str]]()
    for day in _days(at):
        for message in _messages(client, ref.serial, day):
            hint = message_hint(message)
            if hint is not None and hint.at < at - NEAR_S:
                break
            ours = hint is not None and (hint.serial, hint.kind) == (ref.serial, kind)
            if hint is None or not ours or hint.channel not in (0, ref.channel) or hint.at > at + NEAR_S:
                continue
            ext = message.get("ext")
            several = text(ext.get("pics")) if isinstance(ext, dict) else ""
            if url := text(message.get("pic")) or next(filter(None, several.split(";")), ""):
                found.append((abs(hint.at - at), url))
    return min(found)[1] if found else ""


def _days(at: float) -> Iterable[str]:
    """The day as the vendor's list names it, here and by UTC: its days may begin at another hour than ours."""
    return dict.fromkeys(time.strftime("%Y%m%d", zone(at)) for zone in (time.localtime, time.gmtime))


def _messages(client: "Client", serial: str, day: str) -> Iterator[JsonObject]:
    """The day's messages, newest first, read page after page.

    A page begins after the message that `endTime` names (pyEzvizApi, client.py, get_device_messages_list).
    """
    last = ""
    for _ in range(MOST_PAGES):
        answer = client.get_device_messages_list(serial, limit=MESSAGES, date=day, end_time=last)
        messages = rows(answer, "message") or rows(answer, "messages")
        yield from messages
        last = message_id(messages[-1].get("msgId")) if messages else ""
        if not last or not answer.get("hasNext"):
            return
