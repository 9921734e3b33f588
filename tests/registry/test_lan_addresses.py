"""How the address of a camera of one's own is read."""

import pytest

from showcam.drivers.lan.devices import Address, BadAddress
from showcam.drivers.lan.devices import read_address as read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.1.20", Address("any", "192.168.1.20")),
        (" 192.168.1.20:8554 ", Address("any", "192.168.1.20", 8554)),
        ("fd00::20", Address("any", "fd00::20")),
        ("rtsp://192.168.1.20/stream1", Address("rtsp", "192.168.1.20", 0, "/stream1")),
        (
            "rtsp://10.0.0.7:8554/cam/realmonitor?channel=1&subtype=0",
            Address("rtsp", "10.0.0.7", 8554, "/cam/realmonitor?channel=1&subtype=0"),
        ),
        ("rtsp://[fd00::20]/live", Address("rtsp", "fd00::20", 0, "/live")),
        (
            "http://172.16.0.3:8000/onvif/device_service",
            Address("onvif", "172.16.0.3", 8000, "/onvif/device_service"),
        ),
        ("https://192.168.1.20", Address("onvif", "192.168.1.20", tls=True)),
    ],
)
def test_an_address_is_read(text: str, expected: Address) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rtsp://admin:secret@192.168.1.20/", "Leave user and password out"),
        ("rtsp://admin@192.168.1.20/", "Leave user and password out"),
        ("rtsp://8.8.8.8/", "no address of a home network"),
        ("rtsp://127.0.0.1/", "no address of a home network"),
        ("169.254.169.254", "no address of a home network"),
        ("rtsp://camera.local/", "in place of a name"),
        ("rtsp://2130706433/", "in place of a name"),
        ("rtsps://192.168.1.20/", "RTSP over TLS"),
        ("ftp://192.168.1.20/", "begins with rtsp://"),
        ("wss://192.168.1.20/", "begins with rtsp://"),
        ("192.168.1.20/stream1", "begins with rtsp://"),
        ("rtsp://192.168.1.20:99999/", "not an address"),
        ("rtsp://192.168.1.20/a b", "no blanks"),
        ("rtsp://192.168.1.20/\r\nX: y", "no blanks"),
        ("", "in place of a name"),
    ],
)
def test_what_is_no_address_is_answered_with_why(text: str, says: str) -> None:
    with pytest.raises(BadAddress, match=says) as bad:
        read(text)
    assert "secret" not in str(bad.value)
