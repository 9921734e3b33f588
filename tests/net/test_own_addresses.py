"""The addresses of this machine, as Linux lists them."""

from pathlib import Path

from showcam.net.addresses import own_addresses

TABLE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 192.168.1.0/24 2 0 2
        |-- 192.168.1.0
           /24 link UNICAST
        |-- 192.168.1.20
           /32 host LOCAL
        |-- 8.8.8.8
           /32 host LOCAL
"""


def test_every_address_is_read_second_ones_too(tmp_path: Path) -> None:
    (tmp_path / "fib_trie").write_text(TABLE)
    assert own_addresses(tmp_path / "fib_trie") == {"127.0.0.1", "192.168.1.20", "8.8.8.8"}


def test_where_the_system_does_not_say_there_is_none(tmp_path: Path) -> None:
    assert own_addresses(tmp_path / "none") == frozenset()


def test_this_machine_has_its_own() -> None:
    assert "127.0.0.1" in own_addresses()
