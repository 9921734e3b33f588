"""The three ways to a public address send each path to the port that serves it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from showcam.app.http_types import LONGEST_BODY
from showcam.app.process.settings_sources import load
from showcam.app.settings import Settings
from showcam.app.setup.tailscale import targets
from showcam.console.setup import recipes
from tests.doubles.tailscale import target_of

pytestmark = pytest.mark.proves("The recipes for a public address lead each path to its port")

DOCS = Path(__file__).parents[2] / "docs" / "owner"
COMPOSE = Path(__file__).parents[2] / "ship/compose.yaml"
TEXT = (DOCS / "reachable.md").read_text()
KNOWN = Settings()
WEB, MEDIA = (f"http://127.0.0.1:{port}" for port in (KNOWN.port, KNOWN.media_port))

PICTURES = ["/s/a.grant/master.m3u8", "/s/a.grant/whep", "/s/a.grant/0a1b/7.ts"]
PAGES = ["/", "/healthz", "/oauth/authorize", "/alexa/skill", "/google/fulfillment", "/static/look.css", "/s", "/sign"]


def section(heading: str) -> str:
    [_, after] = TEXT.split(f"\n{heading}\n")
    return re.split(r"\n##", after)[0]


def block(text: str, first: str) -> str:
    """The indented block that begins with this line."""
    lines = text[text.index(first) :].splitlines()
    found = re.search(rf"^ *(?={re.escape(first)})", text, re.MULTILINE)
    assert found
    indent = len(found[0])
    kept = [lines[0]]
    for line in lines[1:]:
        if line.strip() and not line.startswith(" " * indent):
            break
        kept.append(line[indent:])
    return "\n".join(kept)


def caddy(path: str) -> str:
    """Of sites with `handle` the first that matches answers, the one without a path last."""
    written = block(section("### Caddy"), "cam.example.org {")
    handles = re.findall(r"handle (?:(\S+) )?{\s+reverse_proxy (\S+)", written)
    assert [match for match, _ in handles] == ["/s/*", ""]
    [to] = [to for match, to in handles if match and path.startswith(match.removesuffix("*"))] or [handles[-1][1]]
    return f"http://{to}{path}"


def funnel(path: str) -> str:
    """Showcam mounts these paths itself."""
    return target_of(targets(KNOWN.port, KNOWN.media_port), path)


def tunnel(path: str) -> str:
    """The first rule that matches answers; `path` is a regular expression, and nothing is rewritten."""
    rules = yaml.safe_load(recipes.cloudflare(recipes.EXAMPLE, KNOWN.port, KNOWN.media_port))["ingress"]
    assert rules[-1] == {"service": "http_status:404"}
    rule = next(rule for rule in rules if re.search(rule.get("path", ""), path))
    return f"{rule['service']}{path}"


@pytest.mark.parametrize("recipe", [caddy, funnel, tunnel])
def test_each_path_is_sent_to_its_port(recipe: Callable[[str], str]) -> None:
    for path in PICTURES:
        assert recipe(path) == MEDIA + path
    # what merely begins like it is a page; under /s itself there is none
    for path in PAGES:
        assert recipe(path) == WEB + path or (recipe, path) == (funnel, "/s")


def test_caddy_keeps_bodies_as_large_as_showcam_takes() -> None:
    sizes = set(re.findall(r"(?:max_buffer_size|request_buffers) (\d+)KiB", section("### Caddy")))
    assert [int(size) * 1024 for size in sizes] == [LONGEST_BODY]


def test_what_goes_into_the_settings_is_taken(tmp_path: Path) -> None:
    written = block(section("## A public address"), 'public_url = "')
    file = tmp_path / "showcam.toml"
    file.write_text(written)
    taken = load(environ={}, file=file)
    assert (taken.public_url, taken.trusted_proxies) == ("https://cam.example.org", ("127.0.0.1",))


def test_other_machines_of_the_tailnet_do_not_arrive_from_this_machine() -> None:
    service = yaml.safe_load(COMPOSE.read_text())["services"]["tailscale"]
    assert service["environment"]["TS_USERSPACE"] == "false"
    assert service["devices"] == ["/dev/net/tun:/dev/net/tun"]
    assert service["cap_add"] == ["NET_ADMIN", "NET_RAW"]


@pytest.mark.parametrize("document", ["alexa.md", "google.md", "reachable.md"])
def test_links_lead_to_a_heading(document: str) -> None:
    for file, anchor in re.findall(r"\]\(([\w-]*\.?\w*)#([\w-]+)\)", (DOCS / document).read_text()):
        headings = re.findall(r"^#+ (.+)$", (DOCS / (file or document)).read_text(), re.MULTILINE)
        assert anchor in [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings], (
            file,
            anchor,
        )
