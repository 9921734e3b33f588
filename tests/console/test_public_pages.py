"""Owners' pages on AWS: each household sees its own cameras and links, and nobody sees what runs the installation."""

import json
import re
import secrets
import time
from collections.abc import Iterator

import pytest

from showcam.accounts.households import find
from showcam.accounts.owner_users import OwnerUsers
from showcam.accounts.pins import Pins
from showcam.app.compose import web_on_lambda
from showcam.app.compose.ground import drivers
from showcam.app.settings import Settings
from showcam.drivers.driver import AsksCameras
from showcam.registry.owner.sign_in import SignUp
from showcam.store.records import Ask
from tests.doubles.public_pages import CAREFUL, HTML, OTHER, SESSION, USER, Browser, PublicPages, public_pages

pytestmark = pytest.mark.proves(
    "On AWS each owner reaches their own household's page, and nobody else's",
    leans_on="double: AWS, by moto; double: EZVIZ",
)

OF_HOUSE = (
    *("/home/setup", "/home/reachable", "/home/alexa", "/home/google", "/home/said"),
    *("/home/health", "/home/health/log", "/home/health/notices", "/home/health/progress", "/home/try", "/home/tv"),
    *("/home/cameras/add", "/home/cameras/{camera}/trace", "/home/cameras/{camera}/own"),
)
READS = (
    *("/home/assistants", "/home/assistants/everything.json", "/home/happened", "/home/phones", "/home/open"),
    *("/home/cameras/{camera}", "/home/cameras/{camera}/still.jpg", "/home/cameras/{camera}/last.jpg"),
    *("/home/cameras/{camera}/delete", "/home/cameras/{camera}/happened/{ask}.jpg"),
)
FORMS = tuple(
    f"/home/cameras/{{camera}}/{form}"
    for form in ("settings", "preferences", "password", "restart", "turn", "history", "mend", "delete")
)


@pytest.fixture(scope="module")
def monkey() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory, monkey: pytest.MonkeyPatch) -> Iterator[PublicPages]:
    settings = {"EZVIZ_KEY": "demo-key", "EZVIZ_SECRET": "demo-secret", "SIGN_INS_PER_USER": "1"}
    with public_pages(tmp_path_factory.mktemp("aws"), monkey, **settings) as made:
        yield made


@pytest.fixture(scope="module")
def mine(aws: PublicPages) -> Browser:
    return aws.signed_in()


@pytest.fixture(scope="module")
def theirs(aws: PublicPages) -> Browser:
    """The browser of another household."""
    return aws.signed_in(OTHER)


@pytest.fixture(scope="module")
def garden(mine: Browser) -> str:
    """The id of a camera."""
    return mine.get().id_of("Garden")


class TestOwner:
    def test_the_front_page_leads_to_it_and_it_asks_for_the_vendors_password(self, aws: PublicPages) -> None:
        browser = aws.browser().get("/")
        assert 'href="/home"' in browser.page
        browser.get("/home")
        assert browser.status == 200
        assert 'name="password"' in browser.page
        assert 'name="entry"' not in browser.page  # no code is printed anywhere
        assert "/home/setup" not in browser.page

    def test_each_camera_has_its_reason_and_the_button_that_ends_it(self, mine: Browser) -> None:
        mine.get()
        assert mine.status == 200
        assert "Image Encryption is on for Garage." in mine.tile("Garage")
        assert 'data-mends="off"' in mine.tile("Garage")
        assert "Attic is offline." in mine.tile("Attic")
        assert "Bedroom" in mine.tile("Bedroom")
        assert 'value="wake"' in mine.tile("Bedroom")
        for of_house in ("local", "home_code", "trust"):
            assert f'data-mends="{of_house}">' not in mine.page  # it stays hidden, since no tile offers it
        for of_house in ("/home/tv", "/home/health", "/home/alexa", "/home/setup"):
            assert of_house not in mine.page

    def test_a_button_changes_the_camera(self, aws: PublicPages, mine: Browser) -> None:
        mine.get().post("/home", camera=mine.id_of("Bedroom"), step="wake")
        assert aws.vendor.cameras()["Bedroom"]["asleep"] is False

    def test_encryption_goes_off_by_the_labels_code(self, aws: PublicPages, mine: Browser) -> None:
        mine.get().post("/home", camera=mine.id_of("Garage"), step="encryption-off")
        assert 'name="encryption_code"' in mine.tile("Garage")
        mine.post("/home", camera=mine.id_of("Garage"), step="encryption-code", encryption_code="ABCDEF")
        assert aws.vendor.cameras()["Garage"]["encryption"] is False

    def test_a_code_of_the_vendor_is_asked_for(self, aws: PublicPages) -> None:
        browser = aws.browser().sign_in(CAREFUL)
        assert 'name="code"' in browser.page
        browser.post("/home", step="code", code="012345")
        assert "Porch" in browser.text

    def test_what_a_voice_may_change_is_kept(self, aws: PublicPages, mine: Browser, garden: str) -> None:
        mine.get(f"/home/cameras/{garden}")
        [mark] = set(re.findall(r'name="shown" value="(\w+)"', mine.page))
        mine.post(f"/home/cameras/{garden}/preferences", shown=mark, voice_may="sleep", ring_pause_s="60")
        [kept] = aws.store.preferences(aws.account(USER).id).values()
        assert json.loads(kept)["voice_may"] == ["sleep"]

    def test_without_a_link_a_button_leads_to_how_to_link(self, mine: Browser) -> None:
        mine.get("/home/assistants")
        assert '<a class="button" href="/start">' in mine.page
        assert mine.get("/start").status == 200

    def test_a_pin_is_set(self, aws: PublicPages, mine: Browser) -> None:
        mine.get("/home/assistants").post("/home/assistants", step="set-pin", pin="2468", again="2468")
        assert Pins(aws.store).is_set(aws.account(USER).id)

    def test_one_link_ends_and_the_other_stays(self, aws: PublicPages, mine: Browser) -> None:
        first, second = aws.link(USER), aws.link(USER)
        mine.get("/home/assistants").post("/home/assistants", step="end", link=first)
        assert [link.id for link in aws.store.links(aws.account(USER).id)] == [second]

    def test_the_last_asks_say_why(self, aws: PublicPages, mine: Browser) -> None:
        mine.get()
        link, account = aws.link(USER), aws.account(USER).id
        aws.store.put_asks(account, [_ask(link, mine.id_of("Attic"), "offline"), _ask(link, mine.id_of("Garden"))])
        mine.get("/home/happened")
        assert "Attic is offline." in mine.text
        assert "Sent after 0.8 s." in mine.text

    def test_a_phone_that_is_let_in_only_watches(self, aws: PublicPages, mine: Browser) -> None:
        mine.get("/home/phones").post("/home/phones", step="add", role="member")
        [code] = re.findall(r'value="https://showcam\.example/home/phone#([^"]+)"', mine.page)
        phone = aws.browser().get("/home/phone").post("/home/phone", code=code)
        assert "Garden" in phone.text
        assert phone.post("/home", step="wake", camera=phone.id_of("Garden")).status == 403
        assert phone.get("/home/assistants").status == 403

    def test_all_that_is_stored_is_shown_without_a_secret(self, aws: PublicPages, mine: Browser) -> None:
        mine.get("/home/assistants/everything.json")
        stored = json.loads(mine.page)
        assert stored["household"]["id"] == aws.account(USER).id
        assert "showcam-demo" not in mine.page
        assert mine.cookies[SESSION] not in mine.page


class TestDeletion:
    def test_it_is_asked_for_once_more_and_then_nothing_is_left(self, aws: PublicPages) -> None:
        browser, another = aws.signed_in(CAREFUL), aws.signed_in(CAREFUL)
        account, link = aws.account(CAREFUL).id, aws.link(CAREFUL)
        OwnerUsers(aws.store).set(account, "porch", "a long password of theirs")
        browser.get("/home/assistants").post("/home/assistants", step="delete", name="somebody")
        assert aws.store.account(account) is not None
        browser.get("/home/assistants").post("/home/assistants", step="delete", name=CAREFUL)
        assert browser.status == 200
        assert aws.store.account(account) is None
        assert aws.store.link(link) is None or aws.store.links(account) == []
        assert find(aws.store, "ezviz", CAREFUL) is None
        assert SESSION not in browser.cookies
        for gone in (browser, another):
            assert 'name="password"' in gone.get().page
            assert "Porch" not in gone.text


class TestNobodyElse:
    @pytest.mark.parametrize("path", READS)
    def test_a_browser_without_a_session_reads_nothing(self, aws: PublicPages, garden: str, path: str) -> None:
        asked = path.format(camera=garden, ask="0" * 19)
        stranger = aws.browser().send(asked, accept="text/html")
        assert (stranger.status, stranger.reply["headers"].get("location")) == (303, "/home")
        assert stranger.send(asked, accept="application/json").status == 401

    @pytest.mark.parametrize("path", FORMS)
    def test_a_browser_without_a_session_changes_nothing(self, aws: PublicPages, garden: str, path: str) -> None:
        stranger = aws.browser().get()
        stranger.post(path.format(camera=garden), setting="sleep", value="on", step="wake")
        assert 'name="password"' in stranger.page

    def test_a_camera_of_another_household_is_as_one_that_is_not_there(
        self, aws: PublicPages, mine: Browser, theirs: Browser
    ) -> None:
        camera = mine.get().id_of("Nursery")  # it is shared with nobody
        theirs.get()
        before = aws.vendor.cameras()["Nursery"]
        for path in ("/home/cameras/{}", "/home/cameras/{}/delete"):
            assert theirs.get(path.format(camera)).status == 404
        for path in ("still.jpg", "last.jpg", "happened/0000000000000000000.jpg"):
            assert theirs.send(f"/home/cameras/{camera}/{path}").status == 404
        token = theirs.get().token()  # of one page for all forms
        offer = theirs.send(
            f"/home/cameras/{camera}",
            "POST",
            '{"session":"s"}',
            content_type="application/json",
            x_csrftoken=token["csrf_token"],
        )
        assert json.loads(offer.page)["reason"] == "not_found"
        for form, fields in (
            ("settings", {"setting": "sleep", "value": "on"}),
            ("settings", {"setting": "audio", "value": "on"}),
            ("restart", {}),
            ("preferences", {"voice_may": "sleep"}),
            ("mend", {"step": "sound-on", "camera": camera}),
            ("delete", {"name": "Nursery"}),
        ):
            theirs.post(f"/home/cameras/{camera}/{form}", **token, **fields)
            assert theirs.status == 404, form
        for step in ("sound-on", "wake", "encryption-off", "favourite-on", "picture-code"):
            theirs.post("/home", camera=camera, step=step, deciphered="1", **token)
            assert theirs.status == 403, step
        assert aws.vendor.cameras()["Nursery"] == before
        assert camera not in aws.store.preferences(aws.account(OTHER).id)

    def test_a_link_of_another_household_neither_ends_nor_changes(self, aws: PublicPages, theirs: Browser) -> None:
        link = aws.link(USER)
        theirs.get()
        camera = theirs.id_of("Study")
        for fields in ({"step": "end"}, {"step": "choose", "cameras": camera}, {"step": "retry-report", "row": link}):
            theirs.get("/home/assistants").post("/home/assistants", link=link, **fields)
            assert theirs.status == 403
        kept = aws.store.link(link)
        assert kept is not None
        assert (kept.ended, kept.cameras) == (None, None)

    def test_a_browser_of_another_household_stays_signed_in(
        self, aws: PublicPages, mine: Browser, theirs: Browser
    ) -> None:
        browsers = aws.store.account_secrets(aws.account(USER).id, "browser-")
        for name in browsers:
            theirs.get("/home/phones").post("/home/phones", step="end-browser", browser=name.removeprefix("browser-"))
        assert "Garden" in mine.get().text
        assert aws.store.account_secrets(aws.account(USER).id, "browser-").keys() == browsers.keys()

    @pytest.mark.parametrize("sent", ["none", "of another browser", "of another site"])
    def test_a_form_without_its_own_token_changes_nothing(
        self, aws: PublicPages, mine: Browser, theirs: Browser, sent: str
    ) -> None:
        link = aws.link(USER)
        mine.get("/home/assistants")
        theirs.get("/home/assistants")
        token = {"none": "", "of another browser": theirs.token()["csrf_token"]}.get(sent, mine.token()["csrf_token"])
        site = "cross-site" if sent == "of another site" else "same-origin"
        body = f"csrf_token={token}&step=end&link={link}"
        mine.send("/home/assistants", "POST", body, content_type=HTML, sec_fetch_site=site)
        assert mine.status == 400
        assert [each.id for each in aws.store.links(aws.account(USER).id)].count(link) == 1

    def test_a_cookie_that_is_made_up_or_was_signed_out_opens_nothing(self, aws: PublicPages) -> None:
        browser = aws.signed_in(OTHER)
        held = browser.cookies[SESSION]
        browser.get().post("/home", step="sign-out")
        for cookie in (held, held[::-1], "x" * 43, "", "x" * 5000):
            found = aws.browser()
            found.cookies[SESSION] = cookie
            assert 'name="password"' in found.get().page
            assert "Study" not in found.text

    def test_a_cookie_that_was_planted_before_the_sign_in_opens_nothing_after_it(self, aws: PublicPages) -> None:
        attacker = aws.browser().sign_in(CAREFUL)  # who has got as far as the vendor's code, and no further
        planted = attacker.cookies[SESSION]
        victim = aws.browser()
        victim.cookies[SESSION] = planted
        victim.get().post("/home", step="again")
        victim.post("/home", step="door", user=OTHER, password="showcam-demo")
        assert "Study" in victim.text
        assert victim.cookies[SESSION] != planted
        assert "Study" not in attacker.get().text

    def test_nothing_comes_without_https(self, aws: PublicPages, mine: Browser) -> None:
        mine.get()
        again = aws.browser()
        again.cookies = dict(mine.cookies) | {"showcam-home": mine.cookies[SESSION]}
        assert again.send("/home", x_forwarded_proto="http").status == 404

    def test_its_cookies_and_pages_are_closed_to_others(self, aws: PublicPages) -> None:
        browser = aws.browser().get()
        browser.send("/home", "POST", "")
        given = aws.browser().get()
        form = f"csrf_token={given.token()['csrf_token']}&step=door&user={USER}&password=showcam-demo"
        given.send("/home", "POST", form, content_type=HTML)
        [session] = [cookie for cookie in given.reply["cookies"] if cookie.startswith(f"{SESSION}=")]
        for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert flag in session
        headers = given.get().reply["headers"]
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


class TestOperator:
    @pytest.mark.parametrize("path", OF_HOUSE)
    def test_pages_of_a_house_are_not_there(self, mine: Browser, garden: str, path: str) -> None:
        assert mine.send(path.format(camera=garden)).status == 404

    @pytest.mark.parametrize(
        "fields",
        [
            {"step": "add-client", "assistant": "google", "redirects": "https://attacker.example/"},
            {"step": "renew-secret", "client": "alexa"},
            {"step": "remove-client", "client": "alexa"},
            {"step": "open-window"},
            {"step": "invite", "user": "friend@example.com"},
            {"step": "take-back", "household": "x"},
        ],
        ids=lambda fields: fields["step"],
    )
    def test_nobody_runs_the_installation_from_here(
        self, aws: PublicPages, mine: Browser, fields: dict[str, str]
    ) -> None:
        before, households = aws.store.clients(), {account.id for account in aws.store.accounts()}
        mine.get("/home/assistants").post("/home/assistants", **fields)
        assert mine.status == 400
        assert aws.store.clients() == before
        assert {account.id for account in aws.store.accounts()} == households
        assert aws.clients["alexa"] not in mine.page
        for of_operator in ("Clients", "Who may link", "Set up Alexa"):
            assert of_operator not in mine.get("/home/assistants").text

    @pytest.mark.parametrize("step", ["home-code", "ask-camera", "trust-keys"])
    def test_no_camera_is_asked_in_a_house(self, mine: Browser, step: str) -> None:
        mine.get().post("/home", camera=mine.id_of("Garden"), step=step, home_code="GKRTUV")
        assert mine.status == 403
        assert 'role="alert"' in mine.page

    @pytest.mark.parametrize("sign_up", ["owner", "invited", "anyone"])
    def test_no_driver_reaches_a_house(self, aws: PublicPages, sign_up: SignUp) -> None:
        settings = Settings(store="dynamodb", keys_secret="keys", sign_up=sign_up)
        built = drivers(settings, aws.store)
        assert [driver.takes_codes for driver in built.values() if isinstance(driver, AsksCameras)] == [False]
        assert "lan" not in built

    def test_no_printed_code_is_taken(self, aws: PublicPages) -> None:
        stranger = aws.browser().get().post("/home", step="enter", entry="x" * 43)
        assert stranger.status == 403
        assert SESSION not in stranger.cookies


class TestTries:
    def test_wrong_passwords_count_together_with_those_of_linking(self, aws: PublicPages) -> None:
        assert aws.browser().sign_in("nobody@example.com", "wrong").status == 403
        before = sign_ins(aws)
        for sign_in in (aws.browser().sign_in, aws.browser().sign_in_to_link):
            assert sign_in("nobody@example.com", "wrong").status == 403
        assert sign_ins(aws) == before  # EZVIZ, which would lock the name, is not asked once more

    def test_a_signed_in_browser_guesses_no_more_passwords_than_a_stranger(self, aws: PublicPages) -> None:
        """The tries of a browser that is signed in are its own only at its own household."""
        guesser = aws.signed_in(OTHER).get()
        said = [
            guesser.post("/home", step="sign-in", user=f"name{number}@example.com", password="wrong").text.lower()
            for number in range(7)
        ]
        assert "too many" in said[-1]

    def test_strangers_lock_no_browser_out_that_was_signed_in(self, aws: PublicPages) -> None:
        owner = aws.signed_in(OTHER)
        owner.get().post("/home", step="sign-out")
        for _ in range(2):
            aws.browser().sign_in(OTHER, "wrong")
        assert "Study" in owner.post("/home", step="door", user=OTHER, password="showcam-demo").text


def test_without_owners_pages_the_address_is_as_unknown_ones(aws: PublicPages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOWCAM_CONSOLE", "off")
    closed = Browser(web_on_lambda.build())
    unknown, home = closed.send("/nothing").page, closed.send("/home").page
    assert (closed.status, home.replace("/home", "/nothing")) == (404, unknown)
    assert 'href="/home"' not in closed.get("/").page


def sign_ins(aws: PublicPages) -> int:
    """How often EZVIZ was asked to sign somebody in."""
    return sum(count for path, count in aws.vendor.calls().items() if "login" in path)


def _ask(link: str, camera: str, reason: str = "") -> Ask:
    now = time.time()
    name = f"{int(now * 1000):011x}{secrets.token_hex(4)}"
    return Ask(name, camera, link, surface="alexa", at=now, took_s=0.8, reason=reason)
