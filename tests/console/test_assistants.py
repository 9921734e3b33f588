"""The assistants' page: links and their cameras, clients and secrets, PIN, who may link, the household's removal."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from accounts import clients, households
from accounts.console_sessions import ConsoleSessions
from accounts.linking_window import OPEN_S
from accounts.pins import Pins
from registry import quiet_times
from registry.camera import StreamRequest
from registry.notices.addresses import Addresses
from registry.owner.outcome import SignedIn, SignInRefused
from registry.owner.sign_in import SignIn
from registry.telling.why import FAULT, LATE
from store.ports import Store
from store.records import Happening
from store.telling_ports import LOOK, Claim, Settled
from tests.doubles.home_world import NEW, HomeBrowser, HomeWorld
from tests.doubles.linking_world import CAREFUL, USER
from tests.doubles.ready_vendor import PASSWORD

AT = "/home/assistants"
REDIRECT = "https://pitangui.amazon.com/api/skill/link/M1"
ELEVEN = " ".join(f"https://assistant.example/{number}" for number in range(11))


def page(world: HomeWorld) -> HomeBrowser:
    return world.signed_in().visit(AT)


def press(browser: HomeBrowser, step: str, **fields: Any) -> HomeBrowser:
    return browser.send(AT, step=step, **fields)


# links


def test_a_link_is_listed_with_its_label_and_what_it_sees(world: HomeWorld) -> None:
    other = world.home.another_link("google", (world.home.id("Garden"), world.home.id("Attic"), "ezviz-gone"))
    text = page(world).text
    assert "Alexa, Kari’s Since" in text
    assert "Not used yet. Told of no change yet." in text
    assert "Sees all cameras, also ones added later." in text
    world.home.store.touch_link(other.id, time.time())
    assert "Google, Kari’s Since" in text
    assert "Sees: Attic, Garden." in text


@pytest.mark.parametrize(("reason", "said"), [("", False), ("the event gateway answered 500", True)])
def test_it_says_what_its_assistant_was_last_told_and_when(world: HomeWorld, reason: str, said: bool) -> None:
    store, link, day = world.home.store, world.home.link, 1_700_000_000.0
    assert "Told of no change yet." in page(world).text
    store.look(link.account, day, link.id)
    claim = claimed(world)
    store.settle(claim, Settled(day, claim.rows, told=b"t", what="1 changed, 2 doorbell", reason=reason))
    text = page(world).text
    assert "Last told 2023-11-1" in text
    assert ": cameras whose state changed: 1; rings: 2." in text
    assert ("The service of Alexa did not take it, and showcam tries again by itself." in text) is said
    assert (f"What was answered {reason}" in text) is (reason != "")


@pytest.mark.parametrize(
    ("kept", "language", "says", "answered"),
    [
        (LATE, "en", "It happened more than 5 minutes before it could be reported.", False),
        (LATE, "nb", "Det skjedde mer enn 5 minutter før det kunne meldes.", False),
        (LATE, "de", "Es geschah mehr als 5 Minuten, bevor es gemeldet werden konnte.", False),
        (FAULT, "en", "Something went wrong here; it is noted in showcam's log.", False),
        ("the event gateway answered 413", "de", "Die Meldung ist größer, als Alexa annimmt.", True),
        ("the event gateway answered 403", "nb", "Alexa tar ikke imot meldinger gjennom denne koblingen", True),
        ("Amazon could not be reached: Login with Amazon answered 400 x", "en", "The service of Alexa did not", True),
        ("of another version", "en", "The service of Alexa did not take it", True),
    ],
)
def test_the_reason_is_in_the_language_of_the_page_and_the_services_words_folded_away(
    world: HomeWorld, kept: str, language: str, says: str, answered: bool
) -> None:
    put_aside(world, kept)
    browser = world.signed_in()
    browser.headers["Accept-Language"] = language
    browser.visit(AT)
    assert browser.answer is not None
    assert says in browser.text
    assert (f'<p lang="en">{kept}</p></details>' in browser.answer.text) is answered
    assert (kept in browser.text) is answered


def claimed(world: HomeWorld) -> Claim:
    link = world.home.link
    claim = world.home.store.claim(link.account, link.id, time.time(), time.time() + 9, 9)
    assert claim is not None
    return claim


def put_aside(world: HomeWorld, reason: str = "the event gateway answered 400") -> str:
    """The id of a ring at Garden that Amazon has refused."""
    home = world.home
    happening = Happening(home.id("Garden"), "doorbell", time.time() - 1)
    home.store.record_happening(home.account.id, happening, 1.0, ("doorbell",))
    claim = claimed(world)
    home.store.settle(claim, Settled(time.time(), laid=((claim.rows[0], reason),)))
    return claim.rows[0].id


def test_what_waits_and_what_was_put_aside_is_listed_with_its_reason(world: HomeWorld) -> None:
    assert "Could not be reported" not in page(world).text
    put_aside(world)
    world.home.store.look(world.home.account.id, time.time() - 1, world.home.link.id)
    text = page(world).text
    assert re.search("Waits to be reported [0-9: -]+ How the cameras are Could not be reported", text) is not None
    refused = "Alexa refused this report, and refuses it again until something changes at the camera."
    answered = "What was answered the event gateway answered 400"
    assert f"Somebody rang at Garden {refused} {answered} Report it again Forget it" in text
    assert "Could not be reported" not in world.signed_in(CAREFUL).visit(AT).text  # another household's


@pytest.mark.parametrize(("step", "waits"), [("retry-report", ["doorbell"]), ("drop-report", [])])
def test_what_was_put_aside_is_reported_again_or_forgotten(world: HomeWorld, step: str, waits: list[str]) -> None:
    row, store = put_aside(world), world.home.store
    theirs = world.signed_in(CAREFUL).visit(AT)
    press(theirs, step, row=row)
    assert (theirs.status, "that report is not there any more" in theirs.text) == (403, True)
    assert [laid.row.id for laid in store.laid_down()] == [row]
    browser = press(page(world), step, row=row)
    assert (browser.status, "Could not be reported" in browser.text) == (200, False)
    assert store.laid_down() == []
    assert [waiting.kind for waiting in store.waiting(time.time()) if waiting.kind != LOOK] == waits
    press(browser, step, row=row)
    assert (browser.status, "that report is not there any more" in browser.text) == (403, True)


def test_that_a_link_has_ended_can_be_put_aside_too(world: HomeWorld) -> None:
    home = world.home
    home.store.end_link(home.link.id, time.time() - 1)
    claim = claimed(world)
    home.store.settle(claim, Settled(time.time(), laid=((claim.rows[0], "agentUsers.delete: HomeGraph answered 400"),)))
    browser = page(world)
    assert "Links that have ended" in browser.text
    assert "Alexa" in browser.text
    assert "That the link has ended Alexa refused this report" in browser.text
    assert browser.answer is not None
    assert home.link.agent_user not in browser.answer.text


# quiet times


@pytest.mark.parametrize(
    ("times", "zone", "kept"),
    [
        (" 22:00-07:00, 13:00-14:30 ", "Europe/Oslo", "22:00-07:00, 13:00-14:30"),
        ("", "Europe/Oslo", ""),
    ],
)
def test_quiet_times_are_kept(world: HomeWorld, times: str, zone: str, kept: str) -> None:
    quiet_times.keep(world.home.store, world.home.account.id, quiet_times.parsed("01:00-02:00", "UTC"))
    browser = press(page(world), "set-quiet", times=times, zone=zone)
    found = quiet_times.of_household(world.home.store, world.home.account.id)
    assert (browser.status, str(found), found.zone) == (200, kept, zone)
    assert browser.answer is not None
    assert f'name="times" type="text" value="{kept}"' in browser.answer.text


@pytest.mark.parametrize(
    ("times", "zone", "says"),
    [
        ("tonight", "Europe/Oslo", "write the times like 22:00-07:00"),
        ("22:00-22:00", "Europe/Oslo", "write the times like 22:00-07:00"),
        (",".join(f"{hour:02}:00-{hour:02}:30" for hour in range(9)), "Europe/Oslo", "eight at most"),
        ("22:00-07:00", "", "this machine knows no such time zone"),
        ("22:00-07:00", "../../etc/passwd", "this machine knows no such time zone"),
        ("22:00-07:00", "Oslo", "this machine knows no such time zone"),
    ],
)
def test_quiet_times_that_are_none_are_said_and_stay_typed(world: HomeWorld, times: str, zone: str, says: str) -> None:
    browser = press(page(world), "set-quiet", times=times, zone=zone)
    assert (browser.status, says in browser.text) == (403, True)
    assert browser.answer is not None
    assert (f'value="{times}"' in browser.answer.text, f'value="{zone}"' in browser.answer.text) == (True, True)
    assert quiet_times.of_household(world.home.store, world.home.account.id) == quiet_times.NEVER


def test_what_was_typed_in_vain_stands_in_its_form_again(world: HomeWorld) -> None:
    browser = press(page(world), "remove-client", client="google")
    press(browser, "add-client", assistant="google", redirects="http://assistant.example/back")
    assert browser.answer is not None
    assert ">http://assistant.example/back</textarea>" in browser.answer.text


def test_its_cameras_are_chosen_again(world: HomeWorld) -> None:
    link, garden = world.home.link, world.home.id("Garden")
    browser = press(page(world), "choose", link=link.id, cameras=[garden, "ezviz-of-others"])
    assert (browser.status, "Done." in browser.text, "Sees: Garden." in browser.text) == (200, True, True)
    kept = world.home.store.link(link.id)
    assert kept is not None
    assert kept.cameras == (garden,)
    assert [row.link for row in world.home.store.waiting(time.time())] == [link.id]  # its assistant is to be told
    refused = world.home.registry.open_stream(kept, world.home.id("Pond"), StreamRequest("alexa", ("hls",)))
    assert getattr(refused, "reason", "") == "not_found"


@pytest.mark.parametrize(("later", "cameras"), [({"later": "1"}, None), ({}, 7)])
def test_all_of_them_with_later_ones_only_if_that_is_ticked(
    world: HomeWorld, later: dict[str, str], cameras: int | None
) -> None:
    everything = [camera.id for camera in world.home.owner.cameras(world.home.account.id).cameras]
    press(page(world), "choose", link=world.home.link.id, cameras=everything, **later)
    kept = world.home.store.link(world.home.link.id)
    assert kept is not None
    assert (kept.cameras if cameras is None else len(kept.cameras or ())) == cameras


def test_a_link_ends_at_once_with_its_pictures(world: HomeWorld) -> None:
    browser = press(page(world), "end", link=world.home.link.id)
    assert "Nothing is linked yet." in browser.text
    assert world.home.store.links(world.home.account.id) == []
    assert world.home.pictures.ended == [(world.home.link.id, "")]


@pytest.mark.parametrize("step", ["end", "choose"])
@pytest.mark.parametrize("which", ["another household's", "ended", "none", "nonsense"])
def test_a_link_that_is_not_the_households_stays_as_it_is(world: HomeWorld, step: str, which: str) -> None:
    home = world.home
    ended = home.another_link("google")
    home.store.end_link(ended.id, time.time())
    other = households.find(home.store, "ezviz", CAREFUL)
    assert other is not None
    theirs = world.home.link
    browser = page(world)
    if which == "another household's":
        browser = world.signed_in(CAREFUL).visit(AT)
    link = {"another household's": theirs.id, "ended": ended.id, "none": "", "nonsense": "x" * 700}[which]
    press(browser, step, link=link, cameras=[home.id("Garden")])
    assert (browser.status, "Nothing was changed: that link has ended." in browser.text) == (403, True)
    assert home.store.link(theirs.id) == theirs


def test_without_a_camera_a_link_is_not_changed(world: HomeWorld) -> None:
    browser = press(page(world), "choose", link=world.home.link.id, later="1")
    assert (browser.status, "tick at least one camera" in browser.text) == (403, True)
    assert world.home.store.link(world.home.link.id) == world.home.link


def test_a_new_link_is_a_banner_on_every_page_until_it_is_acknowledged(world: HomeWorld) -> None:
    browser = world.signed_in()
    banner = "Alexa may show your cameras since"
    for path in ("/home", AT, f"/home/cameras/{world.home.id('Garden')}"):
        assert banner in browser.visit(path).text
    press(browser, "acknowledge", links=[world.home.link.id])
    assert banner not in browser.get().text
    world.home.another_link("google")
    assert "Google may show your cameras since" in browser.get().text
    assert banner not in browser.text


def test_a_link_that_came_while_the_page_was_open_stays_new(world: HomeWorld) -> None:
    browser = page(world)
    world.home.another_link("google")
    press(browser, "acknowledge", links=[world.home.link.id, "ezviz-x"])
    assert "Google may show your cameras since" in browser.get().text


# clients


def secret(browser: HomeBrowser) -> str:
    assert browser.answer is not None
    found = re.findall(r'id="secret" type="text" readonly value="([0-9a-f]+)"', browser.answer.text)
    return found[0] if found else ""


def test_a_secret_is_made_and_shown_once(world: HomeWorld) -> None:
    browser = page(world)
    before = world.home.store.client("alexa")
    press(browser, "renew-secret", client="alexa")
    text, after = secret(browser), world.home.store.client("alexa")
    assert (len(text), clients.check_secret(after, text)) == (64, True)
    assert before is not None
    assert after is not None
    assert (after.redirect_uris, clients.check_secret(before, text)) == (before.redirect_uris, False)
    assert secret(browser.visit(AT)) == ""


def test_an_assistant_is_let_in_by_its_redirect_addresses_and_refused_again(world: HomeWorld) -> None:
    world.home.store.drop_client("alexa")
    browser = press(page(world), "add-client", assistant="alexa", redirects=f" {REDIRECT}\r\n{REDIRECT}2 ")
    made = world.home.store.client("alexa")
    assert made is not None
    assert (made.redirect_uris, clients.check_secret(made, secret(browser))) == ((REDIRECT, f"{REDIRECT}2"), True)
    press(browser, "remove-client", client="alexa")
    assert world.home.store.client("alexa") is None


@pytest.mark.parametrize(
    ("step", "fields", "said"),
    [
        ("add-client", {"assistant": "alexa", "redirects": ""}, "Copy the redirect addresses"),
        ("add-client", {"assistant": "alexa", "redirects": "http://x.example/"}, "Copy the redirect addresses"),
        ("add-client", {"assistant": "alexa", "redirects": "https://[x"}, "Copy the redirect addresses"),
        ("add-client", {"assistant": "alexa", "redirects": ELEVEN}, "Copy the redirect addresses"),
        ("add-client", {"assistant": "google", "redirects": REDIRECT}, "let in already"),
        ("renew-secret", {"client": "nobody"}, "there is no such client"),
        ("remove-client", {}, "there is no such client"),
    ],
)
def test_what_is_no_client_says_so(world: HomeWorld, step: str, fields: dict[str, str], said: str) -> None:
    world.home.store.drop_client("alexa")
    browser = press(page(world), step, **fields)
    assert (browser.status, said in browser.text) == (403, True)
    assert world.home.store.client("alexa") is None


# the PIN


def test_a_pin_is_set_and_forgotten(world: HomeWorld) -> None:
    pins, account = Pins(world.home.store), world.home.account.id
    browser = press(page(world), "set-pin", pin="2468", again="2468")
    assert (browser.status, pins.check(account, "2468", time.time())) == (200, "right")
    assert browser.answer is not None
    assert "2468" not in browser.answer.text
    press(browser, "clear-pin")
    assert not pins.is_set(account)


@pytest.mark.parametrize(
    ("pin", "again", "said"),
    [
        ("2468", "2469", "the two PINs are not the same"),
        ("123", "123", "a PIN is 4 to 8 digits"),
        ("", "", "a PIN is 4 to 8 digits"),
        ("١٢٣٤", "١٢٣٤", "a PIN is 4 to 8 digits"),
        ("1" * 5000, "1" * 5000, "a PIN is 4 to 8 digits"),
    ],
)
def test_what_is_no_pin_says_so(world: HomeWorld, pin: str, again: str, said: str) -> None:
    browser = press(page(world), "set-pin", pin=pin, again=again)
    assert (browser.status, said in browser.text) == (403, True)
    assert not Pins(world.home.store).is_set(world.home.account.id)


# who may link


def linking(world: HomeWorld) -> SignIn:
    return SignIn(world.home.store, world.vendor, "owner", clock=world.clock)


def test_an_invited_account_may_link(world: HomeWorld) -> None:
    assert linking(world).begin(NEW, PASSWORD, "203.0.113.7") == SignInRefused("stranger")
    browser = press(page(world), "invite", user=f" {NEW} ")
    assert browser.status == 200
    assert isinstance(linking(world).begin(NEW, PASSWORD, "203.0.113.7"), SignedIn)
    press(browser, "invite", user=NEW)
    assert "That account may link here already." in browser.text


@pytest.mark.parametrize("user", ["", "   ", "x" * 201, "a\x00b"])
def test_nobody_is_invited_by_nonsense(world: HomeWorld, user: str) -> None:
    before = len(list(world.home.store.accounts()))
    browser = press(page(world), "invite", user=user)
    assert (browser.status, len(list(world.home.store.accounts()))) == (403, before)


def test_for_fifteen_minutes_anybody_may_link(world: HomeWorld) -> None:
    browser = press(page(world), "open-window")
    assert "Anybody may link for another 15 min." in browser.text
    world.clock.wait(OPEN_S - 1)
    assert isinstance(linking(world).begin(NEW, PASSWORD, "203.0.113.7"), SignedIn)


@pytest.mark.parametrize("how", ["by itself", "by its button"])
def test_then_it_is_closed(world: HomeWorld, how: str) -> None:
    browser = press(page(world), "open-window")
    if how == "by itself":
        world.clock.wait(OPEN_S)
    else:
        press(browser, "close-window")
    assert linking(world).begin(NEW, PASSWORD, "203.0.113.7") == SignInRefused("stranger")
    assert "Open for 15 minutes" in browser.visit(AT).text


# everything


def test_everything_of_the_household_is_a_file_without_its_secrets(world: HomeWorld) -> None:
    home = world.home
    home.registry.open_stream(home.link, home.id("Garden"), StreamRequest("alexa", ("hls",)))
    Addresses(home.store).add(home.account.id, "ntfy://kari:hemmelig@house.example/topic", "ntfy", "Kari’s phone")
    quiet_times.keep(home.store, home.account.id, quiet_times.parsed("22:00-07:00", "Europe/Oslo"))
    answer = world.signed_in().ask("GET", f"{AT}/everything.json")
    facts = json.loads(answer.text)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="showcam-')
    assert facts["signed_in_as"] == USER
    assert [camera["name"] for camera in facts["cameras"]][:2] == ["Garden", "Front Door"]
    assert [link["label"] for link in facts["links"]] == ["Kari’s"]
    assert [ask["camera"] for ask in facts["asked"]] == [home.id("Garden")]
    assert facts["quiet_times"] == {"times": "22:00-07:00", "zone": "Europe/Oslo"}
    assert [(address["service"], address["name"]) for address in facts["notified"]] == [("ntfy", "Kari’s phone")]
    assert [(each["user"], each["since"]) for each in facts["browsers"]] == [(USER, world.clock.now)]
    for secret_text in ("vendor-session", "hemmelig", "house.example", home.link.agent_user, "F00000001", "salt"):
        assert secret_text not in answer.text


def assistants_are_told(store: Store) -> None:
    """As the worker tells each assistant that a link has ended."""
    now = time.time()
    for account, link in store.due("alexa", now, 9):
        claim = store.claim(account, link, now, now + 60, 9)
        assert claim is not None
        assert store.settle(claim, Settled(now, over=claim.rows))


def test_deleting_everything_signs_out_at_the_vendor_and_leaves_no_byte(world: HomeWorld, tmp_path: Path) -> None:
    home = world.home
    home.registry.open_stream(home.link, home.id("Garden"), StreamRequest("alexa", ("hls",)))
    token = home.token()
    other, mine = world.signed_in(), page(world)
    sessions = [each.session.id for each in ConsoleSessions(home.store).browsers(home.account.id)]
    browser = press(mine, "delete", name=USER)
    assert (browser.status, f"Nothing of {USER} is kept here any more." in browser.text) == (200, True)
    assert world.vendor.signed_out == [home.source.id]
    assert set(home.pictures.ended) == {(home.link.id, ""), *((session, "") for session in sessions)}
    assert (browser.get().step, other.get().step, len(sessions)) == ("enter", "enter", 2)
    assert [ConsoleSessions(home.store).find(session) for session in sessions] == [None, None]
    assistants_are_told(home.store)
    home.store.sweep(time.time())
    for needle in (home.account.id, home.link.id, home.link.label, USER, token.rpartition(".")[2], "Garden"):
        for file in tmp_path.rglob("*"):
            assert not file.is_file() or needle.encode() not in file.read_bytes(), (needle, file)


@pytest.mark.parametrize("name", ["", "somebody@example.com", USER.upper()])
def test_nothing_is_deleted_by_another_name(world: HomeWorld, name: str) -> None:
    browser = press(page(world), "delete", name=name)
    assert (browser.status, "Nothing was deleted" in browser.text) == (403, True)
    assert world.home.store.account(world.home.account.id) is not None
    assert world.vendor.signed_out == []


def test_a_vendor_that_is_away_keeps_nothing_here(world: HomeWorld) -> None:
    from registry.errors import VendorDown

    browser = page(world)
    world.vendor.error = VendorDown()
    assert press(browser, "delete", name=USER).status == 200
    assert world.home.store.account(world.home.account.id) is None


# who gets no further


@pytest.mark.parametrize(
    "step", ["end", "choose", "renew-secret", "remove-client", "set-pin", "invite", "open-window", "delete"]
)
def test_who_is_not_signed_in_changes_nothing(world: HomeWorld, step: str) -> None:
    home = world.home
    fields = {"link": home.link.id, "client": "alexa", "pin": "2468", "again": "2468", "user": NEW, "name": USER}
    for browser, led_to in ((world.browser().get(), "enter"), (world.browser().enter(world.code.renew()), "sign-in")):
        browser.send(AT, step=step, **fields)
        assert browser.step == led_to
    assert home.store.link(home.link.id) == home.link
    assert home.store.account(home.account.id) is not None
    assert not Pins(home.store).is_set(home.account.id)
    assert linking(world).begin(NEW, PASSWORD, "203.0.113.7") == SignInRefused("stranger")


def test_a_step_that_there_is_not_is_a_bad_request(world: HomeWorld) -> None:
    assert press(page(world), "reboot").status == 400
