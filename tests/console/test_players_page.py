"""The page of players: a program of the household's is added, its key is shown once, and it is listed and ended."""

import re
from html import unescape

import pytest

from showcam.accounts.players import MOST, Players
from showcam.console.players.files import Origins, addressed, files
from tests.console.test_phones import code_of, page, taken
from tests.doubles.home_world import AT_HOME, NEW, HomeWorld
from tests.doubles.ready_driver import camera

pytestmark = pytest.mark.proves(
    "The page of players adds a program, shows what go2rtc, Frigate and Home Assistant want in their files, and ends it"
)

AT = "/home/players"
KEY = re.compile(rf"{AT_HOME}/players/([A-Za-z0-9_-]{{43}})/([a-z0-9-]+)/(live\.m3u8|whep|snapshot\.jpg)")


def of(world: HomeWorld) -> Players:
    return Players(world.home.store, world.clock)


def test_a_program_is_added_and_its_addresses_are_shown_once(world: HomeWorld) -> None:
    mine = world.signed_in().visit(AT)
    assert "Nothing" not in mine.text
    mine.send(AT, step="add", name=" Frigate ")
    assert (mine.status, "Shown only now." in mine.text) == (200, True)
    found = KEY.findall(mine.text)
    ((key,),) = {tuple({key for key, _, _ in found})}
    player = of(world).find(key)
    assert player is not None
    assert (player.name, player.account) == ("Frigate", world.home.account.id)
    garden = world.home.id("Garden")
    assert {what for _, camera, what in found if camera == garden} == {"live.m3u8", "whep", "snapshot.jpg"}
    again = mine.visit(AT).text
    assert (key in again, "Frigate" in again, "Not used yet." in again) == (False, True, True)


def test_the_files_name_each_camera_as_the_program_takes_it(world: HomeWorld) -> None:
    mine = world.signed_in().visit(AT).send(AT, step="add", name="all")
    assert mine.answer is not None
    text = re.sub(r"[A-Za-z0-9_-]{43}", "KEY", unescape(mine.answer.text))
    door = f"{AT_HOME}/players/KEY/{world.home.id('Front Door')}"
    assert f"  front_door: webrtc:{door}/whep" in text
    assert f'    front_door: "ffmpeg:{door}/live.m3u8#video=copy#audio=copy"' in text
    assert "        - path: rtsp://127.0.0.1:8554/front_door" in text
    assert f"Front Door\nStill Image URL: {door}/snapshot.jpg\nStream Source URL: {door}/live.m3u8" in text


def test_its_use_is_shown(world: HomeWorld) -> None:
    mine = world.signed_in().visit(AT).send(AT, step="add", name="Frigate")
    player = of(world).of(world.home.account.id)[0]
    of(world).used(player)
    assert "Uses: 1." in mine.visit(AT).text


def test_a_program_is_ended_with_what_it_shows(world: HomeWorld) -> None:
    mine = world.signed_in().visit(AT).send(AT, step="add", name="Frigate")
    player = of(world).of(world.home.account.id)[0]
    mine.visit(AT).send(AT, step="end", player=player.id)
    assert (of(world).of(world.home.account.id), world.home.pictures.ended) == ([], [(player.id, "")])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Type letters and digits, without spaces."),
        ("two words", "Type letters and digits, without spaces."),
        ("<script>", "Type letters and digits, without spaces."),
        ("x" * 5_000, "Type letters and digits, without spaces."),
        ("FRIGATE", "There is one of this name."),
    ],
)
def test_a_name_that_can_t_be_used_is_refused_with_what_was_typed(world: HomeWorld, name: str, sentence: str) -> None:
    mine = world.signed_in().visit(AT).send(AT, step="add", name="Frigate")
    mine.visit(AT).send(AT, step="add", name=name)
    assert (mine.status, sentence in mine.text) == (403, True)
    assert len(of(world).of(world.home.account.id)) == 1


def test_there_are_enough_at_some_time(world: HomeWorld) -> None:
    for number in range(MOST):
        of(world).add(world.home.account.id, f"p{number}")
    mine = world.signed_in().visit(AT).send(AT, step="add", name="more")
    assert (mine.status, "There are enough players. Remove one." in mine.text) == (403, True)


def test_another_household_s_program_is_neither_seen_nor_ended(world: HomeWorld) -> None:
    world.signed_in().visit(AT).send(AT, step="add", name="Frigate")
    player = of(world).of(world.home.account.id)[0]
    theirs = world.signed_in(NEW).visit(AT)
    assert player.id not in theirs.text
    theirs.send(AT, step="end", player=player.id)
    assert of(world).of(world.home.account.id) == [player]


def test_who_only_watches_sees_no_page_of_players(world: HomeWorld) -> None:
    phone = taken(world, code_of(page(world)))
    assert (phone.ask("GET", AT).status_code, phone.ask("POST", AT, data={"step": "add"}).status_code) == (403, 400)


def test_with_a_port_of_rtsp_the_files_name_it() -> None:
    at = Origins(AT_HOME, "192.168.1.9:8554")
    shown = files(addressed(at, "all", "KEY", [camera("Küche", "F1", id="lan-a"), camera("Küche", "F2", id="lan-b")]))
    kitchen, other = "rtsp://all:KEY@192.168.1.9:8554/lan-a", "rtsp://all:KEY@192.168.1.9:8554/lan-b"
    assert shown.go2rtc == f"streams:\n  kuche: {kitchen}\n  lan_b: {other}"
    assert f"    kuche: {kitchen}\n    lan_b: {other}\ncameras:" in shown.frigate
    assert f"Stream Source URL: {other}" in shown.home_assistant
