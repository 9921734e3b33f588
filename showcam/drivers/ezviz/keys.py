"""The keys of EZVIZ's cameras: of Image Encryption, and of a camera's own protocol at home.

EZVIZ switches Image Encryption off without a code, by a code that it mails, or (older firmware) by the code on the
label. A wrong label code is found here by the digest that EZVIZ lists, before EZVIZ counts it. Each code is sent once.

The video is deciphered by the code on the label, by the password set since, or by a key that only EZVIZ knows. On newer
firmware only the key fits (github.com/Bobsilvio/ezviz_hp7, issues 47 and 50). So the listed digest is a hint, and the
video is the judge. A request for the key makes EZVIZ mail the owner a code, unless the session was signed in by a code.
One key that came by a code elevates the session for the others (Bahrombekk/cloud-cam-viewer, client.py).

The server of keys (CAS) hands out keys of cameras' own protocol. Real ones have certificates that no check passes: an
Entrust one that expired in 2019, unknown signers, names of other hosts (github.com/Bobsilvio/ezviz_hp7, issues 60, 66
and 70; RenierM26/pyEzvizApi, issue 271). Such a certificate is taken once per server and installation, and no other one
from then on until an owner says so by a press. Only host names of the vendor and public addresses are connected to.
"""

import contextlib
import hashlib
import hmac
import logging
import re
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
from msgspec import Struct

from showcam.drivers.camera import Camera
from showcam.drivers.errors import DriverError, Reason, SetRefused, VendorDown, Why
from showcam.drivers.ezviz.answers import set_error
from showcam.drivers.ezviz.cameras import is_right
from showcam.drivers.vendor import VendorHttp
from showcam.engine.ezviz.address import KNOWN, LOWEST_PORT
from showcam.engine.ezviz.local_messages import (
    HEAD,
    KEY_WANTED,
    TAIL,
    Device,
    Head,
    NotMessage,
    answer,
    key_wanted,
    plain,
)
from showcam.net.addresses import is_spelled
from showcam.net.exchange import Exchange, Hosts
from showcam.store.ports import Meta

if TYPE_CHECKING:
    from showcam.drivers.ezviz.client import Client


log = logging.getLogger(__name__)

WRONG_CODE = 1011  # or: a code is wanted, or another than the label's
MAILED = re.compile(r"[0-9]{4,8}")
KEY = re.compile(r"[!-~]{1,32}")
KEY_VERDICTS = range(1000, 200_000)
VERDICTS = range(1000, 10000)  # codes of what the vendor decides; others are of a service in trouble
KEY_BYTES = 16

_EITHER: dict[int, Why] = {1012: "old", 1041: "too_often", 1043: "guessed", 2009: "silent", 10001: "too_soon"}

# Result codes of asking for a key, from RenierM26/pyEzvizApi (client.py, get_cam_key) and the issues named above.
_NO_KEY: dict[int, Why] = {
    **_EITHER,
    WRONG_CODE: "wrong_mailed_code",
    20002: "code_mailed",
    120002: "code_mailed",  # the same, as the app of version 7.6.1 names it
}

# Result codes of switching Image Encryption off and of mailing a code, other than WRONG_CODE.
_REFUSED: dict[int, Why] = {**_EITHER, 2030: "unsupported", 5002: "wrong_code"}


def turn_on(client: "Client", camera: Camera) -> None:
    """Raises SetRefused, and PyEzvizError."""
    if camera.owner != "own":
        raise SetRefused("not_permitted")
    client.encrypt(camera.ref.serial, 1)


def turn_off(client: "Client", camera: Camera, code: str, user: str) -> None:
    """If `code` is "" and the vendor wants a code, the vendor mails one. Raises SetRefused, and PyEzvizError."""
    from pyezvizapi.exceptions import PyEzvizError

    if camera.owner != "own":
        raise SetRefused("not_permitted")
    right = is_right(client.pages("STATUS"), camera.ref.serial, code) if code else None
    is_mailed = right is not True and MAILED.fullmatch(code) is not None
    if right is False and not is_mailed:
        raise SetRefused("wrong_code")
    try:
        client.encrypt(camera.ref.serial, 0, code=code)
    except PyEzvizError:
        if client.code != WRONG_CODE:
            raise _refused(client.code, code) from None
        if is_mailed:
            raise SetRefused("wrong_mailed_code") from None
        if code and not right:
            raise SetRefused("wrong_code") from None
        _mail_code(client, user)
        raise SetRefused("code_mailed") from None


def _mail_code(client: "Client", user: str) -> None:
    from pyezvizapi.exceptions import PyEzvizError

    try:
        client.get_2fa_check_code("DEVICE_ENCRYPTION", user)
    except PyEzvizError:
        raise _refused(client.code, "") from None


def _refused(result: int | None, code: str) -> DriverError | SetRefused:
    why = _REFUSED.get(result or 0)
    if why == "wrong_code" and not code:
        return SetRefused("code_wanted")
    known = SetRefused(why) if why else set_error(result)
    if known is None and result in VERDICTS:
        log.warning("the vendor refuses to switch Image Encryption, by a code that is in no list: %s", result)
        return SetRefused("not_taken")
    return known or VendorDown(f"code {result}")


def change_password(client: "Client", camera: Camera, old: str, new: str) -> None:
    """Changes the password of encrypted pictures. Raises SetRefused."""
    from pyezvizapi.exceptions import PyEzvizError

    if camera.owner != "own":
        raise SetRefused("not_permitted")
    if is_right(client.pages("STATUS"), camera.ref.serial, old) is False:
        raise SetRefused("wrong_code")
    try:
        client.encrypt(camera.ref.serial, 2, old=old, new=new)
    except PyEzvizError:
        if client.code != WRONG_CODE:
            raise
        raise SetRefused("wrong_code") from None


def ask_key(client: "Client", camera: Camera, code: str) -> str:
    """The password that the camera's video is encrypted with. Raises SetRefused, and PyEzvizError."""
    from pyezvizapi.exceptions import PyEzvizError

    try:
        key = client.camera_key(camera.ref.serial, code)
    except PyEzvizError:
        result = client.code
        why = _NO_KEY.get(result or 0)
        if why == "wrong_mailed_code" and not code:
            why = None
        if why is None and result not in KEY_VERDICTS:
            raise
        if why is None:
            log.warning("the vendor does not hand out a camera's key: code %s", result)
        raise SetRefused(why or "not_given") from None
    if not KEY.fullmatch(key):
        raise SetRefused("not_given")
    return key


def key_of(code: str) -> bytes:
    """The AES-128 key of the camera's pictures."""
    return code.encode()[:KEY_BYTES].ljust(KEY_BYTES, b"\0")


NUMBER = 5  # the sequence number of public clients for their only message to the server
# OpenSSL's X509_V_ERR of those that were met: expired, self-signed in the chain, an unknown signer, another name
AS_FOUND = frozenset({10, 19, 20, 62, 64})
# Python's own choice leaves out all that some of these servers speak (RenierM26/pyEzvizApi, cas.py; home-assistant/core
# issue 74618)
CIPHERS = "DEFAULT:!aNULL:!eNULL:!MD5:!3DES:!DES:!RC4:!IDEA:!SEED:!aDSS:!SRP:!PSK"
_HOST, _PORT = 15, 16  # of the words in the vendor's list of its servers


class CasSession(Struct, frozen=True):
    """The data of an account that a request to the server of keys needs. Secret."""

    host: str
    port: int
    session_id: str
    terminal: str

    def __repr__(self) -> str:
        return "<CasSession>"

    @classmethod
    def of(cls, servers: object, session_id: str, terminal: str) -> "CasSession":
        """`servers`: as the vendor lists them. Raises VendorDown if the server of keys is not among them."""
        words = servers if isinstance(servers, list) and len(servers) > _PORT else [""] * (_PORT + 1)
        host, port = str(words[_HOST]), str(words[_PORT])
        if not host or not port.isascii() or not port.isdigit() or not LOWEST_PORT <= int(port[:6]) < 65536:
            raise VendorDown("no server of keys is listed")
        return cls(host, int(port), session_id, terminal)


class OtherCertificate(VendorDown):
    """The server has another certificate than the one that was taken, and was sent nothing."""

    reason: Reason = "key_server_changed"


class Cas:
    """`loopback`: in the demo the vendor runs on this machine, and none of its host names is used.

    `store` keeps a server's first certificate that failed the check, and those that owners took after it: the last one
    holds.
    """

    def __init__(self, ca_file: Path | None, store: Meta, *, loopback: bool) -> None:
        self._ca_file, self._store, self._loopback = ca_file, store, loopback

    def device(self, asking: CasSession, serial: str, deadline_s: float) -> Device:
        """The code and the key of the device with this serial. Raises NoKey, OtherCertificate, VendorDown."""
        end = time.monotonic() + deadline_s
        wanted = key_wanted(asking.session_id, asking.terminal, serial.partition("-")[0])
        message = plain(KEY_WANTED, NUMBER, wanted, secrets.token_hex(TAIL // 2).encode())
        for is_checked in (True, False):
            try:
                return self._request(asking, message, end, is_checked=is_checked)
            except ssl.SSLCertVerificationError as error:
                if error.verify_code not in AS_FOUND:
                    break
            except (OSError, NotMessage):
                break
        raise VendorDown("no answer from the server of keys")

    def trust(self, asking: CasSession, deadline_s: float) -> None:
        """Take the certificate that the server shows now, without a check. It is sent nothing. Raises VendorDown."""
        try:
            with self._connected(asking, time.monotonic() + deadline_s, is_checked=False) as connection:
                shown = _fingerprint(connection)
        except OSError:
            raise VendorDown("no answer from the server of keys") from None
        number, taken = self._pinned(asking.host)
        if taken != shown:
            self._store.meta_once(_pin(asking.host, number), shown)

    def _request(self, asking: CasSession, message: bytes, end: float, *, is_checked: bool) -> Device:
        """Raises NoKey, NotMessage, OSError, VendorDown."""
        with self._connected(asking, end, is_checked=is_checked) as connection:
            if not is_checked:
                self._check_pin(asking, connection)
            connection.sendall(message)
            with connection.makefile("rb") as reader:
                head = Head.read(reader.read(HEAD.size))
                body, tail = reader.read(head.length), reader.read(TAIL)
        if len(tail) < TAIL:
            raise NotMessage
        return Device.read(answer(body))

    @contextlib.contextmanager
    def _connected(self, asking: CasSession, end: float, *, is_checked: bool) -> Iterator[ssl.SSLSocket]:
        """A connection to the server of keys, which ends at `end`. Raises OSError, VendorDown."""
        address = self._address(asking, end - time.monotonic())
        with (
            Exchange(end - time.monotonic()) as exchange,
            socket.create_connection((address, asking.port), timeout=max(0.01, exchange.left)) as raw,
        ):
            exchange.watch(raw)
            raw.settimeout(max(0.01, exchange.left))
            with self._context(is_checked=is_checked).wrap_socket(raw, server_hostname=asking.host) as connection:
                yield connection

    def _address(self, asking: CasSession, timeout_s: float) -> str:
        """The server's IP address. Raises VendorDown."""
        is_practice = self._loopback and is_spelled(asking.host)
        if not is_practice and (self._loopback or not KNOWN.fullmatch(asking.host)):
            raise VendorDown("the server of keys is not the vendor's")
        hosts = Hosts((f"{asking.host}:{asking.port}",) if is_practice else ())
        return VendorHttp(hosts).addresses(asking.host, asking.port, timeout_s)[0]

    def _check_pin(self, asking: CasSession, connection: ssl.SSLSocket) -> None:
        """Raises OtherCertificate if the server had another certificate before; then nothing is sent."""
        found, (_, taken) = _fingerprint(connection), self._pinned(asking.host)
        if not hmac.compare_digest(taken or self._store.meta_once(_pin(asking.host, 0), found), found):
            raise OtherCertificate("the server of keys has another certificate than before")

    def _pinned(self, host: str) -> tuple[int, str]:
        """How many certificates of the server were taken, and the last one; "" for none."""
        number, last = 0, ""
        while (kept := self._store.meta(_pin(host, number))) is not None:
            number, last = number + 1, kept
        return number, last

    def _context(self, *, is_checked: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=certifi.where())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        if self._ca_file is not None:
            context.load_verify_locations(cafile=self._ca_file)
        if not is_checked:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


def _pin(host: str, number: int) -> str:
    """The name in the store of the certificate that was taken as the first, second …"""
    return f"cas_certificate/{host}/{number}" if number else f"cas_certificate/{host}"


def _fingerprint(connection: ssl.SSLSocket) -> str:
    return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
