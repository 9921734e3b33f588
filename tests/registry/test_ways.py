"""By which way a picture is fetched, and which comes next where one fails."""

import pytest

from showcam.drivers.camera import UNASKED, Camera, Refusal, StreamRequest, Video
from showcam.drivers.errors import Reason, Refused, VendorDown
from showcam.drivers.settings import BadValue
from showcam.engine.grants import Claims
from showcam.engine.source import Denied, Lease, SourceSpec
from showcam.registry.gate.gate import choose, may_be_overheard
from showcam.registry.preferences import WhileEncrypted
from tests.doubles.household import Household
from tests.doubles.ready_driver import camera

HLS = StreamRequest("alexa", ("hls",))


@pytest.mark.parametrize(
    ("ways", "tried", "owner", "expected"),
    [
        (("open", "lan"), (), "own", "lan"),
        (("open", "lan"), ("lan",), "own", "open"),
        (("open", "lan"), ("lan", "open"), "own", None),
        ((), (), "own", None),
        (("lan",), ("lan",), "own", None),
        (("open", "lan", "cloud"), ("lan", "open"), "own", "cloud"),
        (("open",), (), "shared", None),
        (("open",), (), "unknown", "open"),
        (("open", "cloud"), (), "shared", "cloud"),
        (("lan", "open"), (), "shared", "lan"),
    ],
)
def test_the_best_way_that_is_left(
    ways: tuple[str, ...], tried: tuple[str, ...], owner: str, expected: str | None
) -> None:
    assert choose(camera("Garden", ways=ways, owner=owner), tried) == expected


@pytest.mark.parametrize(
    ("ways", "owner", "expected"),
    [
        (("cloud",), "own", True),
        ((UNASKED,), "own", True),
        (("open", UNASKED), "own", False),
        (("open", UNASKED), "shared", True),  # another account's key fetches none of it
        (("lan", "cloud"), "shared", False),
        ((), "own", False),
    ],
)
def test_an_owner_agrees_to_an_open_connection_where_a_camera_has_no_better_way(
    ways: tuple[str, ...], owner: str, expected: bool
) -> None:
    assert may_be_overheard(camera("Garden", ways=ways, owner=owner)) is expected


@pytest.mark.parametrize(
    ("decided", "ways", "tried", "expected"),
    [
        ("no", ("open", "cloud"), (), "open"),
        ("lan", ("open", "lan", "cloud"), (), "lan"),
        ("lan", ("open", "cloud"), (), "open"),  # none shows it, and the gate says so
        ("code", ("open", "lan", "cloud"), (), "lan"),
        ("code", ("open", "lan", "cloud"), ("lan",), "cloud"),
        ("code", ("open", "cloud"), (), "cloud"),
        ("code", ("open",), (), "open"),
        ("code", ("cloud",), ("cloud",), None),
    ],
)
@pytest.mark.parametrize("flag", ["on", "unknown"])
def test_of_an_encrypted_camera_a_way_that_shows_it_comes_first(
    flag: str, decided: WhileEncrypted, ways: tuple[str, ...], tried: tuple[str, ...], expected: str | None
) -> None:
    assert choose(camera("Garage", encryption=flag, ways=ways), tried, decided) == expected


@pytest.mark.parametrize("decided", ["no", "lan", "code"])
def test_a_clear_picture_comes_by_the_best_way_whatever_was_decided(decided: WhileEncrypted) -> None:
    assert choose(camera("Garage", ways=("open", "cloud")), (), decided) == "open"


@pytest.mark.parametrize(
    ("errors", "expected", "minted"),
    [
        ({}, "", ["lan"]),
        ({"lan": Refused("lan_unreachable")}, "", ["lan", "open"]),
        ({"lan": Refused("code_wrong")}, "", ["lan", "open"]),
        ({"lan": Refused("not_playable")}, "", ["lan", "open"]),
        ({"lan": Refused("lan_unreachable"), "open": Refused("encryption_on")}, "encryption_on", ["lan", "open"]),
        ({"lan": Refused("lan_unreachable"), "open": VendorDown()}, "vendor_down", ["lan", "open"]),
        ({"lan": Refused("code_wrong"), "open": Refused("no_way")}, "code_wrong", ["lan", "open"]),
    ],
)
def test_where_a_way_fails_the_next_is_gone(
    home: Household, errors: dict[str, Exception], expected: str, minted: list[str]
) -> None:
    home.driver.change("Garden", ways=("lan", "open"))
    home.driver.way_errors = errors  # type: ignore[assignment]

    found = home.registry.open_stream(home.link, home.id("Garden"), HLS)

    assert (found.reason if isinstance(found, Refusal) else "") == expected
    assert [way for _, way in home.driver.minted] == minted


def test_a_camera_away_from_home_does_not_trip_its_vendors_breaker(home: Household) -> None:
    home.driver.change("Garden", ways=("lan",))
    home.driver.way_errors = {"lan": VendorDown()}
    for _ in range(4):
        home.registry.open_stream(home.link, home.id("Garden"), HLS)

    assert not isinstance(home.registry.open_stream(home.link, home.id("Front Door"), HLS), Refusal)


@pytest.mark.parametrize(
    ("ways", "preferred", "lan", "expected", "minted"),
    [
        (("lan", "open"), False, None, "encryption_on", []),
        (("lan", "open"), True, None, "", ["lan"]),
        (("open",), True, None, "encryption_on", []),
        # the owner's exception is for the LAN alone: the vendor is not even called
        (("lan", "open"), True, "lan_unreachable", "lan_unreachable", ["lan"]),
    ],
)
def test_an_encrypted_camera_is_shown_over_the_lan_alone_and_by_its_owners_word(
    home: Household, ways: tuple[str, ...], preferred: bool, lan: Reason | None, expected: str, minted: list[str]
) -> None:
    home.driver.change("Garage", ways=ways)
    garage = home.id("Garage")
    home.decide("Garage", "lan" if preferred else "no")
    home.driver.way_errors = {"lan": Refused(lan)} if lan else {}

    found = home.registry.open_stream(home.link, garage, HLS)

    assert (found.reason if isinstance(found, Refusal) else "") == expected
    assert [way for _, way in home.driver.minted] == minted


def test_the_media_process_opens_again_by_another_way(home: Household) -> None:
    home.driver.change("Garden", ways=("lan", "open"))
    garden = home.id("Garden")
    claims = Claims(home.account.id, home.link.id, garden, "hls", "alexa", int(home.clock()) + 60, "n")
    home.driver.way_errors = {"lan": Refused("lan_unreachable")}

    spec = home.questions.source_for(claims)

    assert isinstance(spec, SourceSpec)
    assert spec.lease == Lease(home.source.id, "open:F00000001")
    home.driver.way_errors["open"] = Refused("no_way")
    assert home.questions.source_for(claims) == Denied("lan_unreachable")


def test_a_code_is_kept_once_the_camera_took_it(home: Household) -> None:
    found = home.owner.codes.set(home.account.id, home.id("Garden"), "GKRTUV")

    assert isinstance(found, Camera)
    assert home.driver.codes == {"Garden": "GKRTUV"}


@pytest.mark.parametrize("reason", ["code_wrong", "lan_unreachable", "not_this_way"])
def test_a_code_that_was_not_kept_is_refused_with_the_reason(home: Household, reason: Reason) -> None:
    home.driver.code_error = Refused(reason)
    found = home.owner.codes.set(home.account.id, home.id("Garden"), "GKRTUV")

    assert isinstance(found, Refusal)
    assert (found.reason, found.camera) == (reason, "Garden")
    assert home.driver.calls["set_code"] == 1


@pytest.mark.parametrize("code", ["two words", "x" * 33, "line\r\nbreak", "æ"])
def test_an_invalid_code_is_sent_to_no_camera(home: Household, code: str) -> None:
    with pytest.raises(BadValue):
        home.owner.codes.set(home.account.id, home.id("Garden"), code)
    assert home.driver.calls["set_code"] == 0


def test_nobody_sets_a_code_of_another_household(home: Household) -> None:
    found = home.owner.codes.set(home.account.id, "ezviz-XXXXXXXXXXXXXXXXXXXX", "GKRTUV")

    assert isinstance(found, Refusal)
    assert found.reason == "not_found"


@pytest.mark.parametrize(("ways", "picture"), [(("open",), "sub"), (("cloud",), "main"), (("open", "cloud"), "sub")])
def test_all_who_watch_by_a_way_of_one_picture_share_it(home: Household, ways: tuple[str, ...], picture: str) -> None:
    home.driver.change("Garden", ways=ways, sub=Video("h264", 640, 360))

    home.registry.open_stream(home.link, home.id("Garden"), StreamRequest("alexa", ("hls",), largest=(640, 360)))

    assert home.driver.pictures == [("Garden", "sub")]
    assert [claims.picture for claims, _ in home.pictures.warmed] == [picture]


def test_where_the_key_is_used_up_the_account_still_shows_it(home: Household) -> None:
    home.driver.change("Garden", ways=("open", "cloud"))
    home.driver.way_errors = {"open": Refused("busy")}

    assert not isinstance(home.registry.open_stream(home.link, home.id("Garden"), HLS), Refusal)
    assert [way for _, way in home.driver.minted] == ["open", "cloud"]
