"""The pages that add a camera of one's own: found or given by address, tried, and who gets no further."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.console.adding.sentences import BETTER
from showcam.drivers.lan.devices import Device, Devices
from showcam.drivers.lan.search import Candidate
from showcam.drivers.lan.trial import better
from showcam.engine.source import Watched
from showcam.registry.owner.own_cameras import WRONG
from showcam.simulator.lan.onvif import Picture
from showcam.store.records import HOUR_S
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.onvif_device import Served, served
from tests.doubles.own_pages import ADD, House, Pages
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, recorded

pytestmark = pytest.mark.proves(
    "A camera in the house is found, tried, named and added on the page in three presses, without script too",
    leans_on="double: the ONVIF camera",
)

SUB = "/Streaming/Channels/102"


@pytest.fixture
def world(tmp_path: Path, house: House) -> Iterator[HomeWorld]:
    made = home_world(tmp_path, own=True, find=house.find)
    yield made
    made.home.store.close()


@pytest.fixture
def device(camera: RtspCamera) -> Iterator[Served]:
    pictures = [Picture("whole", PATH, "h264", 1920, 1080), Picture("small", SUB, "h264", 640, 360)]
    with served(rtsp=f"127.0.0.1:{camera.port}", password=CODE, pictures=pictures) as made:
        yield made


def candidate(device: Served, **changes: Any) -> Candidate:
    given: dict[str, Any] = {"name": "Cam B-20", "onvif": True, "endpoint": "urn:uuid:cam"} | changes
    return Candidate("127.0.0.1", at=f"{device.port}/onvif/device_service", **given)


def test_one_that_onvif_finds_is_three_presses_and_its_login_away(pages: Pages, house: House, device: Served) -> None:
    house.found = [candidate(device)]
    pages.post(step="find")  # the button of /home
    assert "Cam B-20" in pages.ended().text
    shown = pages.post(step="try", found="127.0.0.1", user="admin", password=CODE)
    assert "H.264, 320×180, 15 pictures a second, sound: G.711" in shown.text
    assert pages.browser.ask("GET", f"{ADD}/still.jpg").data.startswith(b"\xff\xd8")
    added = pages.post(step="add", name="Shed", room="Garden")
    assert "Shed" in added.tile("Shed")
    [(its_id, stored)] = [(pages.own["Shed"], one) for one in stored_of(pages)]
    assert (stored.endpoint, stored.model, stored.sub and stored.sub.path) == ("urn:uuid:cam", "Bramble B-20", SUB)
    assert pages.world.home.owner.preferences(pages.account, its_id).room == "Garden"
    opened = pages.browser.open(its_id)
    assert (opened.status_code, opened.get_json()) == (
        200,
        {"way": "over your own network", "sdp": pages.world.home.pictures.sdp},
    )


def stored_of(pages: Pages) -> tuple[Device, ...]:
    store = pages.world.home.store
    source = next(source for source in store.sources(pages.account) if source.kind == "lan")
    return Devices(store).read(source)


def test_one_is_added_by_its_address_alone(pages: Pages, camera: RtspCamera) -> None:
    shown = pages.attempt(camera)
    assert "Add this camera" in shown.text
    assert "Shed" in pages.post(step="add", name="Shed").text
    assert pages.own.keys() == {"Shed"}
    assert camera.does.wrong == 0


def test_a_search_shows_how_far_it_is_and_runs_once(pages: Pages, house: House) -> None:
    house.goes.clear()
    page = pages.post(step="find", look="1")
    assert "64 of 253 addresses searched" in page.text
    assert page.answer is not None
    assert '<noscript><meta http-equiv="refresh"' in page.answer.text, "without script the page reloads itself"
    pages.post(step="find")
    house.goes.set()
    assert "Nothing answered." in pages.ended().text
    assert house.looked == [True]


def test_a_search_that_broke_is_said_and_can_be_begun_again(pages: Pages, house: House) -> None:
    house.broken = True
    pages.post(step="find")
    assert "The search failed." in pages.ended().text
    house.broken = False
    pages.post(step="find")
    assert "Nothing answered." in pages.ended().text


def test_one_household_sees_nothing_of_the_others_search(world: HomeWorld, house: House) -> None:
    mine = Pages(world)
    theirs = Pages(world)
    theirs.browser = world.signed_in("new@example.com")
    house.goes.clear()
    mine.post(step="find")
    assert "Searching …" in theirs.post(step="find").text
    assert "data-runs" not in str(theirs.get().answer.text)  # type: ignore[union-attr]
    house.found = [Candidate("192.168.1.9", "Secret", onvif=True)]
    house.goes.set()
    assert "Secret" in mine.ended().text
    assert "Secret" not in theirs.get().text


def test_what_is_here_already_is_marked_and_keeps_its_id(
    pages: Pages, house: House, device: Served, camera: RtspCamera
) -> None:
    house.found = [candidate(device)]
    for name in ("Shed", "Barn"):
        pages.get()
        pages.post(step="find")
        pages.ended()
        shown = pages.post(step="try", found="127.0.0.1", user="admin", password=CODE)
        assert ("adding updates it" in shown.text) is (name == "Barn")
        pages.post(step="add", name=name)
        assert pages.own.keys() == {name}
    pages.post(step="find")
    assert "here as Barn" in pages.ended().text


@pytest.mark.parametrize(("gop", "taken"), [(150, True), (150, False)])
def test_what_would_be_better_is_set_by_a_button(pages: Pages, device: Served, gop: int, taken: bool) -> None:
    slow = RtspCamera(recording=recorded(sound="pcmu", gop_s=6))
    device.device.rtsp, device.device.pictures[0].gop = f"127.0.0.1:{slow.port}", gop
    device.device.takes_settings = taken
    pages.get()
    shown = pages.post(address=f"http://127.0.0.1:{device.port}", user="admin", password=CODE)
    assert "A keyframe every 2 s: it begins sooner" in shown.text
    after = pages.post(step="improve")
    assert device.device.pictures[0].gop == (30 if taken else gop)
    assert ("It took only some." in after.text) is not taken
    slow.close()


def test_every_sentence_of_what_would_be_better_is_said_on_the_page() -> None:
    whole = Watched("h265", 1920, 1080, 15, 6.0, 0.0, b"")
    pictures: list[tuple[Watched, Watched | None, str]] = [
        (whole, None, "other"),
        (whole, replace(whole, width=640, height=360), "other"),
        (replace(whole, codec="h264", gop_s=1.0), None, "aac"),
    ]
    said = {(change.picture, change.what) for received in pictures for change in better(*received)}
    assert said == set(BETTER)


def closed(camera: RtspCamera) -> None:
    camera.stop()


def page(camera: RtspCamera) -> None:
    camera.does.first = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>"


def elsewhere(camera: RtspCamera) -> None:
    camera.does.answers = {"DESCRIBE": ("302 Moved", "Location: rtsp://203.0.113.9/")}


def silent(camera: RtspCamera) -> None:
    camera.does.ignores = frozenset({"DESCRIBE"})


def without(camera: RtspCamera) -> None:
    camera.does.silent = True


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (closed, "video port is closed"),
        (page, "No RTSP picture there. Its manual has the path"),
        (elsewhere, "No RTSP picture there. Its manual has the path"),
        (silent, "Nothing answers. Is it on, and in showcam's network?"),
        (without, "No picture came. Try again"),
    ],
)
def test_why_a_camera_can_not_be_had_is_distinguished_and_what_was_typed_stays(
    pages: Pages, camera: RtspCamera, breaks: Callable[[RtspCamera], None], says: str
) -> None:
    breaks(camera)
    answered = pages.attempt(camera)
    assert answered.answer is not None
    assert (answered.status, says in answered.text) == (403, True)
    assert f'value="rtsp://127.0.0.1:{camera.port}{PATH}"' in answered.answer.text
    assert 'value="admin"' in answered.answer.text
    assert CODE not in answered.answer.text
    camera.start() if breaks is closed else None


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("rtsp://admin:secret@192.168.1.20/", "have their own fields"),
        ("rtsp://8.8.8.8/", "No home address"),
        ("rtsp://camera.local/", "Give its IP address"),
        ("rtsps://192.168.1.20/", "Not over TLS"),
        ("ftp://192.168.1.20/", "Begin with rtsp://"),
        ("192.168.1.20/stream", "Begin with rtsp://"),
        ("rtsp://192.168.1.20:99999/", "Give its IP address"),
        ("rtsp://192.168.1.20/a b", "no spaces"),
        ("", "Give its IP address"),
    ],
)
def test_an_address_that_is_none_is_answered_with_why(pages: Pages, address: str, says: str) -> None:
    pages.get()
    answered = pages.post(address=address, user="admin", password="x")
    assert (answered.status, says in answered.text) == (403, True)


def test_a_camera_is_sent_three_wrong_passwords_an_hour_whoever_types_them(
    pages: Pages, world: HomeWorld, camera: RtspCamera
) -> None:
    for _ in range(WRONG):
        assert "refuses this user name or password" in pages.attempt(camera, "wrong").text
    another = Pages(world)
    another.browser = world.signed_in("new@example.com")
    assert "refused three passwords" in another.attempt(camera, CODE).text
    assert camera.does.wrong == WRONG
    world.clock.now += HOUR_S + 1
    assert "Add this camera" in another.attempt(camera, CODE).text


def test_a_right_password_is_not_counted(pages: Pages, camera: RtspCamera) -> None:
    for _ in range(WRONG + 1):
        assert "Add this camera" in pages.attempt(camera).text


def test_what_was_tried_is_one_browsers(pages: Pages, world: HomeWorld, camera: RtspCamera) -> None:
    pages.attempt(camera)
    other = Pages(world)
    assert "Add this camera" not in other.get().text
    assert other.browser.ask("GET", f"{ADD}/still.jpg").status_code == 404
    other.get()
    assert "This try has expired" in other.post(step="add", name="Shed").text
    assert pages.own == {}


@pytest.mark.parametrize(("name", "room", "says"), [("", "", "needs a name"), (" ", "", "needs a name")])
def test_a_camera_without_a_name_is_not_added(
    pages: Pages, camera: RtspCamera, name: str, room: str, says: str
) -> None:
    pages.attempt(camera)
    assert says in pages.post(step="add", name=name, room=room).text
    assert pages.own == {}


def test_a_password_is_in_no_file_and_no_page(pages: Pages, camera: RtspCamera, tmp_path: Path) -> None:
    camera.does.code = "a-password-like-no-other"
    for page in (pages.attempt(camera, "a-password-like-no-other"), pages.post(step="add", name="Shed")):
        assert page.answer is not None
        assert "no-other" not in page.answer.text
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"no-other" not in kept


def test_without_a_token_of_the_form_nothing_is_done(pages: Pages, camera: RtspCamera, house: House) -> None:
    for form in ({"step": "find"}, {"step": "try", "address": f"rtsp://127.0.0.1:{camera.port}{PATH}"}):
        assert pages.browser.ask("POST", ADD, data=form).status_code == 400
        headers = {"Sec-Fetch-Site": "cross-site"}
        given = form | {"csrf_token": pages.get().token}
        assert pages.browser.ask("POST", ADD, data=given, headers=headers).status_code == 400
    assert (camera.does.methods, house.looked) == ([], [])


@pytest.mark.parametrize(
    ("path", "status"), [(ADD, 303), (f"{ADD}/still.jpg", 303), ("/home/cameras/lan-abc/own", 303)]
)
def test_who_is_not_signed_in_sees_none_of_it(world: HomeWorld, path: str, status: int) -> None:
    assert world.browser().ask("GET", path).status_code == status
    assert world.browser(peer="203.0.113.7").ask("GET", path).status_code == 404


def test_where_there_may_be_none_there_are_no_pages(tmp_path: Path) -> None:
    made = home_world(tmp_path)
    pages = Pages(made)
    assert pages.browser.answer is not None
    assert "Add a camera" not in pages.browser.answer.text
    assert pages.browser.ask("GET", ADD).status_code == 404  # as of a camera that there is not
    assert pages.browser.ask("GET", "/home/cameras/lan-abc/own").status_code == 404
    made.home.store.close()


@pytest.mark.parametrize("language", ["en", "nb", "de"])
def test_the_page_is_in_the_browsers_language(world: HomeWorld, language: str) -> None:
    pages = Pages(world)
    pages.browser.headers["Accept-Language"] = language
    heading = {"en": "Add a camera", "nb": "Legg til et kamera", "de": "Kamera hinzufügen"}[language]
    assert pages.get().answer is not None
    assert re.findall(r"<h1>(.*?)</h1>", pages.browser.answer.text) == [heading]  # type: ignore[union-attr]
