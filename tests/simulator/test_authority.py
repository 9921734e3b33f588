import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from showcam.simulator import authority

SHORT = datetime.timedelta(days=20)  # less than what is renewed


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def handshake(context: ssl.SSLContext, ca: Path, host: str) -> str | None:
    """The TLS version that a strict client agrees on, without a socket."""
    client_context = ssl.create_default_context(cafile=str(ca))
    assert client_context.verify_flags & ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    waiting = {client, server}
    while waiting:
        for side in (client, server):
            try:
                side.do_handshake()
                waiting.discard(side)
            except ssl.SSLWantReadError:
                continue
    return client.version()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_strict_client_trusts_the_server_by_ca_pem(data: Path, host: str) -> None:
    data.mkdir()
    assert handshake(authority.server_context(data), data / "ca.pem", host) == "TLSv1.3"


def test_another_host_name_is_not_trusted(data: Path) -> None:
    data.mkdir()
    context = authority.server_context(data)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(context, data / "ca.pem", "open.ezvizlife.com")


def test_key_files_are_readable_by_their_owner_only(data: Path) -> None:
    data.mkdir()
    authority.server_context(data)
    assert {path.name: path.stat().st_mode & 0o777 for path in data.iterdir()} == {
        "ca.pem": 0o644,
        "ca.key": 0o600,
        "server.pem": 0o644,
        "server.key": 0o600,
    }


def test_both_certificates_are_kept_for_the_next_start(data: Path) -> None:
    data.mkdir()
    authority.server_context(data)
    first = {path.name: path.read_bytes() for path in data.iterdir()}
    authority.server_context(data)
    assert {path.name: path.read_bytes() for path in data.iterdir()} == first


def test_a_server_certificate_near_its_end_is_renewed_under_the_same_authority(data: Path) -> None:
    data.mkdir()
    authority.server_context(data, server_life=SHORT)
    before, ca = certificate(data / "server.pem"), (data / "ca.pem").read_bytes()
    context = authority.server_context(data)
    assert (data / "ca.pem").read_bytes() == ca
    assert certificate(data / "server.pem").not_valid_after_utc > before.not_valid_after_utc
    assert handshake(context, data / "ca.pem", "127.0.0.1") == "TLSv1.3"


@pytest.mark.parametrize("damage", ["old", "no key", "another key", "nonsense"])
def test_an_authority_that_is_damaged_or_old_is_replaced_with_its_server(data: Path, damage: str) -> None:
    data.mkdir()
    authority.server_context(data, authority_life=SHORT if damage == "old" else authority.AUTHORITY_LIFE)
    before = (data / "ca.pem").read_bytes()
    if damage == "no key":
        (data / "ca.key").unlink()
    elif damage == "another key":
        (data / "ca.key").write_bytes((data / "server.key").read_bytes())
    elif damage == "nonsense":
        (data / "ca.pem").write_bytes(b"no certificate")
    context = authority.server_context(data)
    assert (data / "ca.pem").read_bytes() != before
    assert handshake(context, data / "ca.pem", "127.0.0.1") == "TLSv1.3"
