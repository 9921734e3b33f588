"""Adding a camera of one's own: how its pictures are found, and which login it takes."""

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.drivers.errors import Refused
from showcam.drivers.lan.adding import PATHS, Adding, Found
from showcam.drivers.lan.devices import Device, Pictured, moved
from showcam.drivers.lan.devices import read_address as read
from showcam.drivers.probes.rtsp import OnlyBasic
from showcam.simulator.authority import server_context
from showcam.simulator.lan.onvif import Picture, Reply
from tests.doubles import ipycam_device
from tests.doubles.ipycam_device import ipycam
from tests.doubles.onvif_device import SERIAL, Served, served
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_faults import resized
from tests.doubles.rtsp_recording import CODE
from tests.doubles.waiting import LONG_S

SUB = "/Streaming/Channels/102"
JPEG = b"\xff\xd8\xff\xd9"


@pytest.fixture
def device(camera: RtspCamera) -> Iterator[Served]:
    """An ONVIF device whose pictures the camera has."""
    pictures = [Picture("whole", PATH, "h264", 1920, 1080), Picture("small", SUB, "h264", 640, 360)]
    with served(rtsp=f"127.0.0.1:{camera.port}", password=CODE, pictures=pictures, still=lambda: JPEG) as made:
        yield made


def look(given: str, user: str = "admin", password: str = CODE, *, onvif: int = 1) -> Found:
    adding = Adding(loopback=True, onvif_ports=(onvif,))
    return adding.look(read(given, loopback=True), user, password)


def why(given: str, **login: Any) -> str:
    with pytest.raises(Refused) as refused:
        look(given, **login)
    return refused.value.reason


def test_a_path_is_taken_as_it_is_given_with_the_makers_smaller_picture(camera: RtspCamera) -> None:
    device = look(f"rtsp://127.0.0.1:{camera.port}{PATH}").device
    assert (device.main, device.sub) == (Pictured(PATH, "h264", sound="aac"), Pictured(SUB, "h264", sound="aac"))
    assert (device.user, device.password, device.onvif) == ("admin", CODE, "")


@pytest.mark.parametrize(
    ("says", "has_speaker"),
    [
        (("", ""), True),
        (("a=rtpmap:0 PCMU/8000", "a=rtpmap:0 G726-32/8000"), False),
        (("a=sendonly", "a=recvonly"), False),
    ],
    ids=["G.711", "another codec", "a second microphone"],
)
def test_whether_a_camera_has_a_speaker_is_learnt_by_its_description(says: tuple[str, str], has_speaker: bool) -> None:
    made = RtspCamera(speaker=True, says=lambda lines: resized([line.replace(*says) for line in lines]))
    try:
        assert look(f"rtsp://127.0.0.1:{made.port}{PATH}").device.speaker == has_speaker
    finally:
        made.close()


def test_a_camera_of_an_older_showcam_has_its_speaker_once_its_owner_confirms_its_address() -> None:
    made = RtspCamera(speaker=True)
    try:
        found = look(f"rtsp://127.0.0.1:{made.port}{PATH}").device
        known = Device("SERIAL1", 1, "Barn", "127.0.0.1", made.port, Pictured(PATH, "h264", 1920, 1080, "aac"))
        assert (moved(known, found).id, moved(known, found).speaker) == ("SERIAL1", True)
    finally:
        made.close()


def test_a_camera_that_ends_the_connection_at_the_question_is_added_without_a_speaker(camera: RtspCamera) -> None:
    camera.does.says = lambda lines: ["no RTSP" * 4096] if "551" in lines[0] else lines
    assert not look(f"rtsp://127.0.0.1:{camera.port}{PATH}").device.speaker


def test_a_camera_that_sends_motion_jpeg_is_taken(camera: RtspCamera) -> None:
    camera.does.says = lambda lines: resized([line.replace("H264/90000", "JPEG/90000") for line in lines])
    assert look(f"rtsp://127.0.0.1:{camera.port}{PATH}").device.main.codec == "mjpeg"


@pytest.mark.parametrize("path", PATHS)
def test_without_a_path_those_of_the_makers_are_tried(camera: RtspCamera, path: str) -> None:
    camera.does.path = path
    found = look(f"127.0.0.1:{camera.port}").device
    assert found.main.path == path
    assert camera.does.wrong == 0


def test_the_table_has_no_path_twice() -> None:
    paths = [path for path in (*PATHS, *PATHS.values()) if path]
    assert len(set(paths)) == len(paths)
    assert all(path.startswith("/") for path in paths)
    assert PATHS[PATH] == SUB


def test_a_camera_that_ends_a_connection_with_a_wrong_path_is_asked_again() -> None:
    wanted, asked = list(PATHS)[3], list[str]()

    class Camera(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines = list(iter(lambda: self.rfile.readline().decode().strip(), ""))
            if not lines:
                return  # knocked at
            asked.append(lines[0])
            sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            status, body = ("200 OK", sdp) if f"{wanted} " in lines[0] else ("404 Not Found", "")
            number = next(line for line in lines if line.startswith("CSeq"))
            self.wfile.write(f"RTSP/1.0 {status}\r\n{number}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Camera) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            found = look(f"127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()
    assert found.device.main.path == wanted
    assert [line.split()[1].partition(str(found.device.port))[2] for line in asked[:4]] == list(PATHS)[:4]


def test_onvif_says_both_pictures_and_what_it_is(camera: RtspCamera, device: Served) -> None:
    found = look(f"http://127.0.0.1:{device.port}")
    assert found.onvif == "in"
    assert found.device == Device(
        id=SERIAL,
        channel=1,
        name="",
        host="127.0.0.1",
        port=camera.port,
        main=Pictured(PATH, "h264", 1920, 1080, "aac", "whole"),
        sub=Pictured(SUB, "h264", 640, 360, "aac", "small"),
        user="admin",
        password=CODE,
        model="Bramble B-20",
        firmware="1.2",
        onvif=f"{device.port}/onvif/device_service",
        events=("motion", "person", "doorbell", "tamper"),
        still=f"{device.port}/onvif/still.jpg?of=small",
        lens="lens",
    )


@pytest.mark.parametrize(
    "says",
    [
        Reply(200, b"<html>a page</html>", "image/jpeg"),
        Reply(200, JPEG * 600_000, "image/jpeg"),
        Reply(404, b""),
        Reply(302, b""),
        Reply(401, b"", 'Basic realm="still"'),
    ],
    ids=["web page", "2 MB", "none", "redirect", "Basic"],
)
def test_a_still_that_it_does_not_give_is_not_kept(device: Served, says: Reply) -> None:
    device.stills_say = says
    device.headers = {"Location": "http://203.0.113.9/"} if says.status == 302 else {}
    assert look(f"http://127.0.0.1:{device.port}").device.still == ""
    assert device.authorizations == []


@pytest.mark.process
def test_a_camera_of_others_is_added_with_both_its_pictures(camera: RtspCamera) -> None:
    camera.does.code = ipycam_device.PASSWORD
    with ipycam(camera.port) as port:
        found = look(f"http://127.0.0.1:{port}", ipycam_device.USER, ipycam_device.PASSWORD)
    device = found.device
    assert (found.onvif, device.id, device.model) == ("in", "PY-000001", "PythonCam VirtualCam-1")
    assert (device.main.path, device.sub and device.sub.path) == (PATH, SUB)


def test_a_device_by_https_is_added_with_its_certificate_and_asked_by_it(camera: RtspCamera, tmp_path: Path) -> None:
    pictures = [Picture("whole", PATH, "h264", 1920, 1080)]
    with served(
        tls=server_context(tmp_path), rtsp=f"127.0.0.1:{camera.port}", password=CODE, pictures=pictures
    ) as device:
        found = look(f"https://127.0.0.1:{device.port}")
        assert (found.onvif, len(found.device.pin)) == ("in", 64)
        assert found.device.still == "", "a still by https is not fetched"
        device.paths.clear()
        assert Adding(loopback=True).onvif(found.device).describe(LONG_S).serial == SERIAL
        assert device.paths != []


def test_onvif_of_a_known_camera_is_asked_where_it_was_with_the_certificate_of_now(
    camera: RtspCamera, tmp_path: Path
) -> None:
    pictures = [Picture("whole", PATH, "h264", 1920, 1080)]
    given: dict[str, Any] = {"rtsp": f"127.0.0.1:{camera.port}", "password": CODE, "pictures": pictures}
    with served(tls=server_context(tmp_path), **given) as device:
        known = at(host="127.0.0.1", onvif=f"{device.port}/onvif/device_service", pin="0" * 64, id="S")
        address = read(f"rtsp://127.0.0.1:{camera.port}{PATH}", loopback=True)
        found = Adding(loopback=True, onvif_ports=(1,)).look(address, "admin", CODE, known=known)
    assert (found.onvif, found.device.onvif) == ("in", known.onvif)
    assert moved(known, found.device).pin not in ("", known.pin)


def test_onvif_is_found_at_its_usual_ports(camera: RtspCamera, device: Served) -> None:
    assert look("127.0.0.1", onvif=device.port).device.sub == Pictured(SUB, "h264", 640, 360, "aac", "small")


def test_onvif_beside_a_given_path_brings_the_smaller_picture(camera: RtspCamera, device: Served) -> None:
    camera.does.path = PATH
    found = look(f"rtsp://127.0.0.1:{camera.port}{PATH}", onvif=device.port)
    assert (found.device.main.profile, found.device.id) == ("whole", SERIAL)


@pytest.mark.parametrize(("path", "sub"), [(PATH, SUB), ("/Streaming/Channels/201", "")])
def test_the_port_that_is_given_is_kept_whatever_onvif_says(
    camera: RtspCamera, device: Served, path: str, sub: str
) -> None:
    other = RtspCamera()
    device.device.rtsp = f"127.0.0.1:{other.port}"
    found = look(f"rtsp://127.0.0.1:{camera.port}{path}", onvif=device.port).device
    assert (found.port, found.main.path, found.sub.path if found.sub else "", found.id) == (
        camera.port,
        path,
        sub,
        SERIAL,
    )
    other.close()


def test_a_user_that_onvif_does_not_know_leaves_rtsp_as_it_is(camera: RtspCamera, device: Served) -> None:
    device.device.password = "another"
    found = look(f"rtsp://127.0.0.1:{camera.port}{PATH}", onvif=device.port)
    assert (found.onvif, found.device.main.path) == ("login", PATH)
    assert device.device.wrong == 1


def test_addresses_that_lead_elsewhere_lead_nowhere(camera: RtspCamera, device: Served) -> None:
    device.device.address, device.device.rtsp = "203.0.113.9", f"203.0.113.9:{camera.port}"
    found = look(f"http://127.0.0.1:{device.port}").device
    assert (found.host, found.port) == ("127.0.0.1", camera.port)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"DESCRIBE": ("302 Moved", "Location: rtsp://203.0.113.9/")}, "no_way"),
        ({"DESCRIBE": ("404 Not Found",)}, "no_way"),
        ({"DESCRIBE": ("401 Unauthorized", "WWW-Authenticate: Negotiate")}, "no_way"),
    ],
)
def test_a_camera_without_a_picture_is_not_added(
    camera: RtspCamera, answers: dict[str, tuple[str, ...]], reason: str
) -> None:
    camera.does.answers = answers
    assert why(f"rtsp://127.0.0.1:{camera.port}{PATH}") == reason


@pytest.mark.parametrize(("user", "password"), [("admin", "wrong"), ("admin", ""), ("other", CODE), ("", "")])
def test_a_wrong_login_is_tried_once(camera: RtspCamera, user: str, password: str) -> None:
    assert why(f"rtsp://127.0.0.1:{camera.port}{PATH}", user=user, password=password) == "code_wrong"
    assert camera.does.wrong <= 1
    assert camera.does.methods.count("DESCRIBE") == 2


@pytest.mark.parametrize(("scheme", "basic"), [("digest", False), ("sha256", False), ("basic", True)])
def test_how_its_password_goes_to_it_is_kept(camera: RtspCamera, scheme: Any, basic: bool) -> None:
    camera.does.scheme = scheme
    assert look(f"rtsp://127.0.0.1:{camera.port}{PATH}").device.basic is basic


@pytest.mark.proves(
    "A camera that took Digest never gets its password by Basic",
    leans_on="double: the camera",
    also=(
        "tests/registry/test_lan_discovery.py::test_one_that_takes_its_password_as_it_is_is_moved_by_its_owner_alone",
    ),
)
def test_one_that_is_known_by_digest_gets_no_other_password_as_it_is(camera: RtspCamera) -> None:
    camera.does.scheme = "basic"
    adding, address = (
        Adding(loopback=True, onvif_ports=(1,)),
        read(f"rtsp://127.0.0.1:{camera.port}{PATH}", loopback=True),
    )
    with pytest.raises(OnlyBasic) as refused:
        adding.look(address, "admin", CODE, known=at(host="127.0.0.1"))
    assert (refused.value.reason, camera.does.authorizations) == ("code_wrong", [])


@pytest.mark.parametrize("password", ["p@ss:w/ö#%20", '"quoted" \\', "ключ", "%41&<>"])
def test_a_password_may_have_any_characters(camera: RtspCamera, password: str) -> None:
    camera.does.code = password
    assert look(f"rtsp://127.0.0.1:{camera.port}{PATH}", password=password).device.password == password


def test_closed_ports_are_distinguished(camera: RtspCamera) -> None:
    camera.stop()
    assert why(f"rtsp://127.0.0.1:{camera.port}{PATH}") == "lan_closed"
    assert why(f"127.0.0.1:{camera.port}") == "lan_closed"
    camera.start()


def at(**changes: Any) -> Device:
    given: dict[str, Any] = {
        "id": "",
        "channel": 1,
        "name": "",
        "host": "10.0.0.7",
        "port": 554,
        "main": Pictured("/a"),
    }
    return Device(**(given | changes))
