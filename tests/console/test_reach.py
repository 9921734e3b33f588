"""Which senders the console takes for the house's: what no test on this machine can send from, as a table.

What it makes of Host, headers and protocol is asked of the started program: tests/whole/test_console_reach.py.
"""

import pytest

from showcam.console.look.reach import from_house
from showcam.net.addresses import PEER

pytestmark = pytest.mark.proves(
    "`/home` is only for the house, also behind a tunnel and by DNS rebinding",
    leans_on="double: the tunnels' headers",
    also=("tests/console/test_no_further.py",),
)

# the other end of the connection, the address that a trusted proxy named, whether it is the house
PEERS = [
    ("127.0.0.1", None, True),
    ("::1", None, True),
    ("192.168.1.20", None, True),
    ("fd00::20", None, True),
    ("::ffff:192.168.1.20", None, True),
    ("203.0.113.7", None, False),
    ("2001:db8::7", None, False),
    ("", None, False),
    ("203.0.113.7", "192.168.1.20", False),
]


@pytest.mark.parametrize(("peer", "named", "is_house"), PEERS)
def test_the_sender_is_of_the_house(peer: str, named: str | None, is_house: bool) -> None:
    environ = {"REMOTE_ADDR": named or peer, PEER: peer, "HTTP_HOST": "127.0.0.1:8080", "SERVER_PROTOCOL": "HTTP/1.1"}
    assert from_house(environ, ()) is is_house
