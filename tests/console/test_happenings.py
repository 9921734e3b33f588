"""What happened at the cameras, on its page and on a camera's own, with the vendor's picture of it."""

import re
from typing import Any

import pytest

from showcam.drivers.camera import StreamRequest
from showcam.drivers.errors import VendorDown
from showcam.registry.owner.alarm_pictures import MOST_A_MINUTE
from showcam.registry.readings.changes import Change
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld
from tests.doubles.linking_world import CAREFUL
from tests.doubles.ready_driver import camera

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
PAGE = {"Accept": "text/html,*/*;q=0.8"}
SCRIPT = {"Accept": "image/avif,*/*"}


def saw(world: HomeWorld, name: str, kind: Any, ago_s: float = 0.0) -> None:
    home = world.home
    home.adapter.history.note_sighting(Change(home.account.id, home.id(name), kind, world.clock() - ago_s))


def rows(browser: HomeBrowser) -> list[str]:
    assert browser.answer is not None
    found = re.findall(r'<p class="what">(.*?)</p>', browser.answer.text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def pictures(browser: HomeBrowser) -> list[str]:
    assert browser.answer is not None
    return re.findall(r'<a class="look" href="([^"]+)"', browser.answer.text)


@pytest.fixture
def seen(world: HomeWorld) -> HomeBrowser:
    """The page's rows are a motion, a ring, tampering and an ask, of three cameras."""
    saw(world, "Garden", "motion", 300)
    saw(world, "Front Door", "doorbell", 200)
    saw(world, "Garage", "tamper", 100)
    world.home.registry.open_stream(world.home.link, world.home.id("Garden"), StreamRequest("google", ("hls",)))
    return world.signed_in().visit("/home/happened")


def test_all_cameras_stand_there_newest_first(seen: HomeBrowser) -> None:
    assert rows(seen) == [
        "Garden Google, Kari’s Picture not fetched yet.",
        "Garage Turned away, covered or blinded.",
        "Front Door Somebody rang",
        "Garden Motion",
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("doorbell", ["Front Door Somebody rang"]),
        ("asked", ["Garden Google, Kari’s Picture not fetched yet."]),
        ("motion", ["Garden Motion"]),
    ],
)
def test_they_are_chosen_by_kind(seen: HomeBrowser, kind: str, expected: list[str]) -> None:
    seen.visit(f"/home/happened?kind={kind}")
    assert (seen.status, rows(seen)) == (200, expected)


@pytest.mark.parametrize(
    ("query", "empty"),
    [
        ("kind=person", "Nothing in 30 days."),
        ("kind=%27%20OR%201", "Nothing in 30 days."),
        ("camera=nobody", "Nothing in 30 days."),
    ],
)
def test_where_there_is_none_of_them_it_is_said(seen: HomeBrowser, query: str, empty: str) -> None:
    seen.visit(f"/home/happened?{query}")
    assert (seen.status, rows(seen), empty in seen.text) == (200, [], True)


def test_those_of_one_camera_have_a_page_that_leads_back_to_it(world: HomeWorld, seen: HomeBrowser) -> None:
    garden = world.home.id("Garden")
    seen.visit(f"/home/happened?camera={garden}")
    assert rows(seen) == ["Google, Kari’s Picture not fetched yet.", "Motion"]
    assert "What happened" in seen.text
    assert seen.answer is not None
    assert f'href="/home/cameras/{garden}">Garden</a>' in seen.answer.text


def test_a_cameras_own_page_has_the_newest_and_leads_to_the_others(world: HomeWorld) -> None:
    for number in range(60):
        saw(world, "Garden", "motion", 200 * number + 200)
    browser = world.signed_in().visit(f"/home/cameras/{world.home.id('Garden')}")
    assert rows(browser) == ["Motion"] * 4
    shown, answer = 4, browser.answer
    while answer is not None and (earlier := re.findall(r'class="button" href="(/home/happened[^"]+)"', answer.text)):
        browser.visit(earlier[0].replace("&amp;", "&"))
        shown, answer = shown + len(rows(browser)), browser.answer
    assert shown == 60


def test_without_anything_the_page_says_so(world: HomeWorld) -> None:
    browser = world.signed_in().visit("/home/happened")
    assert "Nothing in 30 days." in browser.text
    browser.send(f"/home/cameras/{world.home.id('Garden')}/history", history="off")
    saw(world, "Garden", "motion")
    assert "No history is kept." in browser.visit("/home/happened").text
    assert rows(browser) == []


def test_the_rows_alone_are_read_again_without_asking_the_vendor(world: HomeWorld, seen: HomeBrowser) -> None:
    reads = world.home.driver.calls["read"]
    for part in ("few", "all"):
        seen.visit(f"/home/happened?part={part}&camera=&kind=")
        assert len(rows(seen)) == 4
        assert "<h1" not in (seen.answer.text if seen.answer else "")
    assert world.home.driver.calls["read"] == reads


def test_the_vendors_picture_is_fetched_when_it_is_opened_and_kept_nowhere(world: HomeWorld, seen: HomeBrowser) -> None:
    world.home.driver.alarm = JPEG
    assert world.home.driver.alarms == []
    ring, _ = pictures(seen)
    answer = seen.ask("GET", ring, headers=SCRIPT)
    headers = [answer.headers[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control")]
    assert (answer.data, headers) == (JPEG, ["image/jpeg", "nosniff", "no-store"])
    now = world.clock()
    seen.ask("GET", ring, headers=SCRIPT)
    assert world.home.driver.alarms == [("Front Door", "doorbell", now - 200)] * 2
    stored = world.home.store.account_secrets(world.home.account.id, "")
    assert [name for name, data in stored.items() if JPEG in data] == []


def test_without_a_picture_it_is_said_to_people_and_to_the_script(seen: HomeBrowser) -> None:
    why = "No picture"
    [ring, _] = pictures(seen)
    answer = seen.ask("GET", ring, headers=SCRIPT)
    assert (answer.status_code, answer.content_type, (answer.json or {})["detail"]) == (
        404,
        "application/problem+json",
        why,
    )
    answer = seen.ask("GET", ring, headers=PAGE)
    assert (answer.status_code, why in answer.text) == (404, True)


def test_a_vendor_that_does_not_answer_is_named(world: HomeWorld, seen: HomeBrowser) -> None:
    world.home.driver.error = VendorDown("down")
    answer = seen.ask("GET", pictures(seen)[0], headers=SCRIPT)
    assert (answer.status_code, "EZVIZ" in (answer.json or {})["detail"]) == (404, True)


@pytest.mark.parametrize(("decided", "expected"), [("no", 404), ("lan", 404), ("code", 200)])
def test_an_encrypted_picture_is_shown_only_by_its_owners_decision(
    world: HomeWorld, decided: Any, expected: int
) -> None:
    world.home.driver.alarm, world.home.driver.alarm_is_encrypted = JPEG, True
    saw(world, "Garage", "motion")
    browser = world.signed_in()
    world.home.decide("Garage", decided)
    answer = browser.ask("GET", pictures(browser.visit("/home/happened"))[0], headers=SCRIPT)
    assert answer.status_code == expected
    assert (JPEG in answer.data) == (expected == 200)


def test_no_more_pictures_are_fetched_than_people_look_at(world: HomeWorld, seen: HomeBrowser) -> None:
    world.home.driver.alarm = JPEG
    [ring, _] = pictures(seen)
    answers = [seen.ask("GET", ring, headers=SCRIPT).status_code for _ in range(MOST_A_MINUTE + 1)]
    assert answers == [200] * MOST_A_MINUTE + [404]
    world.clock.wait(61)
    assert seen.ask("GET", ring, headers=SCRIPT).status_code == 200


def test_what_is_no_sighting_of_the_camera_has_no_picture(world: HomeWorld, seen: HomeBrowser) -> None:
    world.home.driver.alarm = JPEG
    home = world.home
    [asked] = home.adapter.history.of(home.account.id, kind="asked")
    [tamper] = home.adapter.history.of(home.account.id, kind="tamper")
    [ring] = home.adapter.history.of(home.account.id, kind="doorbell")
    for camera_id, row in (
        (home.id("Garden"), asked.id),
        (home.id("Garage"), tamper.id),
        (home.id("Garden"), ring.id),
        (home.id("Garden"), "x"),
        ("nobody", ring.id),
    ):
        assert seen.ask("GET", f"/home/cameras/{camera_id}/happened/{row}.jpg", headers=SCRIPT).status_code == 404
    assert home.driver.alarms == []


def test_another_household_sees_none_of_it(world: HomeWorld, seen: HomeBrowser) -> None:
    world.home.driver.alarm = JPEG
    other = world.signed_in(CAREFUL).visit("/home/happened")
    assert rows(other) == []
    assert other.ask("GET", pictures(seen)[0], headers=SCRIPT).status_code == 404
    assert world.browser().ask("GET", pictures(seen)[0], headers=SCRIPT).status_code == 401
    assert world.home.driver.alarms == []


def test_what_happened_at_a_deleted_camera_goes_with_it(world: HomeWorld, seen: HomeBrowser) -> None:
    home, account = world.home, world.home.account.id
    garden = home.id("Garden")
    home.owner.delete(account, garden, "Garden")
    assert {ask.camera for ask in home.store.asks(account, 0.0)} == {home.id("Front Door"), home.id("Garage")}
    assert [row for row in rows(seen.visit("/home/happened")) if "Garden" in row] == []


def test_a_camera_that_the_list_lacks_is_left_out(world: HomeWorld, seen: HomeBrowser) -> None:
    world.home.driver.set([camera("Front Door", "F00000002", kind="doorbell")])
    seen.get()  # which reads the list
    assert rows(seen.visit("/home/happened")) == ["Front Door Somebody rang"]


def test_a_page_of_rows_of_a_removed_camera_leads_on_and_does_not_say_that_nothing_happened(world: HomeWorld) -> None:
    saw(world, "Front Door", "doorbell", 200 * 60)
    for number in range(50):
        saw(world, "Garden", "motion", 200 * number + 200)
    world.home.driver.set([camera("Front Door", "F00000002", kind="doorbell")])
    browser = world.signed_in().get()  # which reads the list
    browser.visit("/home/happened")
    assert browser.answer is not None
    assert (rows(browser), '<p class="nothing" hidden>' in browser.answer.text) == ([], True)
    (earlier,) = re.findall(r'class="button" href="(/home/happened[^"]+)"', browser.answer.text)
    assert rows(browser.visit(earlier.replace("&amp;", "&"))) == ["Front Door Somebody rang"]
