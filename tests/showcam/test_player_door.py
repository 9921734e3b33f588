"""The addresses of players: where they lead, who is refused with which words, and what a flood of wrong keys does."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from showcam.accounts.attempts import TRIES
from showcam.accounts.players import Players
from showcam.app.edge.edge import Edge, EdgeRules
from showcam.app.edge.players import PlayerDoor
from showcam.app.http_types import Route
from showcam.app.redaction import redact
from showcam.engine.grants import Claims
from showcam.net.addresses import PEER
from showcam.registry.outcomes import collected
from tests.doubles.household import Household, household
from tests.doubles.loaded import loaded_by

pytestmark = pytest.mark.proves(
    "A program of the household's opens a camera at home by an address that stays, through the gate, and nobody else"
)

HOST, PORT, MEDIA = "192.168.1.9:8080", 8080, 8081
FROM_HOUSE = {"REMOTE_ADDR": "192.168.1.20", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": HOST}


@dataclass
class Asked:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def detail(self) -> str:
        return str(json.loads(self.body)["detail"])


class House:
    def __init__(self, folder: Path, *, exposed: bool = False, opens_per_minute: int = 60) -> None:
        self.home: Household = household(folder, opens_per_minute=opens_per_minute)
        self.players = Players(self.home.store)
        self.player, self.key = self.players.add(self.home.account.id, "Frigate")
        door = PlayerDoor(
            self.home.store, self.players, self.home.owner, ("nas.local",), exposed=exposed, media_port=MEDIA
        )
        self.door = door
        route = Route("players", "/players/", ("GET", "POST", "OPTIONS"), door.answer)
        self.edge = Edge([route], self._page, EdgeRules(64 * 1024))

    def _page(self, _environ: Any, start: Any) -> Any:
        start("404 Not Found", [])
        return [b""]

    def path(self, what: str = "live.m3u8", camera: str = "Garden", key: str = "") -> str:
        return f"/players/{key or self.key}/{self.home.id(camera)}/{what}"

    def ask(self, path: str, method: str = "GET", **environ: Any) -> Asked:
        got: list[Any] = []
        asked = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": "0", **FROM_HOUSE, **environ}
        asked = {name: value for name, value in asked.items() if value is not None}

        def start(status: str, headers: list[tuple[str, str]], _exc_info: Any = None, /) -> Any:
            got.extend((status, headers))

        body = b"".join(self.edge(asked, start))
        return Asked(int(got[0].split()[0]), {name.lower(): value for name, value in got[1]}, body)

    def claims(self, location: str) -> Claims:
        grant = urlsplit(location).path.split("/")[2]
        return self.home.grants.verify(grant, ("hls", "webrtc", "snapshot"), self.home.clock())


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[..., House]]:
    made: list[House] = []

    def make(**more: Any) -> House:
        made.append(House(tmp_path, **more))
        return made[-1]

    yield make
    for house in made:
        house.home.store.close()


@pytest.fixture
def house(houses: Callable[..., House]) -> House:
    return houses()


@pytest.mark.parametrize(
    ("method", "what", "status", "protocol", "ends"),
    [
        ("GET", "live.m3u8", 302, "hls", "/master.m3u8"),
        ("POST", "whep", 307, "webrtc", "/whep"),
        ("GET", "snapshot.jpg", 302, "snapshot", "/snapshot.jpg"),
    ],
)
def test_an_address_leads_to_a_grant_of_the_media_process(
    house: House, method: str, what: str, status: int, protocol: str, ends: str
) -> None:
    answer = house.ask(house.path(what), method)
    location = answer.headers["location"]
    assert (answer.status, location.startswith(f"http://192.168.1.9:{MEDIA}/s/")) == (status, True)
    assert location.endswith(ends)
    claims = house.claims(location)
    assert (claims.account, claims.link, claims.camera) == (
        house.home.account.id,
        house.player.id,
        house.home.id("Garden"),
    )
    assert (claims.protocol, claims.explains) == (protocol, False)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert house.players.use(house.player).count == 1


def test_the_media_process_is_told_of_a_player(house: House) -> None:
    house.ask(house.path())
    ((claims, source),) = house.home.pictures.warmed
    assert (claims.surface, claims.link, source is not None) == ("player", house.player.id, True)


# the state of the camera, the status, and words of the answer
REFUSED = [
    ("Attic", 503, "offline"),
    ("Bedroom", 503, "Sleep"),
    ("Garage", 503, "Image Encryption is on"),
    ("Pond", 503, "H.264"),
]


@pytest.mark.parametrize(("camera", "status", "words"), REFUSED)
@pytest.mark.parametrize(("method", "what"), [("GET", "live.m3u8"), ("POST", "whep")])
def test_a_refusal_says_why(house: House, camera: str, status: int, words: str, method: str, what: str) -> None:
    answer = house.ask(house.path(what, camera), method)
    assert (answer.status, words in answer.detail, answer.headers["retry-after"]) == (status, True, "10")
    assert house.home.pictures.warmed == []
    assert house.players.use(house.player).count == 0


def test_a_refusal_is_in_the_language_that_is_asked_for(house: House) -> None:
    german = house.ask(house.path(camera="Attic"), HTTP_ACCEPT_LANGUAGE="de-DE,de;q=0.9")
    english = house.ask(house.path(camera="Attic"), HTTP_ACCEPT_LANGUAGE="xx")
    assert (german.detail != english.detail, "offline" in english.detail) == (True, True)


@pytest.mark.parametrize(
    "path",
    [
        "/players/",
        "/players/{key}",
        "/players/{key}/",
        "/players/{key}/{camera}",
        "/players/{key}/{camera}/",
        "/players/{key}/{camera}/index.m3u8",
        "/players/{key}/{camera}/live.m3u8/x",
        "/players/{key}/ezviz-aaaaaaaaaaaaaaaaaaaa/live.m3u8",
        "/players/{key}/../live.m3u8",
        "/players/{key}/é/live.m3u8",
        "/players/{camera}/{key}/live.m3u8",
    ],
)
def test_other_paths_find_nothing(house: House, path: str) -> None:
    answer = house.ask(path.format(key=house.key, camera=house.home.id("Garden")))
    assert (answer.status, house.home.pictures.warmed) == (404, [])


def test_a_camera_of_another_household_is_not_found(house: House, tmp_path: Path) -> None:
    other = household(tmp_path, store=house.home.store, user="other@example.com")
    assert house.ask(f"/players/{house.key}/{other.id('Garden')}/live.m3u8").status == 404


OUTSIDE: dict[str, dict[str, Any]] = {
    "a public address": {"REMOTE_ADDR": "203.0.113.9"},
    "a proxy that says for whom": {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
    "another site's name": {"HTTP_HOST": "cam.example"},
    "no name": {"HTTP_HOST": None},
    "a server's HTTP": {"SERVER_PROTOCOL": "HTTP/1.0"},
    "a trusted proxy that names a stranger": {PEER: "192.168.1.2", "REMOTE_ADDR": "203.0.113.9"},
    "a trusted proxy that names nobody": {PEER: "192.168.1.2", "REMOTE_ADDR": "192.168.1.2"},
}


@pytest.mark.parametrize("where", OUTSIDE)
@pytest.mark.parametrize(("method", "what"), [("GET", "live.m3u8"), ("POST", "whep"), ("OPTIONS", "whep")])
def test_outside_the_house_a_right_key_finds_nothing(house: House, where: str, method: str, what: str) -> None:
    answer = house.ask(house.path(what), method, **OUTSIDE[where])
    assert (answer.status, house.players.use(house.player).count) == (404, 0)
    assert "access-control-allow-origin" in answer.headers


def test_a_visitor_of_a_tunnel_on_this_machine_is_outside(houses: Callable[..., House]) -> None:
    house = houses(exposed=True)
    here = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": f"127.0.0.1:{PORT}"}
    assert [house.ask(house.path(), **here).status, house.ask(house.path()).status] == [404, 302]


def test_a_trusted_proxy_that_names_an_address_of_the_house_leads_to_the_media_process(house: House) -> None:
    answer = house.ask(house.path(), **{PEER: "192.168.1.2", "HTTP_X_FORWARDED_FOR": "192.168.1.20"})
    assert (answer.status, answer.headers["location"].startswith("/s/")) == (302, True)


def test_by_the_house_s_name_for_this_machine_video_comes_from_the_same_name(house: House) -> None:
    answer = house.ask(house.path(), HTTP_HOST=f"nas.local:{PORT}")
    assert answer.headers["location"].startswith(f"http://nas.local:{MEDIA}/s/")


def test_a_thousand_wrong_keys_are_bounded_and_lock_nobody_out(house: House) -> None:
    statuses = [house.ask(house.path(key=f"{number:043}")).status for number in range(1000)]
    assert statuses == [404] * TRIES + [429] * (1000 - TRIES)
    assert house.ask(house.path()).status == 302, "the household's program has the same address"


def test_an_ended_player_finds_nothing(house: House) -> None:
    house.players.end(house.player)
    assert (house.ask(house.path()).status, house.home.pictures.warmed) == (404, [])


def test_a_video_of_an_ended_player_is_judged_as_ended(house: House) -> None:
    house.ask(house.path())
    ((claims, _),) = house.home.pictures.warmed
    assert house.home.questions.check(claims) is None
    house.players.end(house.player)
    denied = house.home.questions.check(claims)
    assert denied is not None
    assert (denied.reason, denied.again) == ("link_ended", False)


def test_each_camera_of_a_player_is_opened_so_often_in_a_minute(houses: Callable[..., House]) -> None:
    house = houses(opens_per_minute=2)
    found = [house.ask(house.path(camera=name)).status for name in ("Garden", "Garden", "Garden", "Front Door")]
    assert found == [302, 302, 429, 302]


def test_a_still_of_a_camera_on_battery_is_refused(house: House) -> None:
    house.home.driver.change("Garden", battery=80)
    answer = house.ask(house.path("snapshot.jpg"))
    assert (answer.status, house.home.pictures.warmed) == (503, [])


def test_two_at_once_get_a_grant_each(house: House) -> None:
    other, key = house.players.add(house.home.account.id, "go2rtc")
    found: list[Asked] = []
    paths = [house.path(), house.path(key=key)] * 4
    threads = [threading.Thread(target=lambda path=path: found.append(house.ask(path))) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claims = [house.claims(answer.headers["location"]) for answer in found]
    assert sorted(claim.link for claim in claims) == sorted([house.player.id, other.id] * 4)
    assert len({claim.nonce for claim in claims}) == 8


def test_a_store_that_can_t_be_read_is_a_503(house: House) -> None:
    path = house.path()
    house.home.store.close()
    assert house.ask(path).status == HTTPStatus.SERVICE_UNAVAILABLE


def test_a_browser_may_ask_from_another_page_of_the_house(house: House) -> None:
    answer = house.ask(house.path("whep"), "OPTIONS")
    assert (answer.status, answer.headers["access-control-allow-headers"]) == (204, "Content-Type")


def test_no_line_of_a_log_holds_the_key(house: House) -> None:
    assert house.key not in redact(f"GET {house.path()} failed")


def test_an_ask_of_a_program_is_no_ask_of_an_assistant(house: House) -> None:
    with collected() as outcomes:
        house.ask(house.path())
    assert (outcomes, house.home.store.asks(house.home.account.id, 0.0)) == ([], [])


# by RTSP


def test_the_media_process_learns_what_digest_authentication_compares(house: House) -> None:
    assert house.door.knocked("Frigate") == {"player": house.player.id, "ha1": house.player.ha1}


@pytest.mark.parametrize("name", ["", "frigate", "nobody", "é", "x" * 256])
def test_another_user_name_has_no_player(house: House, name: str) -> None:
    assert house.door.knocked(name) == {"player": "", "ha1": ""}


def test_a_player_that_proved_its_key_gets_the_same_grant(house: House) -> None:
    played = house.door.played(house.player.id, house.home.id("Garden"))
    claims = house.home.grants.verify(played["grant"], "hls", house.home.clock())
    assert (claims.link, claims.surface, played["reason"], played["words"]) == (house.player.id, "player", "", "")
    assert house.players.use(house.player).count == 1


@pytest.mark.parametrize(
    ("end", "camera", "reason"),
    [(False, "Attic", "offline"), (False, "", "not_found"), (True, "Garden", "link_ended")],
)
def test_it_is_refused_in_words(house: House, end: bool, camera: str, reason: str) -> None:
    if end:
        house.players.end(house.player)
    played = house.door.played(house.player.id, house.home.id(camera) if camera else "../x")
    assert (played["grant"], played["reason"], played["words"] != "") == ("", reason, True)


def test_an_installation_without_players_loads_nothing_for_them() -> None:
    of_players = [module for module in sorted(loaded_by("showcam.app.compose.web")) if "players" in module]
    assert of_players == ["showcam.app.compose.players"]
