"""Who may reach the console: peer, Host and headers of a request, and whether it is from the house."""

import pytest

from console.reach import from_house
from net.visitors import PEER

NAMES = ("nas.local", "Showcam")

HOUSE: dict[str, dict[str, str]] = {
    "this machine": {},
    "its name": {"HTTP_HOST": "localhost:8080"},
    "IPv6": {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8080"},
    "a telephone": {"REMOTE_ADDR": "192.168.1.20", "HTTP_HOST": "192.168.1.5:8080"},
    "a telephone by IPv6": {"REMOTE_ADDR": "fd00::20", "HTTP_HOST": "[fd00::5]:8080"},
    "a mapped address": {"REMOTE_ADDR": "::ffff:192.168.1.20"},
    "a name of the house": {"HTTP_HOST": "nas.local:8080"},
    "that name in capitals": {"HTTP_HOST": "NAS.LOCAL"},
    "a name without a dot": {"HTTP_HOST": "showcam:8080"},
}
OUTSIDE: dict[str, dict[str, str]] = {
    # a page of another site, whose name now resolves to this house
    "DNS rebinding": {"REMOTE_ADDR": "192.168.1.20", "HTTP_HOST": "evil.example:8080"},
    "rebinding, on this machine": {"HTTP_HOST": "evil.example:8080"},
    "a name that begins like an address": {"HTTP_HOST": "192.168.1.5.evil.example"},
    "a name that begins like localhost": {"HTTP_HOST": "localhost.evil.example"},
    "a name below one of the house": {"HTTP_HOST": "evil.nas.local"},
    "localhost with a dot": {"HTTP_HOST": "localhost.:8080"},
    "a public Host": {"HTTP_HOST": "203.0.113.9:8080"},
    "another spelling of loopback": {"HTTP_HOST": "2130706433:8080"},
    "another spelling of 10.0.0.1": {"HTTP_HOST": "10.1:8080"},
    "a user before the host": {"HTTP_HOST": "evil@127.0.0.1:8080"},
    "a path behind the host": {"HTTP_HOST": "127.0.0.1/evil"},
    "a port that is none": {"HTTP_HOST": "127.0.0.1:x"},
    "an open bracket": {"HTTP_HOST": "[::1"},
    "no Host": {"HTTP_HOST": ""},
    "a public peer": {"REMOTE_ADDR": "203.0.113.7"},
    "a public peer behind a proxy that is trusted": {"REMOTE_ADDR": "192.168.1.20", PEER: "203.0.113.7"},
    "a peer without an address": {"REMOTE_ADDR": ""},
    "Caddy": {"HTTP_X_FORWARDED_FOR": "192.168.1.20"},
    "a proxy that names the host": {"HTTP_X_FORWARDED_HOST": "127.0.0.1"},
    "a proxy that names itself": {"HTTP_X_FORWARDED_SERVER": "proxy"},
    "a proxy by RFC 7239": {"HTTP_FORWARDED": "for=192.168.1.20"},
    "a proxy by RFC 9110": {"HTTP_VIA": "1.1 proxy"},
    "nginx": {"HTTP_X_REAL_IP": "192.168.1.20"},
    "nginx without settings": {"SERVER_PROTOCOL": "HTTP/1.0"},
    "Akamai": {"HTTP_TRUE_CLIENT_IP": "203.0.113.7"},
    "Fly": {"HTTP_FLY_CLIENT_IP": "203.0.113.7"},
    "a load balancer": {"HTTP_X_CLUSTER_CLIENT_IP": "203.0.113.7"},
    "cloudflared": {"HTTP_CF_CONNECTING_IP": "203.0.113.7"},
    "cloudflared without the address": {"HTTP_CF_RAY": "8a"},
    "Tailscale Funnel": {"HTTP_TAILSCALE_FUNNEL_REQUEST": "?1"},
    "an empty header": {"HTTP_X_FORWARDED_FOR": ""},
}


@pytest.mark.parametrize("case", HOUSE)
def test_the_house_is_let_in(case: str) -> None:
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8080", "SERVER_PROTOCOL": "HTTP/1.1"} | HOUSE[case]
    assert from_house(environ, NAMES) is True


@pytest.mark.parametrize("case", OUTSIDE)
def test_nobody_else_is(case: str) -> None:
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8080"} | OUTSIDE[case]
    assert from_house(environ, NAMES) is False
