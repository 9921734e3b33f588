"""Faults of one camera or of the whole vendor; and households of any size."""

import time
from typing import Any

import pytest
import requests

from tests.doubles.cloud import Cloud
from tests.doubles.waiting import LONG_S


def device_info(cloud: Cloud, token: str, name: str = "Garden") -> requests.Response:
    url = f"https://{cloud.process.open_host}/api/lapp/device/info"
    form = {"accessToken": token, "deviceSerial": cloud.serials[name]}
    return requests.post(url, data=form, verify=str(cloud.process.ca), timeout=LONG_S)


def code_of(answer: requests.Response) -> str | None:
    """The answer's code; None where it is no JSON."""
    try:
        return str(answer.json()["code"])
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("http500", 500, None),
        ("html", 200, None),
        ("garbage", 200, None),
        ("rate", 200, "10029"),
        ("quota", 200, "10007"),
    ],
)
@pytest.mark.parametrize("everywhere", [False, True], ids=["one camera", "all"])
def test_a_fault_has_its_status_and_code(
    cloud: Cloud, fault: str, status: int, code: str | None, everywhere: bool
) -> None:
    token = cloud.token()
    if everywhere:
        cloud.configure(fault=fault)
    else:
        cloud.control(cloud.serials["Garden"], fault=fault)
    answer = device_info(cloud, token)
    assert answer.status_code == status
    assert code_of(answer) == code
    other = device_info(cloud, token, "Pond")
    assert (code_of(other) == "200") is not everywhere


def test_the_fault_half_breaks_off_the_answer(cloud: Cloud) -> None:
    token = cloud.token()
    cloud.control(cloud.serials["Garden"], fault="half")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        device_info(cloud, token)


def test_the_fault_delay_answers_after_the_delay(cloud: Cloud) -> None:
    token = cloud.token()
    cloud.configure(delay_s=0.4)
    cloud.control(cloud.serials["Garden"], fault="delay")
    began = time.monotonic()
    assert device_info(cloud, token).json()["code"] == "200"
    assert time.monotonic() - began >= 0.4


def test_a_skewed_clock_dates_valid_tokens_as_expired(cloud: Cloud) -> None:
    cloud.control(cloud.serials["Garden"], fault="clock_skew")
    form = {"appKey": "demo-key", "appSecret": "demo-secret"}
    token = cloud.post("/api/lapp/token/get", **form).json()["data"]
    assert token["expireTime"] / 1000 < time.time()
    assert device_info(cloud, token["accessToken"]).json()["code"] == "200"


@pytest.mark.parametrize("fleet", [{"cameras": 0}, {"cameras": 1000, "mixed": True}])
def test_a_fleet_is_made(cloud: Cloud, fleet: dict[str, Any]) -> None:
    cloud.configure(fleet={"account": "fleet@example.com"} | fleet)
    rows = requests.get(f"{cloud.process.url}/_control", timeout=30).json()["cameras"]
    made = [row for row in rows if row["owner"] == "fleet@example.com"]
    assert len(made) == fleet["cameras"] + 6 * fleet.get("mixed", False)
    assert len({(row["serial"], row["channel"]) for row in made}) == len(made)
    cloud.configure(fleet={"account": "fleet@example.com", "cameras": 0})
    assert sum(row["owner"] == "demo@example.com" for row in rows) == 7


def test_a_fleet_is_listed_by_the_open_platform_in_pages(cloud: Cloud) -> None:
    cloud.configure(fleet={"account": "fleet@example.com", "cameras": 70, "mixed": True})
    token = cloud.token("fleet")
    pages = [cloud.open("camera/list", token, pageStart=str(page), pageSize="50") for page in range(2)]
    assert [len(page["data"]) for page in pages] == [50, 26]
    channels = [(row["channelName"], row["channelNo"]) for page in pages for row in page["data"]]
    assert ("Stable", 3) in channels
    devices = cloud.open("device/list", token, pageStart="1", pageSize="50")
    assert devices["page"]["total"] == 73  # a recorder and two lenses are a device each
    cloud.configure(fleet={"account": "fleet@example.com", "cameras": 0})
