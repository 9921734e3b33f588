"""Examines a server's certificate as an assistant's client takes it: TLS 1.2 at least, a whole and public chain."""

import socket
import ssl
import time

from cryptography import x509

from showcam.doctor.finding import Finding, ok, unsure, wrong
from showcam.doctor.reach import Visitor
from words.catalogue import worded

_HOUR_S, _DAY_S = 3_600, 86_400
# Certificates are renewed with a third of their life left, short ones with half. When less than both of these is left,
# the renewal is late.
DUE_S, DUE_PART = 14 * _DAY_S, 1 / 6
_OLD = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "NO_PROTOCOLS_AVAILABLE")


def examine(host: str, port: int, visitor: Visitor) -> Finding:
    what = worded("certificate of {host}", host=host)
    context = ssl.create_default_context(cafile=visitor.authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        certificate = _peer(host, port, context, visitor)
    except ssl.SSLCertVerificationError as error:
        return _refused(what, host, port, error, visitor)
    except ssl.SSLError as error:
        if any(word in (error.reason or "") for word in _OLD):
            text = worded("it speaks no TLS 1.2, and assistants speak nothing older")
            return wrong(what, text, worded("Let the proxy take TLS 1.2 and 1.3."), "tls_too_old")
        return _speechless(what, port, error)
    except OSError as error:
        return _speechless(what, port, error)
    began, ends = (ssl.cert_time_to_seconds(str(certificate[field])) for field in ("notBefore", "notAfter"))
    return _lasting(what, began, ends)


def _peer(host: str, port: int, context: ssl.SSLContext, visitor: Visitor) -> dict[str, object]:
    with (
        socket.create_connection((host, port), timeout=visitor.within_s) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return dict(secure.getpeercert() or {})


def _speechless(what: str, port: int, error: OSError) -> Finding:
    mend = worded(
        "See that the proxy runs, serves https on that port, and that the router forwards the port to it.",
    )
    return wrong(what, worded("port {port} does not speak TLS ({error})", port=port, error=type(error).__name__), mend)


def _refused(what: str, host: str, port: int, error: ssl.SSLCertVerificationError, visitor: Visitor) -> Finding:
    text = worded("it is not accepted: {why}", why=error.verify_message)
    match error.verify_code:  # OpenSSL's X509_V_ERR_…
        case 10:
            mend = worded("It has expired: see why the proxy does not renew it.")
            return wrong(what, text, mend, "certificate_over")
        case 62 | 64:
            return wrong(
                what, text, worded("It is for another name: get one for this very name."), "certificate_of_another"
            )
        case 18 | 19:
            mend = worded("No assistant takes a self-signed certificate: get one from a public authority.")
            return wrong(what, text, mend)
    mend = worded(
        "Let the proxy send the whole chain, with the intermediate certificates, of a public authority.",
    )
    if issuer := _missing_issuer(host, port, visitor):
        text = worded("its chain is incomplete: the certificate of its issuer, {issuer}, is not sent", issuer=issuer)
        return wrong(what, text, mend, "chain_incomplete")
    return wrong(what, text, mend)


def _missing_issuer(host: str, port: int, visitor: Visitor) -> str:
    """Who issued the last certificate that the server sends; "" where that one issued itself."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # what is sent is read, and nothing is believed
    try:
        with (
            socket.create_connection((host, port), timeout=visitor.within_s) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            chain = secure.get_unverified_chain()
        last = x509.load_der_x509_certificate(chain[-1])
    except (OSError, ValueError, IndexError):
        return ""
    return "" if last.issuer == last.subject else last.issuer.rfc4514_string()


def _lasting(what: str, began: float, ends: float) -> Finding:
    """How long an accepted certificate is valid; `began` and `ends` are epoch seconds."""
    left = ends - time.time()
    span = (
        worded("{count} days", count=int(left // _DAY_S))
        if left >= 2 * _DAY_S
        else worded("{count} hours", count=int(left // _HOUR_S))
    )
    if left < min(DUE_S, (ends - began) * DUE_PART):
        return unsure(
            what,
            worded("it is good for {span} more", span=span),
            worded("Assistants still take it: see that the proxy renews it."),
        )
    return ok(what, worded("its chain is complete and it is good for {span}", span=span))
