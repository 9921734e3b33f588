"""Finds the ports that a camera has open at home, and the faults of certificates, for a trace."""

import contextlib
import socket
import ssl
import time
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec.structs import replace

from showcam.drivers.ezviz.trace_lines import Certificate, Home, PortState
from showcam.drivers.probes.rtsp import KNOCK_S
from showcam.net.addresses import is_in_house
from showcam.net.exchange import PATIENT_S

# web pages, RTSP, the vendor's device SDK with and without TLS, the camera's own protocol
ASKED = (80, 443, 554, 8000, 8443, 9010, 9020)
_TLS = (443, 8443)
# pyezvizapi (cas.py of RenierM26/pyEzvizApi) speaks to the server of keys with these ciphers
_LEGACY = "DEFAULT:!aNULL:!eNULL:!MD5:!3DES:!DES:!RC4:!IDEA:!SEED:!aDSS:!SRP:!PSK:@SECLEVEL=0"


def probed(home: Home, address: str, *, loopback: bool) -> tuple[Home, list[Certificate]]:
    """The same line with each port's state, and the certificates of those that have one."""
    if not is_in_house(address, loopback=loopback):
        return home, []
    ports = [port for port in dict.fromkeys((*ASKED, *home.listed)) if port]
    if loopback:  # practice: only the listed ports are the camera's
        ports = [port for port in home.listed if port]
    states = {port: _state(address, port) for port in ports}
    shown = [certificate("camera", address, port) for port in _TLS if states.get(port) == "open"]
    return replace(home, ports=states), shown


def certificate(of: str, host: str, port: int, name: str = "", authorities: Path | None = None) -> Certificate:
    """`name`: what the certificate should be for; "" for a camera, which nobody vouches for."""
    verify, is_legacy = _verdict(host, port, name, authorities, None), False
    if verify < 0:
        verify, is_legacy = _verdict(host, port, name, authorities, _LEGACY), True
    der = _der(host, port, _LEGACY if is_legacy else None) if verify >= 0 else b""
    days = bits = own = None
    with contextlib.suppress(ValueError):
        if der:
            read = x509.load_der_x509_certificate(der)
            days = max(-9, min(99_999, round((read.not_valid_after_utc.timestamp() - time.time()) / 86400)))
            own = read.issuer == read.subject
            key = read.public_key()
            bits = min(key.key_size, 99_999) if isinstance(key, RSAPublicKey | EllipticCurvePublicKey) else None
    return Certificate("cas" if of == "cas" else "camera", port, verify >= 0, verify, is_legacy, days, bits, own)


def _state(address: str, port: int) -> PortState:
    try:
        socket.create_connection((address, port), timeout=KNOCK_S).close()
    except TimeoutError:
        return "silent"
    except OSError:
        return "closed"
    return "open"


def _verdict(host: str, port: int, name: str, authorities: Path | None, ciphers: str | None) -> int:
    """OpenSSL's number of the certificate's fault; 0: no fault; -1: no handshake at all."""
    context = ssl.create_default_context(cafile=authorities)
    context.check_hostname = bool(name)
    try:
        _shake(_with(context, ciphers), host, port, name)
    except ssl.SSLCertVerificationError as error:
        return min(error.verify_code, 99_999)
    except (OSError, ValueError):
        return -1
    return 0


def _der(host: str, port: int, ciphers: str | None) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is read, and nothing is sent
    try:
        return _shake(_with(context, ciphers), host, port, "")
    except (OSError, ValueError):
        return b""


def _with(context: ssl.SSLContext, ciphers: str | None) -> ssl.SSLContext:
    if ciphers is not None:
        context.set_ciphers(ciphers)
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def _shake(context: ssl.SSLContext, host: str, port: int, name: str) -> bytes:
    with (
        socket.create_connection((host, port), timeout=PATIENT_S) as raw,
        context.wrap_socket(raw, server_hostname=name or None) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""
