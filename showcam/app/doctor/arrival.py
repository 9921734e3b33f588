"""Examines the way to an https origin: its name in DNS, the port behind it, and its certificate."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from cryptography import x509

from showcam.app.doctor.finding import ok, unsure, wrong
from showcam.app.doctor.reach import Visitor, World, addresses_here
from showcam.console.health.machine import Finding
from showcam.i18n.catalogue import both, worded
from showcam.net.exchange import PATIENT_S

_HOUR_S, _DAY_S = 3_600, 86_400
# Certificates are renewed with a third of their life left, short ones with half. When less than both of these is left,
# the renewal is late.
DUE_S, DUE_PART = 14 * _DAY_S, 1 / 6
_OLD = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "NO_PROTOCOLS_AVAILABLE")
_NEW = worded("Let it point at your public address; a new one takes a while.")
_FORWARD = worded("See that the proxy runs, that the router forwards the port to it, and that no firewall closes it.")
_HAIRPIN = worded(
    "If the router can't reach its own public address from within, give the house's DNS "
    "the name, with the proxy's address."
)


def arrive(origin: str, visitor: Visitor, world: World) -> Iterator[Finding]:
    """The findings up to the first that is wrong: if the name is wrong, only the name's finding."""
    split = urlsplit(origin)
    host, port = split.hostname or "", split.port or 443
    inside, outside = addresses_here(host, port), world.addresses(host, visitor)
    name = _name(host, inside, outside, world)
    yield name
    if name.state == "wrong":
        return
    reached = _port(host, port, inside, outside, visitor, world)
    if reached is not None:
        yield reached
        return
    yield certificate(host, port, visitor)


def _name(host: str, inside: frozenset[str], outside: frozenset[str] | None, world: World) -> Finding:
    what = worded("name {host}", host=host)
    if not inside and outside is None and world.resolver:
        text = worded("it is not found in DNS, and nobody outside could be asked")
        return wrong(what, text, worded("See first that this machine reaches the internet."))
    if not inside and not outside:
        return wrong(what, worded("it is not found in DNS"), _NEW, "dns_wrong")
    if outside is None:
        if any(map(world.public, inside)):
            return ok(what, worded("it leads to {addresses}", addresses=_listed(inside)))
        return unsure(
            what,
            worded("here it leads to {addresses}, which nobody outside can reach", addresses=_listed(inside)),
            worded("That is right if the house has its own DNS. Outside, the name must lead to the public address."),
        )
    if not outside:
        return wrong(what, worded("only the house's own DNS knows this name"), _NEW, "dns_wrong")
    if not any(map(world.public, outside)):
        text = worded(
            "it leads everybody to {addresses}, an address of a house, which nobody outside can reach",
            addresses=_listed(outside),
        )
        return wrong(
            what, text, worded("Let it point at your public address, which your router's page shows."), "dns_private"
        )
    if not inside:
        return unsure(
            what,
            worded("it leads to {addresses}, but this machine's DNS does not find it", addresses=_listed(outside)),
            _NEW,
        )
    return ok(what, worded("it leads to {addresses}", addresses=_listed(outside)))


def _port(
    host: str, port: int, inside: frozenset[str], outside: frozenset[str] | None, visitor: Visitor, world: World
) -> Finding | None:
    """None if the port can be reached at the address that the world uses; a finding if it can't."""
    what = worded("address {host}:{port}", host=host, port=port)
    public = sorted(address for address in (outside or inside) if world.public(address)) or sorted(inside)
    if any(_is_open(address, port, visitor) for address in public):
        return None
    own = world.own_address()
    if own is not None and outside and own not in outside:
        text = worded(
            "it leads to {addresses}, which does not answer; this house is at {own}",
            addresses=_listed(outside),
            own=own,
        )
        mend = worded("Let it point at the house's own address, and let the router keep it up to date (DynDNS).")
        return wrong(what, text, mend, "dns_wrong")
    split = sorted(inside - set(public))
    if any(_is_open(address, port, visitor) for address in split):
        return None  # the house's DNS leads to the proxy itself, and the way around can't be tried from within
    if world.visited:
        text = worded("from within the house nothing answers, though assistants came to it lately from outside")
        return unsure(what, text, _HAIRPIN, "no_hairpin")
    return wrong(
        what,
        worded("nothing answers at {addresses} port {port}", addresses=", ".join(public), port=port),
        both(_FORWARD, _HAIRPIN),
        "port_closed",
    )


def _is_open(address: str, port: int, visitor: Visitor) -> bool:
    try:
        socket.create_connection((address, port), timeout=min(PATIENT_S, visitor.within_s)).close()
    except OSError:
        return False
    return True


def _listed(addresses: frozenset[str]) -> str:
    return ", ".join(sorted(addresses))


def certificate(host: str, port: int, visitor: Visitor) -> Finding:
    """The certificate as an assistant's client takes it: TLS 1.2 at least, a whole and public chain."""
    what = worded("certificate of {host}", host=host)
    context = ssl.create_default_context(cafile=visitor.authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        with _secured(host, port, context, visitor) as secure:
            held = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return _refused(what, host, port, error, visitor)
    except ssl.SSLError as error:
        if any(word in (error.reason or "") for word in _OLD):
            text = worded("it speaks no TLS 1.2, and assistants speak nothing older")
            return wrong(what, text, worded("Let the proxy take TLS 1.2 and 1.3."), "tls_too_old")
        return _speechless(what, port, error)
    except OSError as error:
        return _speechless(what, port, error)
    began, ends = (ssl.cert_time_to_seconds(str(held[field])) for field in ("notBefore", "notAfter"))
    return _lasting(what, began, ends)


@contextlib.contextmanager
def _secured(host: str, port: int, context: ssl.SSLContext, visitor: Visitor) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection((host, port), timeout=visitor.within_s) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        yield secure


def _speechless(what: str, port: int, error: OSError) -> Finding:
    mend = worded("See that the proxy runs, serves https on that port, and that the router forwards the port to it.")
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
    mend = worded("Let the proxy send the whole chain, with the intermediate certificates, of a public authority.")
    if issuer := _missing_issuer(host, port, visitor):
        text = worded("its chain is incomplete: the certificate of its issuer, {issuer}, is not sent", issuer=issuer)
        return wrong(what, text, mend, "chain_incomplete")
    return wrong(what, text, mend)


def _missing_issuer(host: str, port: int, visitor: Visitor) -> str:
    """The issuer of the last certificate that the server sends; "" if this certificate issued itself."""
    context = ssl.create_default_context()
    # the certificates are only read, and nothing in them is believed
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with _secured(host, port, context, visitor) as secure:
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
            worded("Assistants still take it. Let the proxy renew it."),
        )
    return ok(what, worded("its chain is complete and it is good for {span}", span=span))
