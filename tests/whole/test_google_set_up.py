"""The page of Google's console in a running showcam: the client it makes, and what it shows to copy."""

import re
from collections.abc import Iterator
from json import loads
from pathlib import Path

import pytest

from tests.doubles.console_browser import PASSWORD, Page
from tests.doubles.program import running
from tests.doubles.waiting import LONG_S, within

pytestmark = pytest.mark.proves(
    "A typed project id fills Google's console", leans_on="published: Google's pages; double: Google"
)

URL, PATH, ADDRESS = "https://cams.example", "/home/google", "/home/reachable"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with running(tmp_path_factory.mktemp("google"), demo=False, SHOWCAM_PUBLIC_URL=URL) as program:
        added = program.command("owner", "add", "--lan", "owner", text=f"{PASSWORD}\n{PASSWORD}\n")
        assert added.returncode == 0, added.stderr
        page = Page(program)
        page.enter()
        yield page


def client(page: Page) -> dict[str, object]:
    listed = loads(page.program.command("clients", "list", "--json").stdout)["clients"]
    return next((client for client in listed if client["id"] == "google"), {})


def test_what_is_no_project_id_makes_no_client(page: Page) -> None:
    for project in ("", "x", "Has-Capitals", "9starts-so", "a b c d e f", "x" * 200, "<script>"):
        assert page.post(PATH, step="project", project=project) == 403, project
        assert "No project id" in page.text, project
        assert "<script>" not in page.text
    assert client(page) == {}


def test_the_project_id_is_all_that_is_typed(page: Page) -> None:
    assert page.post(PATH, step="project", project="my-cameras-123") == 200
    secret = page.value("secret")
    assert re.fullmatch(r"[0-9a-f]{64}", secret)
    for address in ("/oauth/authorize", "/oauth/token", "/google/fulfillment"):
        assert f'value="{URL}{address}"' in page.text
    assert client(page)["redirect_uris"] == [
        "https://oauth-redirect.googleusercontent.com/r/my-cameras-123",
        "https://oauth-redirect-sandbox.googleusercontent.com/r/my-cameras-123",
    ]
    assert secret not in page.get(PATH)
    assert secret not in page.program.log.read_text()

    page.post(PATH, step="project", project="another-project")
    assert "another-project" in str(client(page)["redirect_uris"])
    assert 'id="secret"' not in page.text  # it stays as it was

    page.post(PATH, step="secret")
    assert page.value("secret") != secret


@pytest.mark.parametrize("name", ["", "x", "two words", "http://a.example", "<script>.example", "a" * 300])
def test_what_is_no_name_of_a_machine_is_not_kept(page: Page, name: str) -> None:
    assert page.post(ADDRESS, step="address", name=name) == 403
    assert "<script>" not in page.text


def test_an_address_that_a_variable_gives_is_not_kept_here(page: Page) -> None:
    assert page.post(ADDRESS, step="address", name="new.example") == 403
    assert "variable or option sets it" in page.text


def test_an_address_is_kept_by_the_page_and_in_use_within_seconds(tmp_path: Path) -> None:
    with running(tmp_path, demo=False) as program:
        added = program.command("owner", "add", "--lan", "owner", text=f"{PASSWORD}\n{PASSWORD}\n")
        assert added.returncode == 0, added.stderr
        page = Page(program)
        page.enter()
        assert page.post(ADDRESS, step="address", name="https://Cams.example/") == 200
        assert "cams.example" in page.text, "it is kept; a page that comes late is the new process's"
        assert within(LONG_S, lambda: page.shows(ADDRESS, "Assistants come to https://cams.example"))
