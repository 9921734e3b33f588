"""Bad luck in Chromium: a full disk, a wrong clock, a session that ends, a camera that is removed."""

import contextlib
import datetime
import resource
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import steadily
from tests.browser.test_home import another, at_start, enter, sign_in, signed_out_elsewhere, tile, watched
from tests.doubles.listening import below
from tests.doubles.program import Program

USER = "demo@example.com"
SEND_STILL = """camera => new Promise((made) => {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 9, 9);
    canvas.toBlob(made, "image/jpeg");
}).then((body) => fetch(`/home/cameras/${camera}/last`, { method: "POST", body, headers: {
    "Content-Type": "image/jpeg", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content } }))
    .then(({ status }) => status)"""


def signed_in(context: BrowserContext, program: Program, user: str = USER) -> Page:
    page, _ = watched(context)
    enter(page, program, user)
    page.wait_for_selector(".tiles")
    return page


def open_settings(page: Page, name: str) -> None:
    tile(page, name).locator("a[href^='/home/cameras/']").press("Enter")
    page.locator("#settings > summary").press("Enter")


def write_at_most(program: Program, size: int) -> None:
    """Limits every file that a process of the program writes, in bytes; a process starts others with its own limit."""
    assert program.process is not None
    for process in (program.process.pid, *below(program.process.pid)):
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_is_said_and_what_was_typed_stays(context: BrowserContext, tmp_path: Path) -> None:
    with steadily(tmp_path) as program:
        page, _ = watched(context)
        sign_in(page, at_start(program), USER)
        page.wait_for_selector(".tiles")
        open_settings(page, "Garden")
        page.route("**/settings.js", lambda route: route.abort())
        page.reload()
        page.locator("#settings > summary").press("Enter")
        write_at_most(program, 0)
        page.fill("#room", "Yard")
        page.get_by_role("button", name="Save").press("Enter")
        expect(page.get_by_role("heading", name="showcam can't write to its disk")).to_be_visible()
        page.get_by_role("link", name="Go on").press("Enter")
        expect(tile(page, "Garden")).to_be_visible()
        write_at_most(program, resource.RLIM_INFINITY)
        tile(page, "Garden").locator("a[href^='/home/cameras/']").press("Enter")
        expect(page.locator("#room")).to_have_value("Yard")
        page.get_by_role("button", name="Save").press("Enter")
        expect(page.get_by_text("Kept.")).to_be_visible()


def test_what_was_typed_when_the_session_ended_is_there_after_the_sign_in(
    context: BrowserContext, program: Program
) -> None:
    page, _ = watched(context)
    sign_in(page, another(program), USER)
    page.wait_for_selector(".tiles")
    token = str(page.locator("[name=csrf_token]").first.get_attribute("value"))
    open_settings(page, "Garden")
    at = page.url
    page.fill("#room", "Yard")
    signed_out_elsewhere(context, program, token)  # the page finds that out by itself
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    page.fill("input[name=user]", USER)
    page.fill("input[name=password]", "showcam-demo")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(at)
    expect(page.locator("#room")).to_have_value("Yard")
    expect(page.locator("[data-renewed=preferences]").get_by_text("Kept.")).to_be_visible()


def test_no_secret_is_kept_in_the_browser(context: BrowserContext, program: Program) -> None:
    page = signed_in(context, program)
    page.goto(f"{program.web}/home/cameras/add?other")
    for field in ("user", "password", "address"):
        page.fill(f"#{field}", f"typed-{field}")
    page.goto(f"{program.web}/h/1")  # a page that is none of the console's
    kept = page.evaluate("JSON.stringify({ ...sessionStorage, ...localStorage })")
    assert ("typed-user" in kept, "typed-password" in kept) == (True, False)


def test_no_decision_about_an_encrypted_camera_is_kept_in_the_browser(
    context: BrowserContext, program: Program
) -> None:
    """Another owner may sign in next, who would find it ticked."""
    page = signed_in(context, program)
    page.evaluate("history.replaceState({}, '', '/home?tried')")
    kept = {}
    for name in ("while_encrypted", "room"):
        page.evaluate(
            """name => document.querySelector("main").insertAdjacentHTML("beforeend",
                `<form><input type="checkbox" name="${name}"></form>`)""",
            name,
        )
        page.locator(f"main form > input[name={name}]").last.check()
        kept[name] = page.evaluate("dispatchEvent(new Event('pagehide')), JSON.stringify({ ...sessionStorage })")
    assert [name in kept[name] for name in kept] == [False, True]


def test_a_double_press_sends_a_form_once(context: BrowserContext, program: Program) -> None:
    page = signed_in(context, program)
    page.goto(f"{program.web}/home/phones")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.url.endswith("/home/phones") else None)
    button = page.locator("button[value=add]").first
    page.evaluate("button => { button.click(); setTimeout(() => button.click(), 50); }", button.element_handle())
    expect(page.locator("#address")).to_have_count(1)
    assert sent.count("POST") == 1


def test_a_browser_whose_clock_is_wrong_says_the_right_age_of_a_still(
    context: BrowserContext, program: Program
) -> None:
    page = signed_in(context, program)
    garden = tile(page, "Garden").get_attribute("data-camera")
    assert page.evaluate(SEND_STILL, garden) == 204
    page.route("**/home/cameras/*", lambda route: route.abort())  # no video comes
    page.clock.install(time=datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3))
    page.reload()
    page.clock.run_for(6000)  # the script says each age again every five seconds
    expect(tile(page, "Garden").locator(".age")).to_have_text("just now")


def test_a_camera_that_is_removed_while_it_is_watched_says_so(context: BrowserContext, tmp_path: Path) -> None:
    with steadily(tmp_path) as program:
        page, _ = watched(context)
        sign_in(page, at_start(program), USER)
        tile(page, "Barn").locator("video").wait_for(state="attached")
        other = context.new_page()
        other.goto(f"{program.web}/home")
        camera = tile(other, "Barn").get_attribute("data-camera")
        other.goto(f"{program.web}/home/cameras/{camera}/own")
        other.locator("summary", has_text="Remove").press("Enter")
        other.locator("button[value=remove]").press("Enter")
        expect(tile(page, "Barn").locator(".wrong")).to_have_text("This camera is gone.")


def test_without_scripts_reasons_and_stills_are_shown_and_a_form_works(
    chromium: Browser, context: BrowserContext, program: Program
) -> None:
    state = signed_in(context, program).context.storage_state()
    plain = chromium.new_context(locale="en-US", java_script_enabled=False, storage_state=state)
    page = plain.new_page()
    page.goto(f"{program.web}/home")
    expect(page.locator("noscript .alert")).to_contain_text("Live pictures need JavaScript")
    expect(page.get_by_text("Image Encryption is on for Garage")).to_be_visible()
    expect(tile(page, "Garden").locator("img.still").last).to_be_visible()
    tile(page, "Pond").locator(".favour").press("Enter")
    expect(page.locator(".tile").first).to_have_attribute("data-name", "Pond")
    tile(page, "Pond").locator(".favour").press("Enter")
    plain.close()
