"""The demo's households and clients, whose secrets are public; a real installation never starts with this data."""

import msgspec

from showcam.accounts import clients
from showcam.accounts.households import with_lan
from showcam.app import keys
from showcam.app.compose.ground import open_store
from showcam.app.settings import Settings
from showcam.app.settings_rules import SIMULATED_PORTS
from showcam.drivers.ezviz import sessions
from showcam.drivers.lan.devices import Device, Devices, Pictured
from showcam.store.ports import Store
from showcam.store.records import Assistant

PRACTICE = ("demo@example.com", "showcam-demo")  # user name and password that the demo's sign-in page fills in
# by user: the codes on cameras' labels that their owner has given, by serial. These cameras come by RTSP at home,
# all others by the account's own cloud stream
HOUSEHOLDS: dict[str, dict[str, str]] = {
    PRACTICE[0]: {
        "F00497201": "GKRTUV",
        "F00497203": "ABCDEF",
        "F00497204": "NBCXZL",
        "F00497205": "TTHJKL",
        "F00497206": "BDRWMK",
    },
    "mfa@example.com": {"F00497301": "PRCHXY"},
    "other@example.com": {},
    "real@example.com": {},
    "keys@example.com": {},  # all cameras are encrypted, and the account signs in by a code
}
_CLIENTS: dict[Assistant, tuple[str, ...]] = {
    "alexa": (
        "https://pitangui.amazon.com/api/skill/link/DEMO",
        "https://layla.amazon.com/api/skill/link/DEMO",
        "https://alexa.amazon.co.jp/api/skill/link/DEMO",
    ),
    "google": (
        "https://oauth-redirect.googleusercontent.com/r/showcam-demo",
        "https://oauth-redirect-sandbox.googleusercontent.com/r/showcam-demo",
    ),
}


def prepare(settings: Settings) -> Settings:
    """Add the households and clients that the store lacks; return the settings with the simulator's addresses."""
    store = open_store(settings, keys.of(settings))
    for name, redirects in _CLIENTS.items():
        if store.client(name) is None:
            clients.register(store, name, name, redirects, loopback_redirect=True, secret=f"{name}-secret")
    for user, codes in HOUSEHOLDS.items():
        if sessions.find(store, user) is None:
            sessions.add_owner(store, user)
            sessions.keep_of(store, user, codes=codes)
    simulator = settings.simulator_port
    if settings.has_lan_cameras:
        _add_barn(store, simulator)
    store.close()
    return msgspec.structs.replace(
        settings,
        # the second is the Open Platform's, which the simulated EZVIZ lacks: nothing listens there
        ezviz_at=tuple(f"127.0.0.1:{simulator + after}" for after in (1, SIMULATED_PORTS, 2)),
        assistants_at=f"127.0.0.1:{simulator + 1}",
        alexa_skill_id="amzn1.ask.skill.demo",
        lwa_client_id="amzn1.application-oa2-client.demo",
        lwa_client_secret="demo-lwa-secret",  # noqa: S106  (the simulator's, and public)
        google_service_account=str(settings.data / "simulator" / "google-service-account.json"),
        ca_file=settings.data / "simulator" / "ca.pem",
    )


def renew(settings: Settings) -> None:
    """Replace the Open Platform keys that version 0.2 gave the demo's households by the codes on their cameras."""
    store = open_store(settings, keys.of(settings))
    for user, codes in HOUSEHOLDS.items():
        known = sessions.find(store, user)
        if known is not None and (secrets := sessions.Sessions(store).read(known).secrets).open:
            sessions.keep_of(store, user, open=None, codes=codes | secrets.codes)
    store.close()


def _add_barn(store: Store, simulator: int) -> None:
    """The simulator's camera that no vendor knows, for the demo's first household, unless its owner removed it."""
    ezviz = sessions.find(store, PRACTICE[0])
    assert ezviz is not None  # added above
    is_new = all(source.kind != Devices.kind for source in store.sources(ezviz.account))
    source, devices = with_lan(store, ezviz.account), Devices(store)
    barn = Device(
        id="BARN00417",
        channel=1,
        name="Barn",
        host="127.0.0.1",
        port=simulator + 3,
        main=Pictured("/Streaming/Channels/101", "h265", 640, 360, "g711u", "whole"),
        sub=Pictured("/Streaming/Channels/102", "h264", 320, 180, "g711u", "smaller"),
        user="admin",
        password="barn-demo",  # noqa: S106  (the simulator's, and public)
        model="Bramble B-20",
        firmware="1.2",
        onvif=f"{simulator + 4}/onvif/device_service",
        events=("motion", "person"),
        still=f"{simulator + 4}/onvif/still.jpg?of=smaller",
        lens="lens",
        turns=True,
        speaker=True,
    )
    known = devices.find(source, barn.id, barn.channel)
    could = None if known is None else (known.port, known.turns, known.speaker)
    if is_new or could not in (None, (barn.port, barn.turns, barn.speaker)):
        devices.put(source, barn)
