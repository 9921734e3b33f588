"""The console behind real proxies, nginx and Caddy as Debian has them, set up as docs/maintainer/running.md says."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from scripts.deploy_local.emulator import free_ports
from tests.doubles.program import ROOT, Program, running
from tests.doubles.waiting import LONG_S, until
from tests.whole.test_own_proxy import LINK, OWN, OWN_PASSWORD

PACKAGES = ROOT / "build/ship/proxies"
BASE = "/cameras"
IN_HOUSE = {
    "X-Forwarded-For": "192.168.1.20"
}  # both pass this on here, as a browser on this machine is not in the house
NGINX = """
daemon off; error_log stderr; pid {folder}/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /cameras/ {{
            proxy_pass http://127.0.0.1:{web}/;
            proxy_set_header Host $http_host;
            proxy_set_header X-Base-Path /cameras;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""
CADDY = """
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    handle_path /cameras/* {{
        reverse_proxy 127.0.0.1:{web} {{
            trusted_proxies 127.0.0.1/32
            header_up X-Base-Path /cameras
        }}
    }}
}}
"""
COMMANDS = {
    "nginx": (NGINX, "usr/sbin/nginx", ("-p", "{folder}", "-c", "{file}")),
    "caddy": (CADDY, "usr/bin/caddy", ("run", "--adapter", "caddyfile", "--config", "{file}")),
}


@pytest.fixture(scope="module")
def binaries() -> Path:
    """Both proxies out of Debian's packages, installed nowhere."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    if not all((PACKAGES / path).exists() for _, path, _ in COMMANDS.values()):
        subprocess.run(["apt-get", "download", "nginx", "caddy"], cwd=PACKAGES, check=True, capture_output=True)
        for package in PACKAGES.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package.name, "."], cwd=PACKAGES, check=True)
    return PACKAGES


@pytest.fixture
def showcam(tmp_path: Path) -> Iterator[Program]:
    with running(tmp_path, forked=False, demo=False, SHOWCAM_CONSOLE="127.0.0.1 X-Base-Path") as program:
        yield program


@pytest.fixture(params=COMMANDS)
def proxy(request: pytest.FixtureRequest, showcam: Program, binaries: Path, tmp_path: Path) -> Iterator[str]:
    text, binary, words = COMMANDS[request.param]
    port, file = free_ports(1), tmp_path / "proxy.conf"
    file.write_text(text.format(folder=tmp_path, port=port, web=showcam.port))
    command = [str(binaries / binary), *(word.format(folder=tmp_path, file=file) for word in words)]
    with (tmp_path / "proxy.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        )
    at = f"http://127.0.0.1:{port}"

    def serves() -> bool:
        assert process.poll() is None, (tmp_path / "proxy.log").read_text()
        try:
            return requests.get(f"{at}{BASE}/home", timeout=LONG_S).status_code == 200
        except requests.ConnectionError:
            return False

    try:
        until(serves)
        yield at
    finally:
        process.terminate()
        process.wait(LONG_S)


def test_the_console_is_below_its_path_and_signs_in(showcam: Program, proxy: str) -> None:
    with requests.Session() as browser:
        browser.headers.update({"Accept": "text/html", **IN_HOUSE})

        def pressed(page: requests.Response, **form: str) -> requests.Response:
            token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
            return browser.post(f"{proxy}{BASE}/home", {"csrf_token": token} | form, timeout=LONG_S)

        page = browser.get(f"{proxy}{BASE}/", timeout=LONG_S)
        assert urlsplit(page.url).path == f"{BASE}/home"
        code = showcam.command("home").stdout.strip().rpartition("#")[2]
        page = pressed(page, step="enter", entry=code)
        page = pressed(page, step="own", own_user=OWN, own_password=OWN_PASSWORD)
        assert f"{BASE}/home/assistants" in page.text
        links = set(LINK.findall(page.text))
        assert [link for link in links if not link.startswith(f"{BASE}/")] == []
        for link in sorted(links):
            if "/static/" in link:
                assert browser.get(f"{proxy}{link}", timeout=LONG_S).status_code == 200, link
    assert requests.get(f"{proxy}{BASE}/healthz", timeout=LONG_S).status_code == 404
    assert requests.get(f"{proxy}{BASE}/home/assistants", timeout=LONG_S).status_code == 401
