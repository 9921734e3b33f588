"""Which of a camera's pictures a display is given, and what its grant asks the camera for again."""

from collections.abc import Callable

import pytest

from showcam.drivers.camera import STALE_S, Measured, Refusal, Stream, StreamRequest, Video
from showcam.drivers.errors import Refused, VendorDown
from showcam.engine.grants import Claims
from showcam.engine.source import Denied, Hls
from showcam.registry.gate.gate import Fit, fits
from showcam.registry.preferences import Preferences
from showcam.registry.readings.judge import Rules
from tests.doubles.household import MEDIA_URL, OFFER, Household
from tests.doubles.ready_driver import camera

VIDEO = StreamRequest("video", ("hls",), image=True)
ANY = StreamRequest("alexa", ("hls",))
DISPLAYS = {
    "google": StreamRequest("google", ("webrtc", "hls")),
    "rtc": StreamRequest("alexa", ("webrtc",), OFFER),
    "echo": StreamRequest("alexa", ("hls",), largest=(3840, 2160)),
    "page": StreamRequest("page", ("webrtc", "hls")),
}
UNKNOWN, HD, FULL, SMALL = Video("h264"), Video("h264", 1280, 720), Video("h264", 1920, 1080), Video("h264", 640, 360)
UHD, MEGA5, TALL = Video("h264", 3840, 2160), Video("h264", 2592, 1944), Video("h264", 1080, 1920)
MIXED, SMALL_MIXED = Video("h264", 1920, 1080, b_frames=True), Video("h264", 640, 360, b_frames=True)
H265, H265_SMALL = Video("h265", 2560, 1440), Video("h265", 640, 360)

MAIN, SUB = Fit("main", "video"), Fit("sub", "video")


@pytest.mark.parametrize(
    ("whole", "sub", "transcodes", "expected"),
    [
        (HD, SMALL, True, [MAIN]),
        (HD, None, False, [MAIN]),
        (FULL, SMALL, False, [SUB]),
        (FULL, SMALL, True, [SUB, MAIN]),
        (FULL, UNKNOWN, False, [SUB]),
        (FULL, None, True, [MAIN]),
        (FULL, None, False, []),
        (FULL, FULL, False, []),
        (FULL, FULL, True, [MAIN]),
        (FULL, H265_SMALL, False, []),
        (UNKNOWN, UNKNOWN, False, [SUB, MAIN]),
        (UNKNOWN, None, False, [MAIN]),
        (UNKNOWN, None, True, [MAIN]),
        (H265, SMALL, False, [SUB]),
        (H265, FULL, False, []),
        (H265, FULL, True, [SUB]),
        (H265, H265_SMALL, True, [MAIN]),
        (H265, None, True, [MAIN]),
    ],
)
def test_a_video_is_the_camera_s_own_small_picture_before_one_is_made(
    whole: Video, sub: Video | None, transcodes: bool, expected: list[Fit]
) -> None:
    assert [*fits(VIDEO, camera("Garden", video=whole, sub=sub), transcodes=transcodes)] == expected


@pytest.mark.parametrize(
    ("largest", "whole", "sub", "expected"),
    [
        (None, FULL, SMALL, ["main"]),
        ((1920, 1080), FULL, SMALL, ["main"]),
        ((1280, 720), FULL, SMALL, ["sub", "main"]),
        ((1280, 720), FULL, UNKNOWN, ["sub", "main"]),
        ((1280, 720), FULL, HD, ["sub", "main"]),
        ((640, 360), FULL, HD, ["main"]),
        ((1280, 720), FULL, None, ["main"]),
        ((1280, 720), UNKNOWN, UNKNOWN, ["main"]),
        ((640, 360), UNKNOWN, UNKNOWN, ["sub", "main"]),
        ((640, 360), HD, H265_SMALL, ["main"]),
        ((1280, 720), H265, SMALL, ["sub"]),
        (None, H265, SMALL, ["sub"]),
    ],
)
def test_a_display_that_requests_less_gets_the_small_picture(
    largest: tuple[int, int] | None, whole: Video, sub: Video | None, expected: list[str]
) -> None:
    request = StreamRequest("alexa", ("hls",), largest=largest)
    found = fits(request, camera("Garden", video=whole, sub=sub), transcodes=False)
    assert [fit.picture for fit in found] == expected
    assert {fit.surface for fit in found} == {"alexa"}


@pytest.mark.parametrize(
    ("request_", "whole", "sub", "expected"),
    [
        ("google", UHD, SMALL, ["sub", "main"]),
        ("google", MEGA5, UNKNOWN, ["sub", "main"]),
        ("google", FULL, SMALL, ["main"]),
        ("google", TALL, SMALL, ["main"]),
        ("google", UNKNOWN, SMALL, ["main"]),
        ("google", UHD, UHD, ["main"]),
        ("google", UHD, H265_SMALL, ["main"]),
        ("google", UHD, None, ["main"]),
        ("google", MIXED, SMALL, ["main"]),
        ("rtc", UHD, SMALL, ["sub", "main"]),
        ("rtc", MIXED, SMALL, ["sub", "main"]),
        ("rtc", MIXED, SMALL_MIXED, ["main"]),
        ("rtc", MIXED, None, ["main"]),
        ("echo", UHD, SMALL, ["sub", "main"]),
        ("echo", UHD, HD, ["sub", "main"]),
        ("page", UHD, SMALL, ["main"]),
    ],
)
def test_a_display_gets_no_more_than_it_decodes_where_there_is_less(
    request_: str, whole: Video, sub: Video | None, expected: list[str]
) -> None:
    request = DISPLAYS[request_]
    found = fits(request, camera("Garden", video=whole, sub=sub), transcodes=False)
    assert [fit.picture for fit in found] == expected


def test_once_a_day_the_whole_picture_is_tried_again() -> None:
    def picture_of(measured_s_ago: float) -> str:
        given = camera("Garden", video=UHD, sub=SMALL, as_of=1e9, measured=Measured(looked_at=1e9 - measured_s_ago))
        return fits(DISPLAYS["google"], given, transcodes=False)[0].picture

    assert (picture_of(STALE_S - 1), picture_of(STALE_S + 1)) == ("sub", "main")


def claims_of(home: Household, stream: Stream) -> Claims:
    grant = stream.url.removeprefix(f"{MEDIA_URL}/s/").split("/")[0]
    return home.grants.verify(grant, ("hls", "webrtc"), home.clock())


def opened(home: Household, request: StreamRequest) -> Stream | Refusal:
    return home.registry.open_stream(home.link, home.id("Garden"), request)


def test_the_grant_names_the_picture_and_opens_it_again(home: Household) -> None:
    home.driver.change("Garden", sub=SMALL)
    stream = opened(home, VIDEO)
    assert isinstance(stream, Stream)
    claims = claims_of(home, stream)
    assert (claims.picture, claims.surface, stream.video) == ("sub", "video", SMALL)
    ((warm, source),) = home.pictures.warmed
    assert (warm, source.url) == (claims, "https://vendor.test/F00000001_1_sub.m3u8")
    again = home.questions.source_for(claims)
    assert isinstance(again, Hls)
    assert again.url == source.url
    image = home.grants.verify(stream.image_url.split("/")[4], "snapshot", home.clock())
    assert image.picture == "sub"


@pytest.mark.parametrize(
    ("error", "transcodes", "expected"),
    [
        (Refused("too_large"), True, "main"),
        (Refused("too_large"), False, "too_large"),
        (Refused("encryption_on"), True, "encryption_on"),
        (VendorDown(), True, "vendor_down"),
    ],
)
def test_where_the_small_picture_can_t_be_had_the_whole_one_is_made_smaller(
    make_home: Callable[..., Household], error: Exception, transcodes: bool, expected: str
) -> None:
    home = make_home(rules=Rules(opens_per_minute=60, transcodes=transcodes))
    home.driver.change("Garden", sub=UNKNOWN)
    home.driver.sub_error = error  # type: ignore[assignment]
    found = opened(home, VIDEO)
    assert (claims_of(home, found).picture if isinstance(found, Stream) else found.reason) == expected


@pytest.mark.parametrize(
    ("request_", "whole", "sub", "expected"),
    [
        (DISPLAYS["google"], H265, None, ("webrtc", "main", Video("h264", 1280, 720), False)),
        (DISPLAYS["google"], H265, H265_SMALL, ("webrtc", "main", Video("h264", 1280, 720), True)),
        (DISPLAYS["page"], H265, None, ("webrtc", "main", Video("h264", 1280, 720), False)),
        (DISPLAYS["rtc"], MIXED, None, ("webrtc", "main", MIXED, False)),
        (DISPLAYS["google"], MIXED, None, ("hls", "main", MIXED, False)),
        (DISPLAYS["google"], MEGA5, None, ("webrtc", "main", Video("h264", 960, 720), False)),
        (DISPLAYS["google"], UHD, SMALL, ("webrtc", "sub", SMALL, False)),
        (VIDEO, FULL, None, ("hls", "main", Video("h264", 1280, 720), False)),
        (VIDEO, H265, None, ("hls", "main", Video("h264", 1280, 720), False)),
    ],
)
def test_where_pictures_are_transcoded_what_no_display_plays_is_shown(
    make_home: Callable[..., Household],
    request_: StreamRequest,
    whole: Video,
    sub: Video | None,
    expected: tuple[str, str, Video, bool],
) -> None:
    home = make_home(rules=Rules(opens_per_minute=60, transcodes=True))
    home.driver.change("Garden", video=whole, sub=sub)
    stream = opened(home, request_)
    assert isinstance(stream, Stream), stream
    claims, source = (home.pictures.warmed or home.pictures.answered)[-1][:2]
    assert source is not None
    assert (stream.protocol, claims.picture, stream.video, source.alone) == expected


@pytest.mark.parametrize(
    ("whole", "protocols", "expected"),
    [
        (UHD, ("webrtc", "hls"), "beyond_displays"),
        (H265, ("webrtc", "hls"), "not_playable"),
        (MIXED, ("webrtc",), "no_common_protocol"),
    ],
)
def test_where_the_small_picture_can_t_be_had_the_whole_one_s_reason_is_the_refusal(
    home: Household, whole: Video, protocols: tuple[str, ...], expected: str
) -> None:
    home.driver.change("Garden", video=whole, sub=UNKNOWN)
    home.driver.sub_error = Refused("too_large")
    found = opened(home, StreamRequest("google", protocols))
    assert isinstance(found, Refusal)
    assert found.reason == expected


def test_a_camera_whose_small_picture_alone_is_h264_is_shown_by_that(home: Household) -> None:
    home.driver.change("Garden", video=H265, sub=SMALL)
    for request in (ANY, StreamRequest("alexa", ("webrtc",), OFFER), StreamRequest("google", ("webrtc", "hls"))):
        stream = opened(home, request)
        assert isinstance(stream, Stream)
        assert stream.video == SMALL
    assert {picture for _, picture in home.driver.pictures} == {"sub"}
    still = home.registry.snapshot(home.link, home.id("Garden"), "alexa")
    assert not isinstance(still, Refusal)
    assert home.grants.verify(still.url.split("/")[4], "still", home.clock()).picture == "sub"


@pytest.mark.parametrize(
    ("protocols", "sub", "expected"),
    [
        (("webrtc", "hls"), None, ("hls", "main")),
        (("webrtc", "hls"), SMALL, ("hls", "main")),
        (("webrtc",), SMALL, ("webrtc", "sub")),
        (("webrtc",), None, "no_common_protocol"),
    ],
)
def test_what_comes_out_of_order_is_shown_by_hls(
    home: Household, protocols: tuple[str, ...], sub: Video | None, expected: tuple[str, str] | str
) -> None:
    home.driver.change("Garden", video=MIXED, sub=sub)
    found = opened(home, StreamRequest("google", protocols))
    claims = claims_of(home, found) if isinstance(found, Stream) else None
    assert (found.reason if isinstance(found, Refusal) else (found.protocol, claims and claims.picture)) == expected


def test_a_small_picture_that_went_away_ends_what_showed_it(home: Household) -> None:
    home.driver.change("Garden", sub=SMALL)
    stream = opened(home, VIDEO)
    assert isinstance(stream, Stream)
    home.driver.sub_error = Refused("too_large")
    assert home.questions.source_for(claims_of(home, stream)) == Denied("too_large", again=False)


def test_what_an_owner_once_allowed_per_camera_is_allowed_for_all_and_the_rest_stays(
    make_home: Callable[..., Household],
) -> None:
    home = make_home(rules=Rules(transcodes=True))
    home.driver.change("Garden", video=FULL)
    home.store.put_preference(home.account.id, home.id("Garden"), b'{"voice_may":["audio"],"scaled":true}', 1.0)
    assert isinstance(opened(home, VIDEO), Stream)
    assert home.owner.preferences(home.account.id, home.id("Garden")) == Preferences(voice_may=("audio",))


def test_a_program_that_plays_h265_gets_the_whole_picture_though_the_smaller_one_is_h264() -> None:
    given = camera("Garden", video=Video("h265", 2560, 1440), sub=Video("h264", 640, 360))
    found = [
        fits(StreamRequest("player", protocols), given, transcodes=True)[0].picture
        for protocols in (("hls", "h265"), ("hls",))
    ]
    assert found == ["main", "sub"]
