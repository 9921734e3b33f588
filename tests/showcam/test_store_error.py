"""A database that can't be used: each public page says so, with a status that tells a proxy to try again."""

from pathlib import Path

import pytest

from showcam.app import keys
from showcam.app.compose import ground, own_pages, pages
from showcam.app.settings import Settings

HOUSE, PHONE = "http://192.168.1.5:8080", {"REMOTE_ADDR": "192.168.1.7"}


@pytest.mark.parametrize("path", ["/", "/setup/lwa?state=x", "/home"])
@pytest.mark.parametrize(("language", "said"), [("en", "That did not work just now"), ("de", "Das ging gerade nicht")])
def test_a_public_page_says_that_the_store_cannot_be_used(tmp_path: Path, path: str, language: str, said: str) -> None:
    settings = Settings(data=tmp_path, public_url="https://cams.example")
    made = keys.of(settings)
    base = ground.build(settings, made)
    client = pages.app(settings, made, base, skill=own_pages.skill(settings, made, base)).test_client()
    base.store.close()
    settings.database.write_bytes(b"no database" * 1000)
    answer = client.get(path, base_url=HOUSE, headers={"Accept-Language": language}, environ_overrides=PHONE)
    assert (answer.status_code, said in answer.text) == (503, True)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
