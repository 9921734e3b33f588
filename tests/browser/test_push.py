"""A browser subscribes on the page of phones, a ring reaches its push service, and its worker shows the ring."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import test_console_pages
from tests.doubles.program import Program
from tests.doubles.push_service import PushService
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A ring reaches a browser by Web Push, with the address of the camera's page, until one press ends it",
    leans_on="second stack: Chromium and Node's WebCrypto; double: the push service, which no browser here has",
    also=("tests/net/test_web_push.py",),
)

linked, session, signed_in = test_console_pages.linked, test_console_pages.session, test_console_pages.signed_in

# Chromium's own push service is out of reach: the browser is given the subscription of the double.
SUBSCRIBES = """(given) => {
    PushManager.prototype.subscribe = async function ({ userVisibleOnly, applicationServerKey }) {
        window.subscribedFor = [userVisibleOnly, applicationServerKey.length];
        const { address: endpoint, key: p256dh, secret: auth } = given;
        return { toJSON: () => ({ endpoint, keys: { p256dh, auth } }) };
    };
    Notification.requestPermission = async () => "granted";
}"""
# Headless Chromium shows no notification: the worker keeps what it was to show.
KEEPS = "() => { self.registration.showNotification = async (title, shown) => { self.shown = { title, ...shown }; }; }"


@pytest.fixture
def service(linked: Program) -> Iterator[PushService]:
    folder = linked.data / "simulator"
    made = PushService(folder / "server.pem", folder / "server.key")
    yield made
    made.close()


def delivered(page: Page, origin: str, message: str) -> None:
    """Has Chromium give the worker what the push service opened."""
    tool, found = page.context.new_cdp_session(page), list[str]()
    tool.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(_ids(event)))
    tool.send("ServiceWorker.enable")
    while not found:
        page.wait_for_timeout(50)
    tool.send("ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[0], "data": message})


def _ids(event: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["registrationId"] for each in event["registrations"] if each["scopeURL"].endswith("/home/")]


def test_a_ring_is_shown_by_a_browser_that_subscribed(
    signed_in: Callable[..., Page], linked: Program, service: PushService
) -> None:
    page = signed_in(path="/home/phones")
    page.context.grant_permissions(["notifications"], origin=linked.web)
    given = {"address": service.address, "key": service.key, "secret": service.secret}
    page.evaluate(SUBSCRIBES, given)
    page.locator("#rings > summary").click()
    page.get_by_role("button", name="Send it to this browser").click()
    expect(page.get_by_role("button", name="Send nothing to this browser")).to_be_visible()
    door = page.get_by_role("group", name="Front Door")
    door.get_by_label("Rings").check()
    page.locator("#rings").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Done.")).to_be_visible()
    linked.change("Front Door", press=True)
    came = service.next(2 * LONG_S)
    message = json.loads(came["message"])
    assert (message["title"], came["ttl"]) == ("Front Door: Somebody rang", 45)
    [worker] = page.context.service_workers
    worker.evaluate(KEEPS)
    delivered(page, linked.web, came["message"])
    until(lambda: worker.evaluate("() => self.shown"))
    shown = worker.evaluate("() => self.shown")
    expected = {"title": message["title"], "body": message["text"], "data": message["live"]}
    assert {name: shown[name] for name in expected} == expected
    page.goto(message["live"])
    expect(page.get_by_role("heading", name="Front Door", exact=True)).to_be_visible()
    page.goto(f"{linked.web}/home/phones")
    page.locator("#rings > summary").click()
    page.get_by_role("button", name="Send nothing to this browser").click()
    expect(page.get_by_role("button", name="Send it to this browser")).to_be_visible()


def test_a_browser_that_refuses_is_told_so(signed_in: Callable[..., Page], context: BrowserContext) -> None:
    page = signed_in(path="/home/phones")
    page.evaluate("Notification.requestPermission = async () => 'denied'")
    page.locator("#rings > summary").click()
    page.get_by_role("button", name="Send it to this browser").click()
    expect(page.get_by_text("That did not work.")).to_be_visible()
