"""Encrypted stills of the vendor, beside the public client library that reads them."""

import pytest
from pyezvizapi.utils import decrypt_image

from showcam.drivers.errors import Refused
from showcam.drivers.ezviz.stills import deciphered
from showcam.simulator.app_api.messages import encoded

STILL = b"\xff\xd8\xff" + bytes(range(256)) * 40


@pytest.mark.parametrize("code", ["ABCDEF", "a longer password than 16", "æøå"])
@pytest.mark.parametrize("length", [3, 15, 16, 17, 5000])
def test_a_still_is_deciphered_as_the_public_library_does(code: str, length: int) -> None:
    data = encoded(STILL[:length], code)
    if code.isascii():
        assert decrypt_image(data, code) == STILL[:length]
    assert deciphered(data, code) == STILL[:length]


def test_a_clear_still_is_itself() -> None:
    assert deciphered(STILL, "") == STILL


@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        (encoded(STILL, "ABCDEF"), "", "encryption_on"),
        (encoded(STILL, "ABCDEF"), "GHIJKL", "code_wrong"),
        (encoded(STILL, "ABCDEF")[:-3], "ABCDEF", "code_wrong"),
        (b"hikencodepicture", "ABCDEF", "code_wrong"),
    ],
)
def test_without_the_right_code_nothing_is_shown(data: bytes, code: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        deciphered(data, code)
    assert refused.value.reason == reason
