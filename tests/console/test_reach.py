"""Which senders the console takes for the house's: what no test on this machine can send from, as a table.

What it makes of Host, headers and protocol is asked of the started program: tests/whole/test_console_reach.py.
"""

import pytest

from showcam.console.look.reach import from_house, from_machine_of_house
from showcam.net.addresses import PEER

pytestmark = pytest.mark.proves(
    "`/home` is only for the house, also behind a tunnel and by DNS rebinding",
    leans_on="double: the tunnels' headers",
    also=("tests/console/test_no_further.py",),
)

HOUSE, HERE, NOBODY = ("house", "house"), ("house", "maybe"), ("", "")
# the other end of the connection, and whose it is while no public address leads here and while one does
PEERS = [
    ("127.0.0.1", HERE),
    ("127.0.0.2", HERE),
    ("::1", HERE),
    ("::ffff:127.0.0.1", HERE),
    ("192.168.1.20", HOUSE),
    ("fd00::20", HOUSE),
    ("::ffff:192.168.1.20", HOUSE),
    ("100.64.0.1", NOBODY),  # other machines of a tailnet
    ("100.127.255.254", NOBODY),
    ("fd7a:115c:a1e0::1", NOBODY),
    ("fd7a:115c:a1e0:ab12:4843:cd96:6258:b240", NOBODY),
    ("203.0.113.7", NOBODY),
    ("2001:db8::7", NOBODY),
    ("", NOBODY),
]
BARE = {"HTTP_HOST": "127.0.0.1:8080", "SERVER_PROTOCOL": "HTTP/1.1"}


def whose(environ: dict[str, str], *, exposed: bool) -> str:
    if from_house(environ, (), exposed=exposed):
        return "house"
    return "maybe" if from_machine_of_house(environ, ()) else ""


@pytest.mark.parametrize(("peer", "expected"), PEERS)
def test_whose_a_sender_is(peer: str, expected: tuple[str, str]) -> None:
    environ = {"REMOTE_ADDR": peer, **BARE}
    assert (whose(environ, exposed=False), whose(environ, exposed=True)) == expected


# the address of a trusted proxy that named no visitor, and whose the sender is
NAMED = [
    ("127.0.0.1", "maybe"),
    ("::1", "maybe"),
    ("192.168.1.9", "maybe"),
    ("172.18.0.2", "maybe"),
    ("203.0.113.7", ""),
]


@pytest.mark.parametrize(("address", "expected"), NAMED)
def test_a_trusted_proxy_that_names_nobody_is_never_surely_the_house(address: str, expected: str) -> None:
    environ = {"REMOTE_ADDR": address, PEER: address, **BARE}
    assert [whose(environ, exposed=exposed) for exposed in (False, True)] == [expected] * 2
