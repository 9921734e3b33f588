"""`showcam clients remove`: what becomes of the links."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from showcam.accounts import clients
from showcam.app import keys as key_files
from showcam.app.cli import main
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a

URI = "https://pitangui.amazon.com/api/skill/link/M1"


class World:
    """A household that is linked by the client of Alexa."""

    def __init__(self, data: Path) -> None:
        self.data = data
        data.mkdir()
        self.store = SqliteStore(data / "showcam.sqlite3", Sealer(key_files.read_or_make(data / "keys").seal))
        clients.register(self.store, "alexa", "alexa", (URI,))
        self.account = a.account()
        self.store.add_account(self.account)
        self.link = a.link(self.account, client="alexa", assistant="alexa")
        self.store.add_link(self.link)

    def remove(self, *words: str) -> Result:
        environ = {"SHOWCAM_DATA": str(self.data)}
        return CliRunner().invoke(main, ["clients", "remove", *words], env=environ, catch_exceptions=False)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data")
    yield made
    made.store.close()


def test_the_links_of_a_removed_client_end(world: World) -> None:
    done = world.remove("alexa")
    assert (done.exit_code, done.stdout) == (0, "alexa is refused from now on. Its links have ended.\n")
    assert (world.store.client("alexa"), world.store.links(world.account.id)) == (None, [])


def test_links_can_stay_for_a_client_that_is_added_with_the_same_id(world: World) -> None:
    done = world.remove("alexa", "--keep-links")
    assert (done.exit_code, done.stdout) == (0, "alexa is refused from now on. Its links stay.\n")
    assert (world.store.client("alexa"), world.store.links(world.account.id)) == (None, [world.link])
