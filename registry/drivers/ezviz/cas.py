"""EZVIZ's server of keys (CAS), which tells what opens a camera's own protocol at home. One request by TLS.

Real servers have certificates that no check passes: an Entrust one that expired in 2019, unknown signers, names of
other hosts (github.com/Bobsilvio/ezviz_hp7, issues 60, 66 and 70; RenierM26/pyEzvizApi, issue 271). Such a certificate
is taken once per server and installation, and no other one from then on until an owner says so by a press. Only host
names of the vendor and public addresses are connected to.
"""

import hashlib
import hmac
import secrets
import socket
import ssl
import time
from pathlib import Path

import certifi
from msgspec import Struct

from media.ezviz.address import KNOWN, LOWEST_PORT
from media.ezviz.local_messages import HEAD, KEY_WANTED, TAIL, Device, Head, NotMessage, answer, key_wanted, plain
from net import errors
from net.addresses import is_spelled
from net.exchange import Exchange
from net.hosts import Hosts
from registry.errors import NoInternet, VendorDown
from registry.reason import Reason
from store.ports import Meta

NUMBER = 5  # the sequence number that public clients give the one message to it
# OpenSSL's X509_V_ERR of those that were met: expired, self-signed in the chain, an unknown signer, another name
AS_FOUND = frozenset({10, 19, 20, 62, 64})
# Python's own choice leaves out all that some of these servers speak (RenierM26/pyEzvizApi, cas.py; home-assistant/core
# issue 74618)
CIPHERS = "DEFAULT:!aNULL:!eNULL:!MD5:!3DES:!DES:!RC4:!IDEA:!SEED:!aDSS:!SRP:!PSK"
_HOST, _PORT = 15, 16  # of the words in the vendor's list of its servers


class CasSession(Struct, frozen=True):
    """What a request to the server takes of an account. Secret."""

    host: str
    port: int
    session_id: str
    terminal: str

    def __repr__(self) -> str:
        return "<CasSession>"

    @classmethod
    def of(cls, servers: object, session_id: str, terminal: str) -> "CasSession":
        """`servers`: as the vendor lists them. Raises VendorDown where the server of keys is not among them."""
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

    `store` keeps which certificate a server had that no check passed, and those that owners took after it: the last one
    holds.
    """

    def __init__(self, ca_file: Path | None, store: Meta, *, loopback: bool) -> None:
        self._ca_file, self._store, self._loopback = ca_file, store, loopback

    def device(self, asking: CasSession, serial: str, deadline_s: float) -> Device:
        """What opens the device of that serial. Raises NoKey, OtherCertificate, VendorDown."""
        end = time.monotonic() + deadline_s
        wanted = key_wanted(asking.session_id, asking.terminal, serial.partition("-")[0])
        for is_checked in (True, False):
            try:
                return self._asked(asking, plain(KEY_WANTED, NUMBER, wanted, _tail()), end, is_checked=is_checked)
            except ssl.SSLCertVerificationError as error:
                if error.verify_code not in AS_FOUND:
                    break
            except (OSError, NotMessage):
                break
        raise VendorDown("no answer from the server of keys")

    def trust(self, asking: CasSession, deadline_s: float) -> None:
        """Take the certificate that the server shows now, without a check. It is sent nothing. Raises VendorDown."""
        end = time.monotonic() + deadline_s
        address = self._address(asking, deadline_s)
        try:
            with (
                Exchange(end - time.monotonic()) as exchange,
                socket.create_connection((address, asking.port), timeout=max(0.01, exchange.left)) as raw,
            ):
                exchange.watch(raw)
                raw.settimeout(max(0.01, exchange.left))
                with self._context(is_checked=False).wrap_socket(raw, server_hostname=asking.host) as connection:
                    shown = _fingerprint(connection)
        except OSError:
            raise VendorDown("no answer from the server of keys") from None
        number, taken = self._taken(asking.host)
        if taken != shown:
            self._store.meta_once(_pin(asking.host, number), shown)

    def _asked(self, asking: CasSession, message: bytes, end: float, *, is_checked: bool) -> Device:
        """Raises NoKey, NotMessage, OSError, VendorDown."""
        address = self._address(asking, end - time.monotonic())
        with (
            Exchange(end - time.monotonic()) as exchange,
            socket.create_connection((address, asking.port), timeout=max(0.01, exchange.left)) as raw,
        ):
            exchange.watch(raw)
            raw.settimeout(max(0.01, exchange.left))
            with self._context(is_checked=is_checked).wrap_socket(raw, server_hostname=asking.host) as connection:
                if not is_checked:
                    self._check_pin(asking, connection)
                connection.sendall(message)
                head = Head.read(_read(connection, HEAD.size))
                body = _read(connection, head.length)
                _read(connection, TAIL)
        return Device.read(answer(body))

    def _address(self, asking: CasSession, timeout_s: float) -> str:
        """Raises VendorDown."""
        is_practice = self._loopback and is_spelled(asking.host)
        if not is_practice and (self._loopback or not KNOWN.fullmatch(asking.host)):
            raise VendorDown("the server of keys is not the vendor's")
        hosts = Hosts((f"{asking.host}:{asking.port}",) if is_practice else ())
        try:
            return hosts.addresses(asking.host, asking.port, timeout_s)[0]
        except errors.NoInternet as error:
            raise NoInternet(str(error)) from None
        except errors.NotAllowed as error:
            raise VendorDown(str(error)) from None

    def _check_pin(self, asking: CasSession, connection: ssl.SSLSocket) -> None:
        """Raises OtherCertificate for another one than the server had before; nothing is sent to it then."""
        found, (_, taken) = _fingerprint(connection), self._taken(asking.host)
        if not hmac.compare_digest(taken or self._store.meta_once(_pin(asking.host, 0), found), found):
            raise OtherCertificate("the server of keys has another certificate than before")

    def _taken(self, host: str) -> tuple[int, str]:
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
    """The name under which the certificate is kept that was taken as the first, second …"""
    return f"cas_certificate/{host}/{number}" if number else f"cas_certificate/{host}"


def _fingerprint(connection: ssl.SSLSocket) -> str:
    return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()


def _tail() -> bytes:
    return secrets.token_hex(TAIL // 2).encode()


def _read(connection: ssl.SSLSocket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise NotMessage
        data += more
    return bytes(data)
