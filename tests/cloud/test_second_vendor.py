"""A second vendor on the deployed stack: its folder in the packages, and sign-in at its own authorization server.

The functions `web` and `fulfillment` run from packages of a copy of showcam with Lakeside in it; npm oidc-provider is
Lakeside's authorization server.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from scripts.deploy_local import stack as stacks
from scripts.deploy_local.displays import Google
from scripts.deploy_local.steps import REDIRECTS
from scripts.deploy_local.walk import Linking
from tests.cloud.conftest import Deployed
from tests.doubles.hls_camera import Authority
from tests.doubles.lakeside_cloud import KARI
from tests.doubles.lakeside_provider import ProviderCloud, signed_in_there
from tests.doubles.lakeside_tree import copied
from tests.doubles.packages import ARCHITECTURE, ROOT
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A second vendor's cameras are linked on AWS by OAuth at its own authorization server, listed and shown",
    leans_on="second stack: npm oidc-provider, ministack, awslambdaric; double: the vendor's cameras",
    also=("tests/whole/test_second_vendor.py",),
)

PRODUCT = "Acme View"
CHANGED = ("web", "fulfillment")
STRANGERS = "ola@lakeside.example"


@dataclass
class World:
    deployed: Deployed
    cloud: ProviderCloud
    trusted: Path

    def linking(self) -> Linking:
        place = self.deployed.place
        made = Linking(place.web, self.trusted, "google", place.secrets["google"], REDIRECTS["google"])
        made.http.headers["Sec-Fetch-Site"] = "same-origin"
        return made

    def sent_there(self, linking: Linking) -> str:
        """The address of the vendor's own page, to which linking sends the browser."""
        page = linking.authorize()
        answer = linking.choose(page, vendor="lakeside")
        there = answer.headers["Location"]
        assert there.startswith(f"https://{self.cloud.host}/oauth/authorize?")
        return there


@pytest.fixture(scope="module")
def world(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("lakeside")
    with ExitStack() as held:
        authority = Authority(folder)
        cloud = held.enter_context(closing(ProviderCloud(authority, folder)))
        cloud.begin(f"{deployed.place.web}/oauth/callback/lakeside")
        trusted = folder / "trusted.pem"
        trusted.write_bytes(deployed.place.authorities.read_bytes() + authority.ca_file.read_bytes())
        made = _packages(copied(folder / "tree", cloud.host, "page"))
        client = deployed.aws.client("lambda", read_timeout=60)
        for name in CHANGED:
            environ, package = deployed.environ(name), ROOT / "build/lambda" / f"{name}.zip"
            held.callback(deployed.set_environ, name, environ)
            held.callback(
                client.update_function_code, FunctionName=stacks.full_name(name), ZipFile=package.read_bytes()
            )
            client.update_function_code(FunctionName=stacks.full_name(name), ZipFile=made[name].read_bytes())
            # the default stack: without media processes, and open to everybody
            more = {"SHOWCAM_CA_FILE": str(trusted), "SHOWCAM_SIGN_UP": "anyone", "SHOWCAM_PICTURES": "vendor"}
            more |= {"SHOWCAM_EXPLAIN": "no", "SHOWCAM_MEDIA_URLS": "", "SHOWCAM_PRODUCT": "product"}
            deployed.set_environ(name, environ | more)
        yield World(deployed, cloud, trusted)


def _packages(tree: Path) -> dict[str, Path]:
    """The zips of the copy; the libraries in them are those that this checkout has installed."""
    for name in ("scripts/package.py", "requirements"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tree / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, tree / name)
    (tree / "build/lambda").mkdir(parents=True)
    (tree / "build/lambda/libraries").symlink_to(ROOT / "build/lambda/libraries")
    (tree / "acme").mkdir()
    (tree / "acme/product.toml").write_text(f'name = "{PRODUCT}"')
    command = [sys.executable, str(tree / "scripts/package.py"), *CHANGED, "--architecture", ARCHITECTURE]
    command += ["--product", str(tree / "acme")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {name: tree / "build/lambda" / f"{name}.zip" for name in CHANGED}


def test_a_customer_signs_in_there_links_and_is_shown_a_camera(world: World) -> None:
    linking, place = world.linking(), world.deployed.place
    there = world.sent_there(linking)
    back = signed_in_there(linking.http, there, f"{place.web}/oauth/callback/lakeside", KARI, world.trusted)
    page = linking.came_back(back)
    assert KARI in page.text
    assert "Pier" in page.text
    tokens = linking.redeem(linking.agree(page)).json()
    display = Google(place.web, world.trusted, tokens["access_token"])

    def pier() -> str:
        return next((each["id"] for each in display.sync() if each["name"]["name"] == "Pier"), "")

    until(pier)
    assert pier().startswith("lakeside-")
    assert display.query(pier())["online"]
    shown = display.streams(pier())
    assert shown["status"] == "SUCCESS", shown
    address = shown["states"]["cameraStreamAccessUrl"]
    assert address.startswith(f"https://{world.cloud.host}/live/")
    assert requests.get(address, verify=str(world.trusted), timeout=LONG_S).text.startswith("#EXTM3U")


def test_its_pages_name_the_integrators_product(world: World) -> None:
    page = world.linking().authorize().text
    assert f'<span class="name">{PRODUCT}</span>' in page
    assert "Sign in to Lakeside" in page
    assert "showcam" not in re.sub(r"<[^>]*>", "", page)


def test_a_state_that_another_browser_began_is_refused(world: World) -> None:
    linking, other = world.linking(), world.linking()
    there = world.sent_there(linking)
    callback = f"{world.deployed.place.web}/oauth/callback/lakeside"
    back = signed_in_there(linking.http, there, callback, STRANGERS, world.trusted)
    refused = other.http.get(back)
    assert refused.status_code == 400
    assert "another browser" in refused.text
    assert STRANGERS in linking.came_back(back).text
