"""A family's devices in a real browser: signed out and in again by the password, and a phone added by the QR code."""

from playwright.sync_api import Browser, expect

from tests.browser.test_console_pages import found
from tests.browser.test_home import another, let_in, sign_in, watched
from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

LONG_MS = LONG_S * 1000


def test_who_signs_out_signs_in_again_with_the_password_and_adds_a_phone(chromium: Browser, program: Program) -> None:
    contexts = [chromium.new_context(locale="en-US", viewport={"width": width, "height": 740}) for width in (1280, 360)]
    try:
        page, complaints = watched(contexts[0])
        sign_in(page, another(program), "demo@example.com")
        page.wait_for_selector(".tiles", timeout=LONG_MS)
        page.locator("button[value=sign-out]").press("Enter")
        page.wait_for_selector("button[value=door]", timeout=LONG_MS)
        assert found(page) == []
        assert page.input_value("input[name=user]") == "demo@example.com"
        page.fill("input[name=password]", "showcam-demo")
        page.press("input[name=password]", "Enter")
        page.wait_for_selector(".tiles", timeout=LONG_MS)
        page.goto(f"{program.web}/home/phones")
        assert found(page) == []
        page.locator("button[value=add]").click()
        page.wait_for_selector(".qr svg", timeout=LONG_MS)
        assert found(page) == []

        phone, complaints_of_phone = watched(contexts[1])
        phone.goto(page.input_value("#address"))
        assert "#" not in phone.url
        expect(phone.locator("#code")).to_be_hidden()
        assert found(phone) == []
        phone.get_by_role("button", name="Sign in", exact=True).click()
        phone.wait_for_selector(".tiles", timeout=LONG_MS)
        phone.goto(f"{program.web}/home/setup")
        expect(phone.locator("h1")).to_have_text("Here you can only watch")
        assert found(phone) == []

        page.goto(f"{program.web}/home/phones")
        row = page.locator("#browsers + ul > li", has_text="It only watches.")
        row.get_by_role("button").click()
        expect(row).to_have_count(0, timeout=LONG_MS)
        phone.goto(f"{program.web}/home")
        phone.wait_for_selector("button[value=door]", timeout=LONG_MS)
        # a tile that asked for its video while the session ended is refused, until the next page is there
        assert [complaint for complaint in complaints if "401" not in complaint] == []
        assert [complaint for complaint in complaints_of_phone if "403" not in complaint] == []
    finally:
        for context in contexts:
            context.close()


def test_an_address_with_a_code_signs_in_also_in_the_tab_that_asks_for_it(chromium: Browser, program: Program) -> None:
    """The browser stays on the page, since only what follows # changes. The first code follows a wrong one."""
    context = chromium.new_context(locale="en-US")
    page = context.new_page()
    for wrong in ("#WRONG", ""):
        context.clear_cookies()
        page.goto(f"{program.web}/start")
        page.goto(f"{program.web}/home{wrong}")
        expect(page.locator("#code-error")).to_have_count(1 if wrong else 0)
        page.wait_for_load_state()
        page.goto(another(program))
        page.wait_for_selector("button[value=sign-in]")
    page.go_back()
    assert page.url == f"{program.web}/home"
    context.close()


def test_a_phones_address_works_also_in_the_tab_that_asks_for_its_code(chromium: Browser, program: Program) -> None:
    contexts = [chromium.new_context(locale="en-US") for _ in range(2)]
    owner, phone = (context.new_page() for context in contexts)
    let_in(contexts[0], program)
    owner.goto(f"{program.web}/home/phones")
    owner.locator("button[value=add]").click()
    phone.goto(f"{program.web}/home/phone")
    phone.wait_for_load_state()
    phone.goto(owner.input_value("#address"))
    expect(phone.locator("#code")).to_be_hidden()
    assert "#" not in phone.url
    phone.get_by_role("button", name="Sign in", exact=True).click()
    phone.wait_for_selector(".tiles")
    for context in contexts:
        context.close()


def test_the_language_is_switched_without_script(chromium: Browser, program: Program) -> None:
    context = chromium.new_context(locale="en-US", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{program.web}/home")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.goto(f"{program.web}/help")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    context.close()
