"""The code that deciphers an EZVIZ camera's picture: checked, sealed, handed to the media process, and taken back."""

from collections.abc import Iterator
from copy import replace as changed
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import UNASKED, Camera
from showcam.drivers.errors import Refused
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.cameras import is_right, judged
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.keys import key_of
from showcam.drivers.vendor import SignedIn
from showcam.engine.source import USED, CameraSpec, EzvizCloud, Rtsp, mark_of, read_source
from showcam.store.records import Source
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.leases import lent
from tests.doubles.minting import minted_at_home
from tests.doubles.ready_driver import camera as ready
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A code is sealed, and judged by the video",
    leans_on="published: the digest and key of public clients",
    also=("tests/media/test_doubt.py",),
)

CODE = "ABCDEF"  # of the Garage
KEY = b"ABCDEF" + bytes(10)
DIGEST = "aa37ad52a5a65df39791a95818fb3298"  # reference vector: md5hex(md5hex("ABCDEF"))


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("ABCDEF", KEY),
        ("0123456789abcdef", b"0123456789abcdef"),
        ("0123456789abcdefghij", b"0123456789abcdef"),
        ("", bytes(16)),
    ],
)
def test_a_key_is_the_code_filled_up_with_zeros_or_cut(code: str, key: bytes) -> None:
    assert key_of(code) == key


@pytest.mark.parametrize(
    ("listed", "code", "right"),
    [
        (DIGEST, "ABCDEF", True),
        (DIGEST.upper(), "ABCDEF", True),
        (DIGEST, "abcdef", False),
        (DIGEST, "", False),
        ("", "ABCDEF", None),
        (None, "ABCDEF", None),
        (7, "ABCDEF", None),
        ("<redacted>", "ABCDEF", False),
        ("ſ" * 32, "ABCDEF", False),
    ],
)
def test_a_code_is_compared_with_the_digest_that_the_vendor_lists(listed: Any, code: str, right: bool | None) -> None:
    assert is_right([{"STATUS": {"F1": {"encryptPwd": listed}}}], "F1", code) is right


@pytest.mark.parametrize(
    "page", [{}, {"STATUS": None}, {"STATUS": {}}, {"STATUS": {"F1": None}}, {"STATUS": {"F1": {}}}]
)
def test_without_a_digest_nothing_is_known(page: dict[str, Any]) -> None:
    garage = ready("Garage", "F1")
    assert is_right([page], "F1", CODE) is None
    assert [camera.picture_code for camera in judged((garage,), [page], {"F1": CODE}, {})] == ["unknown"]


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"), encryption_delay_s=0.0)
    yield running
    running.stop()


class Home:
    """The demo's household, by its account alone; it has not agreed to an open connection."""

    def __init__(self, vendor: SimulatorProcess, store: SqliteStore) -> None:
        store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
        user = "demo@example.com"
        [source] = store.sources(sessions.add_owner(store, user).id)
        self.source: Source = source
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
        self.another = partial(EzvizDriver, store, hosts, ca_file=vendor.ca, demo=True, lan=True, cloud=True)
        self.driver = self.another()
        verdict = self.driver.sign_in(user, "showcam-demo", LONG_S)
        assert isinstance(verdict, SignedIn)
        self.driver.sessions.signed_in(source, user, verdict.session)

    def camera(self, name: str = "Garage") -> Camera:
        return next(Camera.of(camera) for camera in self.driver.read(self.source, LONG_S) if camera.name == name)

    def set_code(self, code: str, name: str = "Garage") -> None:
        self.driver.set_picture_code(self.source, self.camera(name), code, LONG_S)

    def mint(self, camera: Camera) -> CameraSpec:
        """The spec of an opening that has ended."""
        spec = self.driver.mint(self.source, camera, "cloud", LONG_S)
        self.driver.release(self.source, lent(spec), USED, LONG_S)
        return spec


@pytest.fixture
def home(vendor: SimulatorProcess, store: SqliteStore) -> Home:
    return Home(vendor, store)


def test_the_key_goes_with_the_address_of_a_camera_whose_code_fits(home: Home) -> None:
    home.set_code(CODE)

    garage = home.camera()
    assert (garage.picture_code, home.camera("Garden").picture_code) == ("fits", "none")
    spec = home.mint(garage)
    assert (type(spec), spec.key) == (EzvizCloud, KEY)
    assert read_source(spec.as_json()) == spec
    for secret in (CODE, KEY.hex(), str(KEY)):
        assert secret not in f"{spec!r} {spec} {spec.url}"


def test_at_home_the_key_goes_along_too(home: Home) -> None:
    home.driver.set_code(home.source, home.camera(), CODE, LONG_S)
    assert minted_at_home(home.driver, home.another, home.source, home.camera()).key == b""
    home.set_code(CODE)
    spec = minted_at_home(home.driver, home.another, home.source, home.camera())
    assert (type(spec), spec.key) == (Rtsp, KEY)


@pytest.mark.parametrize(
    ("listed", "video", "is_judged"),
    [
        (DIGEST, None, "fits"),
        (DIGEST, True, "fits"),
        (DIGEST, False, "unknown"),  # the video may have been damaged: the next one decides
        ("0" * 32, None, "unknown"),
        ("0" * 32, True, "fits"),
        ("0" * 32, False, "wrong"),
        ("", None, "unknown"),
        ("", False, "wrong"),
    ],
)
def test_the_video_judges_a_key_and_the_listed_digest_is_a_hint(
    listed: str, video: bool | None, is_judged: str
) -> None:
    garage, page = ready("Garage", "F1"), {"STATUS": {"F1": {"encryptPwd": listed}}}
    videos = {} if video is None else {"F1": video}
    assert [camera.picture_code for camera in judged((garage,), [page], {"F1": CODE}, videos)] == [is_judged]


@pytest.mark.parametrize("code", ["none", "wrong"])
def test_a_key_that_may_not_fit_is_not_handed_out(home: Home, code: Any) -> None:
    home.driver.sessions.allow_open_way(home.source, allowed=True)
    home.set_code(CODE)
    assert home.mint(replace(home.camera(), picture_code=code)).key == b""


@pytest.mark.parametrize("code", ["ABCDEG", "abcdef", "ABCDEF0"])
def test_a_code_that_the_list_does_not_confirm_is_kept_until_the_video_refutes_it(home: Home, code: str) -> None:
    home.set_code(code)
    assert (home.camera().picture_code, home.mint(home.camera()).key) == ("unknown", key_of(code))
    home.driver.judge_key(home.source, home.camera(), mark_of(KEY), fits=False)
    assert home.camera().picture_code == "unknown", "that was said of another key"
    home.driver.judge_key(home.source, home.camera(), mark_of(key_of(code)), fits=False)
    assert (home.camera().picture_code, home.mint(home.camera()).key) == ("wrong", b"")
    home.set_code(CODE)
    assert home.camera().picture_code == "fits", "what was said of the code before is forgotten"


def test_an_enciphered_picture_needs_no_consent_to_an_open_connection(home: Home) -> None:
    assert (home.camera().ways, home.camera("Garden").ways) == ((UNASKED,), (UNASKED,))
    home.set_code(CODE)
    assert (home.camera().ways, home.camera("Garden").ways) == (("cloud",), (UNASKED,))
    with pytest.raises(Refused, match="no cloud way"):
        home.mint(replace(home.camera(), encryption="off"))


def test_a_password_that_is_changed_elsewhere_leaves_it_to_the_video(
    home: Home, vendor: SimulatorProcess, tmp_path: Path
) -> None:
    home.set_code(CODE)
    elsewhere = SqliteStore(tmp_path / "elsewhere.db", Sealer([("test", bytes(32))]))
    app = Home(vendor, elsewhere)
    app.driver.change_password(app.source, app.camera(), CODE, "secret12", LONG_S)
    assert home.camera().picture_code == "unknown"
    home.driver.judge_key(home.source, home.camera(), mark_of(KEY), fits=False)
    found = home.camera()
    assert (found.picture_code, home.mint(found).key) == ("wrong", b"")
    app.driver.change_password(app.source, app.camera(), "secret12", CODE, LONG_S)
    assert home.camera().picture_code == "unknown", "it is the listed one again, and the next video decides"
    home.driver.judge_key(home.source, home.camera(), mark_of(KEY), fits=True)
    assert home.camera().picture_code == "fits"
    elsewhere.close()


def test_a_password_that_is_changed_here_takes_the_codes_place(home: Home) -> None:
    home.set_code(CODE)
    home.driver.change_password(home.source, home.camera(), CODE, "secret12", LONG_S)
    assert (home.camera().picture_code, home.mint(home.camera()).key) == ("fits", b"secret12" + bytes(8))
    home.driver.change_password(home.source, home.camera(), "secret12", CODE, LONG_S)


def test_without_a_kept_code_a_new_password_keeps_none(home: Home) -> None:
    home.driver.change_password(home.source, home.camera(), CODE, "secret12", LONG_S)
    assert home.camera().picture_code == "none"
    home.driver.change_password(home.source, home.camera(), "secret12", CODE, LONG_S)


def test_a_code_is_taken_back(home: Home) -> None:
    home.set_code(CODE)
    home.set_code("")
    assert home.driver.sessions.read(home.source).secrets.picture_codes == {}
    assert (home.camera().picture_code, home.camera().ways) == ("none", (UNASKED,))


def test_a_code_is_sealed(home: Home, tmp_path: Path) -> None:
    home.set_code(CODE)
    held = home.driver.sessions.read(home.source)
    assert CODE not in f"{held!r} {held.secrets} {home.camera()!r}"
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("showcam.db*"))
    assert stored
    assert CODE.encode() not in stored


def test_what_is_handed_on_is_compared_by_its_key_too() -> None:
    spec = EzvizCloud(url="ysproto://x", hosts=("x:8554",), sound="on", key=KEY)
    assert spec != changed(spec, key=b"")
    assert read_source({**spec.as_json(), "key": ""}).key == b""
