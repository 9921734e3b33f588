"""Sizes that the vendor does not list: measured when a picture is opened, and kept."""

from collections.abc import Callable
from copy import replace
from typing import Any

import msgspec
import pytest

from showcam.drivers.camera import Camera, Listed, Measured, Ref, Video
from showcam.engine.grants import Claims, Picture
from showcam.registry.adapter import adapt
from showcam.registry.gate.gate import shown
from showcam.registry.owner.owner import Owner
from showcam.registry.preferences import Preferences
from showcam.registry.readings.households import Measurement, completed, decoded, encoded, resized
from showcam.store.ports import StoreUnavailable
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import camera

UNKNOWN = Video("h264")


@pytest.fixture
def untold(home: Household) -> Household:
    home.driver.change("Garden", video=UNKNOWN, sub=UNKNOWN)
    return home


def claims(home: Household, name: str = "Garden", **changes: object) -> Claims:
    made = Claims(home.account.id, home.link.id, home.id(name), "hls", "alexa", 0, "n")
    return replace(made, **changes)  # type: ignore[arg-type]


def garden(home: Household, owner: Owner | None = None) -> Camera:
    listing = (owner or home.owner).cameras(home.account.id)
    return next(listed_camera for listed_camera in listing.cameras if listed_camera.name == "Garden")


def another_process(home: Household) -> Owner:
    return adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, home.rules, home.clock).owner


def test_a_size_is_learnt_and_outlives_readings_and_processes(untold: Household) -> None:
    before = untold.owner.cameras(untold.account.id).fingerprint
    untold.questions.learn(claims(untold), 2304, 1296)
    untold.questions.learn(claims(untold, picture="sub"), 768, 432)
    for owner in (untold.owner, another_process(untold), another_process(untold)):
        found = garden(untold, owner)
        assert (found.video, found.sub) == (Video("h264", 2304, 1296), Video("h264", 768, 432))
    assert untold.owner.cameras(untold.account.id).fingerprint != before, "what is advertised is made again"
    untold.driver.change("Garden", audio="off")
    assert (garden(untold).audio, garden(untold).video.width) == ("off", 2304)


def test_a_size_that_was_learnt_twice_is_written_once(untold: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    untold.questions.learn(claims(untold), 1920, 1080)
    written: list[str] = []
    keep = untold.store.record_change

    def counted(account: str, source: str, known: object) -> None:
        written.append(account)
        keep(account, source, known)  # type: ignore[arg-type]

    monkeypatch.setattr(untold.store, "record_change", counted)
    untold.questions.learn(claims(untold), 1920, 1080)
    assert not written
    untold.questions.learn(claims(untold), 1280, 720)
    assert written
    assert garden(untold).video.width == 1280


def test_the_time_of_a_measurement_is_kept_and_written_only_now_and_then(untold: Household, clock: Clock) -> None:
    began = clock.now
    ages_h = []
    for hours in (0, 1, 13, 14):
        clock.now = began + hours * 3600
        untold.questions.learn(claims(untold), 3840, 2160)
        for owner in (untold.owner, another_process(untold)):
            ages_h.append((garden(untold, owner).measured.looked_at - began) / 3600)
    assert ages_h == [0, 0, 0, 0, 13, 13, 13, 13]


@pytest.mark.parametrize("b_frames", [True, False])
def test_b_frames_are_learnt_and_unlearnt(untold: Household, b_frames: bool) -> None:
    untold.questions.learn(claims(untold), 1920, 1080, b_frames=not b_frames)
    untold.questions.learn(claims(untold), 1920, 1080, b_frames=b_frames)
    for owner in (untold.owner, another_process(untold)):
        assert garden(untold, owner).video == Video("h264", 1920, 1080, b_frames)


@pytest.mark.parametrize("picture", ["main", "sub"])
def test_which_codec_a_picture_has_is_learnt_by_opening_it_and_kept(home: Household, picture: Picture) -> None:
    home.driver.change("Garden", video=Video(), sub=Video())
    seen = claims(home, picture=picture)
    for codec in ("h265", "h264"):  # its owner has chosen another
        home.questions.learn(seen, 1920, 1080, codec=codec)
        for owner in (home.owner, another_process(home)):
            found = garden(home, owner)
            assert (found.video if picture == "main" else found.sub) == Video(codec, 1920, 1080)
    home.questions.learn(seen, 1280, 720)  # by a media process that does not tell it
    assert shown(garden(home), picture) == Video("h264", 1280, 720)


@pytest.mark.parametrize(
    "given",
    [
        lambda home: (claims(home, explains=True), 1280, 720),
        lambda home: (claims(home), 0, 720),
        lambda home: (claims(home), 1280, -1),
        lambda home: (claims(home), 10**6, 720),
        lambda home: (claims(home, camera="ezviz-of-nobody"), 1280, 720),
        lambda home: (claims(home, account="nobody"), 1280, 720),
    ],
    ids=["a card", "no width", "negative", "enormous", "no camera", "no household"],
)
def test_what_can_t_be_a_size_or_a_camera_is_passed_over(
    untold: Household, given: Callable[[Household], tuple[Claims, int, int]]
) -> None:
    untold.questions.learn(*given(untold))
    assert garden(untold).video == UNKNOWN


def test_a_store_that_can_t_be_reached_costs_nobody_a_picture(
    untold: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured_claims = claims(untold)

    def gone(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(untold.store, "put_known", gone)
    untold.questions.learn(measured_claims, 1920, 1080)
    assert garden(untold).video.width == 1920


@pytest.mark.parametrize(
    ("listed", "known", "expected"),
    [
        (UNKNOWN, Video("h264", 1920, 1080), Video("h264", 1920, 1080)),
        (Video("h264", 1280, 720), Video("h264", 1920, 1080), Video("h264", 1280, 720)),
        (Video("h265"), Video("h264", 1920, 1080), Video("h265")),
        (Video(), Video("h265", 1920, 1080), Video("h265", 1920, 1080)),
        (Video(), Video("unknown", 1920, 1080), Video("unknown", 1920, 1080)),
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_a_size_from_the_vendor_beats_a_measured_one(listed: Video, known: Video, expected: Video) -> None:
    now, before = camera("Garden", video=listed), camera("Garden", measured=Measured(known))
    assert completed((now,), (before,))[0].video == expected


def test_a_smaller_picture_that_is_gone_stays_gone() -> None:
    garden = camera("Garden", sub=Video())
    before = resized((garden,), garden.ref, "sub", Measurement(640, 360, codec="h264"))
    assert before[0].sub == Video("h264", 640, 360)
    assert completed((camera("Garden"),), before)[0].sub is None


def test_the_list_in_the_store_has_the_form_that_older_versions_read(untold: Household) -> None:
    untold.questions.learn(claims(untold), 2304, 1296)
    untold.owner.prefer(untold.account.id, untold.id("Garden"), Preferences(room="Yard"))
    garden(untold)
    kept = untold.store.known(untold.account.id, untold.source.id)
    assert kept is not None
    row = next(row for row in msgspec.msgpack.decode(kept.data) if row["name"] == "Garden")
    assert row == {
        "id": "",
        "ref": {"source": untold.source.id, "serial": "F00000001", "channel": 1},
        "name": "Garden",
        "manufacturer": "EZVIZ",
        "model": "C3TN",
        "firmware": "V5.3.0",
        "ways": ["open"],
        "online": "on",
        "asleep": "off",
        "encryption": "off",
        "audio": "on",
        "video": {"codec": "h264", "width": 2304, "height": 1296},
        "sub": {"codec": "h264"},
        "looked_at": untold.clock(),
    }


@pytest.mark.parametrize(
    ("before", "now", "stored"),
    [
        ({}, {"encryption": "unknown"}, {"online": "on", "last_encryption": "off"}),
        ({"online": "off"}, {"online": "unknown"}, {"last_online": "off", "encryption": "off"}),
        ({"encryption": "none"}, {"encryption": "unknown"}, {"online": "on", "last_encryption": "none"}),
        ({"encryption": "unknown"}, {"encryption": "unknown"}, {"online": "on"}),
        ({"encryption": "unknown"}, {}, {"online": "on", "encryption": "off"}),
    ],
)
def test_the_last_known_value_of_an_unknown_flag_is_stored_beside_it(
    before: dict[str, Any], now: dict[str, Any], stored: dict[str, str]
) -> None:
    cameras = completed((camera("Garden", **now),), (camera("Garden", **before),))
    (row,) = msgspec.msgpack.decode(encoded(completed(cameras, cameras)))
    flags = ("online", "encryption", "last_online", "last_encryption")
    assert {name: row[name] for name in flags if name in row} == stored
    assert encoded(decoded(encoded(cameras))) == encoded(cameras)
    (older,) = msgspec.msgpack.decode(encoded(cameras), type=tuple[Listed, ...])  # a version that lacks these fields
    assert (older.online, older.encryption) == (cameras[0].online, cameras[0].encryption)


def test_the_same_cameras_are_stored_as_the_same_bytes() -> None:
    given = Camera.of(Listed(Ref("s", "F1", 1), "Garden"))
    equal = replace(given, listed_video=Video(), measured=Measured(None, None, float("0"), float("0")))
    assert encoded([equal]) == encoded([given]) == encoded(decoded(encoded([given])))


def test_what_an_older_version_kept_of_a_picture_counts_as_measured() -> None:
    ref, sizes = {"source": "s", "serial": "F1", "channel": 1}, {"codec": "h265", "width": 2304, "height": 1296}
    row = {"id": "", "ref": ref, "name": "Garden", "lan": "10.0.0.7:554", "video": sizes, "sub": {}, "looked_at": 5.0}
    (found,) = decoded(msgspec.msgpack.encode([row]))
    assert (found.listed_video, found.listed_sub, found.video) == (Video(), Video(), Video("h265", 2304, 1296))
    assert found.measured.looked_at == 5.0
    assert b"10.0.0.7" not in encoded([found])


def test_another_camera_stays_as_it_was(untold: Household) -> None:
    untold.questions.learn(claims(untold, "Front Door"), 640, 480)
    assert garden(untold).video == UNKNOWN


def test_that_a_smaller_picture_brings_nothing_is_learnt_and_outlives_readings_and_processes(untold: Household) -> None:
    untold.questions.learn(claims(untold), 1920, 1080, lacks_sub=True)
    silent_at = garden(untold).measured.sub_silent_at
    assert silent_at == untold.clock()
    untold.questions.learn(claims(untold), 1920, 1080)  # of the whole picture, which was asked for the next time
    untold.driver.change("Garden", audio="off")
    for owner in (untold.owner, another_process(untold)):
        assert garden(untold, owner).measured.sub_silent_at == silent_at
