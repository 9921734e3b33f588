"""A household whose vendor answers at once: real store, account, links and registry around a ready driver."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from showcam.accounts.links import mint
from showcam.drivers.camera import Camera, Video
from showcam.drivers.driver import Driver
from showcam.engine.grants import Grants
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.owner.owner import Owner
from showcam.registry.preferences import Preferences, WhileEncrypted, keep
from showcam.registry.readings.judge import Rules
from showcam.registry.registry import Registry
from showcam.registry.streams.grants import Offers, Questions
from showcam.registry.watch.hints import Noticing
from showcam.store.ports import Store
from showcam.store.records import Account, Assistant, Client, Link, Source, new_id, vendor_key
from showcam.store.sealing import Sealer
from tests.doubles.new_store import new_store
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.waiting import LONG_S

OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n"
MEDIA_URL = "https://home.example"
WITHOUT_MEDIA = Rules(pictures="vendor", web_url="https://cam.example", opens_per_minute=60)


def demo_cameras() -> list[Camera]:
    """The demo household's cameras: one that may be shown, and one for each gate row that a camera can fail."""
    return [
        camera("Garden", "F00000001"),
        camera("Front Door", "F00000002", kind="doorbell", model="DB1"),
        camera("Garage", "F00000003", encryption="on"),
        camera("Nursery", "F00000004", audio="off"),
        camera("Attic", "F00000005", online="off"),
        camera("Bedroom", "F00000006", asleep="on"),
        camera("Pond", "F00000007", video=Video("h265", 2560, 1440)),
    ]


@dataclass
class Household:
    store: Store
    account: Account
    source: Source
    link: Link
    driver: ReadyDriver
    pictures: ReadyPictures
    grants: Grants
    adapter: Adapter
    rules: Rules
    clock: Callable[[], float] = field(default=time.time)

    @property
    def registry(self) -> Registry:
        return self.adapter.registry

    @property
    def owner(self) -> Owner:
        return self.adapter.owner

    @property
    def offers(self) -> Offers:
        return self.adapter.offers

    @property
    def questions(self) -> Questions:
        return self.adapter.questions

    @property
    def noticing(self) -> Noticing:
        return self.adapter.noticing

    def another_link(self, assistant: Assistant, cameras: tuple[str, ...] | None = None, locale: str = "en") -> Link:
        """A second link of the same household."""
        link = new_link(self.account, assistant, cameras, locale)
        self.store.add_link(link)
        return link

    def token(self, link: Link | None = None) -> str:
        """An access token of the link, as the assistant holds it."""
        text, row = mint((link or self.link).id, "access", "cameras", time.time())
        assert self.store.add_tokens([row])
        return text

    def decide(self, name: str, value: WhileEncrypted) -> None:
        """What the owner decided about the camera while it is encrypted, as another process keeps it."""
        camera = self.id(name)
        keep(self.store, self.account.id, camera, Preferences(while_encrypted=value))
        self.owner.prefer(self.account.id, camera, Preferences())  # keeps the decision; the next read takes it

    def id(self, name: str) -> str:
        """The id of the camera of that name."""
        return next(camera.id for camera in self.owner.cameras(self.account.id).cameras if camera.name == name)


def new_link(account: Account, assistant: Assistant, cameras: tuple[str, ...] | None, locale: str) -> Link:
    return Link(new_id(), account.id, assistant, assistant, "Kari’s", cameras, locale, time.time(), new_id(24))


def household(
    folder: Path,
    *,
    assistant: Assistant = "alexa",
    cameras: list[Camera] | None = None,
    user: str = "demo@example.com",
    store: Store | None = None,
    clock: Callable[[], float] = time.time,
    require_audio: tuple[str, ...] = ("google",),
    opens_per_minute: int = 60,
    rules: Rules | None = None,
    pictures: ReadyPictures | None = None,
    lan: Driver | None = None,
) -> Household:
    """A household in a new SQLite file in `folder`, or beside others in `store`.

    `lan` serves the LAN sources of all households; without it there is no such driver.
    """
    store = store or new_store(folder / "showcam.sqlite3", Sealer([("test", secrets.token_bytes(32))]), wait_s=LONG_S)
    account = Account(new_id(), time.time(), secrets.token_bytes(16))
    salt = store.meta_once("vendor_salt", secrets.token_hex(32))
    source = Source(new_id(), account.id, "ezviz", vendor_key(salt, "ezviz", user), time.time())
    store.add_account(account)
    assert store.add_source(source, b'{"user":"demo@example.com","session":null,"open":null}', "ok")
    for client in ("alexa", "google"):
        store.put_client(Client(client, client, "", ("https://assistant.example/callback",), time.time()))
    link = new_link(account, assistant, None, "en")
    store.add_link(link)
    driver = ReadyDriver(demo_cameras() if cameras is None else cameras)
    pictures = pictures or ReadyPictures(MEDIA_URL)  # unused under rules that need no media process
    grants = Grants([secrets.token_bytes(32)])
    rules = rules or Rules(require_audio=require_audio, opens_per_minute=opens_per_minute)
    drivers: dict[str, Driver] = {"ezviz": driver} | ({"lan": lan} if lan else {})
    adapter = adapt(store, drivers, pictures, grants, rules, clock)
    return Household(store, account, source, link, driver, pictures, grants, adapter, rules, clock)
