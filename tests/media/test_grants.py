"""Grants: signed, for one use, and over in time."""

import itertools
import time
from copy import replace

import pytest

from showcam.engine.grants import BadGrant, Claims, ExpiredGrant, Grants, ProcessAuth, Protocol

OLD, NEW = b"o" * 32, b"n" * 32
CLAIMS = Claims("account", "link", "camera", "hls", "alexa", 2_000_000_000, "nonce")
NOW = 1_999_999_990.0


def test_a_grant_says_what_was_signed() -> None:
    grants = Grants([OLD])
    assert grants.verify(grants.sign(CLAIMS), "hls", NOW) == CLAIMS
    assert grants.verify(grants.sign(CLAIMS), ("session", "hls"), NOW) == CLAIMS
    explaining = replace(CLAIMS, explains=True)
    assert grants.verify(grants.sign(explaining), "hls", NOW) == explaining
    text, claims = grants.issue(
        account="a", link="l", camera="ezviz-a2", protocol="webrtc", surface="google", now=NOW, life_s=60
    )
    assert grants.verify(text, "webrtc", NOW + 59) == claims
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_grant_beside_another_claims_the_same_for_its_own_use() -> None:
    grants = Grants([OLD])
    image = grants.verify(grants.beside(CLAIMS, "snapshot"), "snapshot", NOW)
    assert replace(image, protocol="hls", nonce=CLAIMS.nonce) == CLAIMS
    assert image.nonce != CLAIMS.nonce


def test_keys_can_be_rotated() -> None:
    old = Grants([OLD]).sign(CLAIMS)
    assert Grants([NEW, OLD]).verify(old, "hls", NOW) == CLAIMS
    assert Grants([NEW, OLD]).sign(CLAIMS) == Grants([NEW]).sign(CLAIMS)
    with pytest.raises(BadGrant):
        Grants([NEW]).verify(old, "hls", NOW)


def test_every_changed_byte_is_noticed() -> None:
    grants = Grants([OLD])
    text = grants.sign(CLAIMS)
    for at, letter in itertools.product(range(0, len(text), 3), "A_."):
        if text[at] == letter:
            continue
        with pytest.raises(BadGrant):
            grants.verify(text[:at] + letter + text[at + 1 :], "hls", NOW)


@pytest.mark.parametrize("text", ["", ".", "a", "a.b", "=.=", "ø.ø", "a" * 5000, "\x00.\x00", "a.b.c"])
def test_nonsense_is_no_grant(text: str) -> None:
    with pytest.raises(BadGrant):
        Grants([OLD]).verify(text, "hls", NOW)


def test_a_grant_is_for_one_use_and_one_time() -> None:
    grants = Grants([OLD])
    text = grants.sign(CLAIMS)
    protocol: Protocol | tuple[Protocol, ...]
    for protocol in ("webrtc", "snapshot", "session", ("webrtc", "session")):
        with pytest.raises(BadGrant):
            grants.verify(text, protocol, NOW)
    with pytest.raises(ExpiredGrant):
        grants.verify(text, "hls", CLAIMS.expires)
    with pytest.raises(BadGrant):
        grants.verify(grants.sign(replace(CLAIMS, expires=0)), "session", time.time())


def test_no_field_can_stand_for_two() -> None:
    grants = Grants([OLD])
    for claims in (replace(CLAIMS, account="account.link", link=""), replace(CLAIMS, nonce="nonce.1")):
        with pytest.raises(BadGrant):
            grants.verify(grants.sign(claims), "hls", NOW)


def test_short_keys_are_refused() -> None:
    for keys in ([], [b"short"], [OLD, b"short"]):
        with pytest.raises(ValueError, match="32 bytes"):
            Grants(keys)


def test_the_processes_know_each_other_by_the_grant_key() -> None:
    shown = Grants([OLD]).proof().make("/internal/warm", b"{}", 1000.0)
    assert Grants([NEW, OLD]).proof().covers(shown, "/internal/warm", b"{}", 1000.0)
    for wrong in ("", "x", "v1;;;", shown[:-1], shown + "x", shown.replace("v1", "v2"), "ø" * 4, shown + "\udce6"):
        assert not Grants([OLD]).proof().covers(wrong, "/internal/warm", b"{}", 1000.0)
    for path, body, now in (("/internal/end", b"{}", 1000.0), ("/internal/warm", b"", 1000.0)):
        assert not Grants([OLD]).proof().covers(shown, path, body, now)
    for now in (900.0, 1100.0):
        assert not Grants([OLD]).proof().covers(shown, "/internal/warm", b"{}", now)
    # a key of its own: what is signed for displays opens none of these doors
    assert not ProcessAuth([OLD]).covers(shown, "/internal/warm", b"{}", 1000.0)
