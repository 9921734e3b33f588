"""What a display may ask for, and how it is refused."""

import json
import time
from typing import Any

import pytest

from showcam.engine.grants import Grants
from tests.doubles.echo_offer import offer
from tests.doubles.hls_camera import Household
from tests.media.conftest import World

STRANGER = Grants([b"another key altogether, 32 bytes"])


def test_only_our_own_unspent_grants_for_this_use_open_anything(world: World, household: Household) -> None:
    signed = world.grant()
    session = world.grant(protocol="session")
    table = [
        # grant, what is asked with it, status
        ("nonsense", "master.m3u8", 403),
        ("", "master.m3u8", 404),
        ("a" * 2000, "master.m3u8", 403),
        ("ø", "master.m3u8", 403),
        (signed[:-4] + "AAAA", "master.m3u8", 403),
        ("x" + signed, "master.m3u8", 403),
        (STRANGER.sign(world.claims()), "master.m3u8", 403),
        (world.grant(protocol="webrtc"), "master.m3u8", 403),
        (world.grant(protocol="snapshot"), "master.m3u8", 403),
        (signed, "snapshot.jpg", 403),
        (signed, "start/index.m3u8", 403),
        (signed, "start/0.ts", 403),
        (world.grant(expires=int(time.time()) - 1), "master.m3u8", 410),
        (world.grant(protocol="snapshot", expires=int(time.time()) - 1), "snapshot.jpg", 410),
        (world.grant(protocol="session", expires=int(time.time()) - 1), "start/index.m3u8", 410),
        (session, "start/index.m3u8", 410),
        (session, "start/0.ts", 410),
    ]
    got = [(asked, world.request(f"/s/{grant.replace('ø', '%C3%B8')}/{asked}").status) for grant, asked, _ in table]
    assert got == [(asked, status) for _, asked, status in table]
    assert household.opened == [], "a bad grant costs no I/O"


@pytest.mark.parametrize(
    ("began", "method", "asked", "status"),
    [
        ("hls", "GET", "master.m3u8", 200),
        ("hls", "POST", "whep", 403),
        ("webrtc", "POST", "whep", 201),
        ("webrtc", "GET", "master.m3u8", 403),
        ("webrtc", "GET", "{start}/index.m3u8", 403),
        ("webrtc", "GET", "{start}/0.ts", 403),
        ("webrtc", "DELETE", "whep", 200),
        ("hls", "DELETE", "", 200),
    ],
)
def test_what_a_session_goes_on_with_is_for_the_protocol_it_began_with(
    world: World, began: str, method: str, asked: str, status: int
) -> None:
    variant = world.variant_url(world.master()).split("/s/")[1].split("/")
    said: dict[str, Any] = {"body": offer().encode(), "Content_Type": "application/sdp"}
    answered = world.request(f"/s/{world.grant(protocol='webrtc')}/whep", "POST", **said)
    sessions = {"hls": variant[0], "webrtc": answered.headers["Location"].split("/")[1]}
    path = f"/s/{sessions[began]}/{asked.format(start=variant[1])}".rstrip("/")
    assert world.request(path, method, **(said if method == "POST" else {})).status == status


def test_offers_need_a_grant_for_them(world: World) -> None:
    def post(grant: str, content_type: str = "application/sdp", body: bytes = b"v=0\r\n") -> int:
        return world.request(f"/s/{grant}/whep", "POST", body, Content_Type=content_type).status

    assert post(world.grant()) == 403
    assert post(world.grant(protocol="snapshot")) == 403
    assert post(world.grant(protocol="webrtc", expires=1)) == 410
    assert post(world.grant(protocol="webrtc"), "application/json") == 415
    assert post(world.grant(protocol="webrtc"), body=b"x" * 70_000) == 413
    assert post(world.grant(protocol="webrtc")) == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/s/nonsense/master.m3u8", 403),
        ("GET", "/s/nonsense/no-such-thing/at/all", 404),
        ("GET", "/s/{expired}/master.m3u8", 410),
        ("GET", "/s/{good}/master.m3u8", 200),
        ("HEAD", "/s/{good}/master.m3u8", 200),
        ("GET", "/s/{snapshot}/snapshot.jpg", 200),
        ("PUT", "/s/{good}/master.m3u8", 405),
        ("POST", "/s/{webrtc}/whep", 415),
        ("DELETE", "/s/{good}", 403),
        ("DELETE", "/s/{session}", 200),
        ("OPTIONS", "/s/{good}/master.m3u8", 204),
        ("OPTIONS", "/s/anything/whep", 204),
    ],
)
def test_any_page_may_read_every_answer(world: World, method: str, path: str, status: int) -> None:
    grants = {
        "good": world.grant(),
        "expired": world.grant(expires=1),
        "snapshot": world.grant(protocol="snapshot"),
        "webrtc": world.grant(protocol="webrtc"),
        "session": world.grant(protocol="session"),
    }
    answer = world.request(path.format(**grants), method)
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "Range, Content-Type, Accept-Encoding"
    assert "Content-Length" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Set-Cookie"] is None
    assert answer.headers["Location"] is None
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.body)["status"] == status
    if status != 204:
        assert int(answer.headers["Content-Length"]) >= len(answer.body)


def test_files_are_named_strictly(world: World) -> None:
    url = world.variant_url(world.master())
    folder = url.rpartition("/")[0]
    table = {
        "index.m3u8": 200,
        "0.ts": 200,
        "9999.ts": 404,
        "..": 404,
        ".0.ts": 404,
        "0.ts%2f": 404,
        "%2e%2e%2f0.ts": 404,
        "-1.ts": 404,
        "0.mp4": 404,
        "0.ts.bak": 404,
        "٣.ts".encode().hex("%").join(("%", "")): 404,
    }
    assert {name: world.request(f"{folder}/{name}").status for name in table} == table


def test_the_other_processes_doors_do_not_exist_for_anybody_else(world: World, grants: Grants) -> None:
    for path in ("warm", "answer", "end", "live"):
        door, now = f"/internal/{path}", time.time()
        shown = grants.proof().make(door, b"{}", now)
        strangers = {
            "nothing": "",
            "no proof": "wrong",
            "no text": "\xe6\xff",
            "another's": STRANGER.proof().make(door, b"{}", now),
            "of another door": grants.proof().make("/internal/stats", b"{}", now),
            "of another body": grants.proof().make(door, b"{ }", now),
            "of two minutes ago": grants.proof().make(door, b"{}", now - 120),
            "of the time to come": grants.proof().make(door, b"{}", now + 120),
            "later by a stroke of the pen": shown.replace(str(int(now)), str(int(now) + 1)),
        }
        for what, stranger in strangers.items():
            assert world.request(door, "POST", b"{}", X_Showcam_Internal=stranger).status == 404, what
        assert world.request(door, "POST", b"{}", X_Showcam_Internal=shown).status == 422
    assert world.request("/internal/stats").status == 404
    names = {"sessions", "live", "webrtc", "pulls", "pulls_live", "reopened", "minted", "transcodes", "left_out"}
    assert set(world.stats()) == names
    assert json.loads(world.request("/healthz").body) == {"status": "ok"}
