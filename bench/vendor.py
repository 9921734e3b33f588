"""The vendor's share: a big household's list, shared fresh readings, and a vendor that hangs."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from bench.progress import say
from bench.questions import WrongAnswer, initialize, report_state, reported
from bench.run import Results, Run
from bench.table import Bound, Row
from showcam.accounts.links import mint
from showcam.app import keys as key_files
from showcam.drivers.camera import Stream, StreamRequest
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.vendor import SignedIn
from showcam.engine.grants import Grants
from showcam.registry.adapter import adapt
from showcam.registry.readings.judge import Rules
from showcam.registry.registry import Registry
from showcam.store.records import Link
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.household import new_link
from tests.doubles.program import Program, running
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.simulator_process import SimulatorProcess

FLEET = "fleet@example.com"
CAMERAS = 300
AT_ONCE = 100
TIMES = 5
LIST = "/v3/userdevices/v1/resources/pagelist"
NO_LIMIT = 1_000_000_000


def measure(run: Run) -> Results:
    say("The vendor: a household of 300")
    with TemporaryDirectory(prefix="showcam-bench-") as folder:
        yield from _household(run, Path(folder))
    say("The vendor: it hangs")
    with TemporaryDirectory(prefix="showcam-bench-") as folder:
        yield from _hanging(Path(folder))


def _household(run: Run, folder: Path) -> Results:
    with _fleet(folder) as (vendor, registry, link):
        before = vendor.calls()
        took = min(_seconds(lambda: registry.cameras(link)) for _ in range(1 if run.quick else TIMES))
        calls = (vendor.calls() - before).total() / (1 if run.quick else TIMES)
        name = f"{CAMERAS} cameras listed"
        yield Row(name, "s", took, "bare requests", _bare(vendor), Bound(most=1.5))
        yield Row(f"{name}: calls of the vendor", "calls", calls, bound=Bound(most=15))
        vendor.configure(fleet={"account": FLEET, "cameras": 8})
        vendor.configure(latency_ms=300)  # so that requests sent together overlap
        cameras = [camera.id for camera in registry.cameras(link).cameras]
        before = vendor.calls()
        request = StreamRequest("alexa", ("hls",))
        with ThreadPoolExecutor(len(cameras)) as pool:
            opened = list(pool.map(lambda camera: registry.open_stream(link, camera, request), cameras))
        _expect(all(isinstance(stream, Stream) for stream in opened), opened)
        read = (vendor.calls() - before)[LIST]
        yield Row("fresh reads before 8 streams opened together", "calls", read, bound=Bound(most=1))


@contextmanager
def _fleet(folder: Path) -> Iterator[tuple[SimulatorProcess, Registry, Link]]:
    """A household at the simulated vendor, and the registry around the real driver."""
    vendor = SimulatorProcess(folder, viewers=1000)
    store = SqliteStore(folder / "showcam.sqlite3", Sealer([("bench", b"k" * 32)]))
    try:
        vendor.configure(fleet={"account": FLEET, "cameras": CAMERAS})
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
        driver = EzvizDriver(store, hosts, ca_file=vendor.ca, demo=True)
        account = sessions.add_owner(store, FLEET, open_key="fleet-key", open_secret="fleet-secret")
        answer = driver.sign_in(FLEET, "showcam-demo", 20.0)
        _expect(isinstance(answer, SignedIn), answer)
        driver.sessions.signed_in(store.sources(account.id)[0], FLEET, answer.session)  # type: ignore[union-attr]
        link = new_link(account, "alexa", None, "en")
        store.add_link(link)
        rules = Rules(opens_per_minute=NO_LIMIT, request_s=10.0)
        registry = adapt(store, {"ezviz": driver}, ReadyPictures(), Grants([b"k" * 32]), rules).registry
        _expect(len(registry.cameras(link).cameras) == CAMERAS, "a list of another length")
        yield vendor, registry, link
    finally:
        store.close()
        vendor.stop()


def _bare(vendor: SimulatorProcess) -> float:
    """Seconds for the same pages one after the other, by bare requests in an existing session."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(vendor.ca)
        password = md5(b"showcam-demo", usedforsecurity=False).hexdigest()
        form = {"account": FLEET, "password": password, "featureCode": "b" * 32}
        base = f"https://{vendor.app_host}"
        session_id = session.post(f"{base}/v3/users/login/v5", form, timeout=10).json()["loginSession"]["sessionId"]
        session.headers["sessionId"] = session_id

        def pages() -> None:
            for offset in range(0, CAMERAS, 30):
                query = {"groupId": "-1", "limit": "30", "offset": str(offset), "filter": "STATUS,SWITCH"}
                page = session.get(f"{base}{LIST}", params=query, timeout=10).json()
                _expect(len(page["deviceInfos"]) == 30, page["meta"])

        return min(_seconds(pages) for _ in range(3))


def _hanging(folder: Path) -> Results:
    with running(folder, troubled=True, forked=False, SHOWCAM_OPENS_PER_MINUTE=str(NO_LIMIT)) as program:
        control = f"{program.simulator}/_control"
        requests.post(control, json={"fleet": {"account": FLEET, "cameras": 3}}, timeout=5).raise_for_status()
        program.link("google")
        program.link("alexa", FLEET)
        theirs, others = _caller(program, FLEET, initialize), _caller(program, "demo@example.com", report_state)
        serial = program.cameras()["Camera 1"]["serial"]
        requests.post(f"{control}/{serial}", json={"fault": "timeout"}, timeout=5).raise_for_status()
        over = threading.Event()
        meanwhile: dict[str, list[float]] = {"healthz": [], "other": []}

        def measure_on(name: str, call: Callable[[], float]) -> None:
            while not over.is_set():
                meanwhile[name].append(call())

        with ThreadPoolExecutor(AT_ONCE + 2) as pool:
            watching = [
                pool.submit(measure_on, "healthz", lambda: _healthy(program)),
                pool.submit(measure_on, "other", lambda: others(reported)),
            ]
            took = list(pool.map(lambda _: theirs(_unreachable), range(AT_ONCE)))
            over.set()
            for measuring in watching:
                measuring.result()
        name = f"{AT_ONCE} requests while the vendor hangs"
        yield Row(f"{name}: the slowest", "s", max(took), bound=Bound(most=6))
        yield Row(f"{name}: /healthz meanwhile, the slowest", "s", max(meanwhile["healthz"]), bound=Bound(most=3))
        other = f"{name}: another household meanwhile, the slowest"
        yield Row(other, "s", max(meanwhile["other"]), bound=Bound(most=3))


def _caller(
    program: Program, user: str, build: Callable[..., dict[str, Any]]
) -> Callable[[Callable[..., None]], float]:
    """A call that sends a directive about a camera of the household; it returns the seconds and checks the answer."""
    store = SqliteStore(program.data / "showcam.sqlite3", Sealer(key_files.read_or_make(program.data / "keys").seal))
    source = sessions.find(store, user)
    assert source is not None
    account = store.account(source.account)
    assert account is not None
    link = new_link(account, "alexa", None, "en")
    store.add_link(link)
    token, row = mint(link.id, "access", "cameras", time.time())
    store.add_tokens([row])
    store.close()

    def send(directive: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(f"{program.web}/alexa/smart-home", json=directive, timeout=30)
        return dict(json.loads(answer.content))

    discover = {"namespace": "Alexa.Discovery", "name": "Discover", "payloadVersion": "3", "messageId": "bench"}
    scope = {"type": "BearerToken", "token": token}
    found = send({"directive": {"header": discover, "payload": {"scope": scope}}})["event"]["payload"]["endpoints"]
    camera = found[0]["endpointId"]

    def call(check: Callable[..., None]) -> float:
        began = time.perf_counter()
        answer = send(build(token, camera))
        took = time.perf_counter() - began
        check(answer)
        return took

    return call


def _unreachable(answer: dict[str, Any]) -> None:
    _expect(answer["event"]["payload"].get("type") == "BRIDGE_UNREACHABLE", answer)


def _healthy(program: Program) -> float:
    began = time.perf_counter()
    answer = requests.get(f"{program.web}/healthz", timeout=30)
    took = time.perf_counter() - began
    _expect(answer.status_code == 200, answer.text)
    time.sleep(0.05)
    return took


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _expect(right: bool, answer: object) -> None:
    if not right:
        raise WrongAnswer(str(answer)[:600])
