"""Switching Image Encryption off: each code of the vendor, and which code of the owner's is sent."""

from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from showcam.drivers.errors import SetRefused
from tests.doubles.waiting import LONG_S
from tests.registry import test_ezviz_bad_settings
from tests.registry.test_ezviz_bad_settings import (
    BY_ACCOUNT,
    CODE,
    PASSWORD,
    Cloud,
    app_answer,
    camera,
    set_by_account,
    word,
)

cloud = test_ezviz_bad_settings.cloud


# what switching it off without a code, by the label's and by a mailed one comes to, by the vendor's code
OFF_CODES: dict[int, tuple[str, str, str]] = {
    1011: ("code_mailed", "wrong_code", "wrong_mailed_code"),
    1012: ("old", "old", "old"),
    1041: ("too_often", "too_often", "too_often"),
    1043: ("guessed", "guessed", "guessed"),
    2009: ("silent", "silent", "silent"),
    2030: ("unsupported", "unsupported", "unsupported"),
    5002: ("code_wanted", "wrong_code", "wrong_code"),
    10001: ("too_soon", "too_soon", "too_soon"),
    2003: ("offline", "offline", "offline"),
    2031: ("not_taken", "not_taken", "not_taken"),  # in no public list
    50000: ("vendor_down", "vendor_down", "vendor_down"),
}
MAILS = "/v3/users/checkcode/mt"


@pytest.mark.proves(
    "Each of EZVIZ's refusals to switch Image Encryption off is distinguished",
    leans_on="published: codes of the vendor's SDK and of public clients",
)
@pytest.mark.parametrize("code", sorted(OFF_CODES))
@pytest.mark.parametrize(("given", "which"), [("", 0), (CODE, 1), ("0123", 2), ("01234567", 2)])
def test_every_code_of_switching_encryption_off(cloud: Cloud, code: int, given: str, which: int) -> None:
    cloud.say = lambda path: app_answer(path, 200 if path == MAILS else code)
    assert word(set_by_account(cloud, "encryption", "off", code=given)) == OFF_CODES[code][which]
    # one is mailed for a person who has none, and never otherwise
    assert cloud.sets == [BY_ACCOUNT["encryption", "on"], *[MAILS] * (OFF_CODES[code][which] == "code_mailed")]


@pytest.mark.parametrize("password", [CODE, "123456", "01234567"])
def test_for_a_right_code_that_firmware_takes_no_longer_another_is_mailed(cloud: Cloud, password: str) -> None:
    """A password of digits looks as a mailed code does, and the list says which it is."""
    cloud.password = password
    cloud.say = lambda path: app_answer(path, 200 if path == MAILS else 1011)
    assert word(set_by_account(cloud, "encryption", "off", code=password)) == "code_mailed"
    assert cloud.sets == [BY_ACCOUNT["encryption", "on"], MAILS]


def test_a_wrong_code_is_not_sent_where_the_list_tells_that_it_is_one(cloud: Cloud) -> None:
    cloud.password = PASSWORD
    source = cloud.source()
    with pytest.raises(SetRefused, match="wrong_code"):
        cloud.driver.apply(source, camera(source), "encryption", "off", LONG_S, code=CODE)
    with pytest.raises(SetRefused, match="wrong_code"):
        cloud.driver.change_password(source, camera(source), CODE, "another1", LONG_S)
    assert cloud.sets == []


@pytest.mark.parametrize(("code", "sent"), [("", []), ("0123", ["0123"]), (CODE, [CODE])])
def test_the_code_that_was_given_is_sent_and_no_empty_one(cloud: Cloud, code: str, sent: list[str]) -> None:
    assert set_by_account(cloud, "encryption", "off", code=code) is None
    bodies = [body.decode() for request, body in cloud.vendor.requests if BY_ACCOUNT["encryption", "on"] in request]
    query = parse_qs(bodies[0], keep_blank_values=True)
    assert (query["isEncrypt"], query.get("validateCode", [])) == (["0"], sent)


@pytest.mark.parametrize("value", ["on", "off"])
def test_encryption_of_a_shared_camera_is_not_asked_to_change(cloud: Cloud, value: str) -> None:
    source = cloud.source()
    with pytest.raises(SetRefused, match="not_permitted"):
        cloud.driver.apply(source, replace(camera(source), owner="shared"), "encryption", value, LONG_S)
    assert cloud.sets == []


@pytest.mark.parametrize(
    ("code", "why"), [(1041, "too_often"), (10001, "too_soon"), (1043, "guessed"), (500, "vendor_down")]
)
def test_a_code_that_is_not_mailed(cloud: Cloud, code: int, why: str) -> None:
    cloud.say = lambda path: app_answer(path, code if path == MAILS else 1011)
    assert word(set_by_account(cloud, "encryption", "off")) == why
