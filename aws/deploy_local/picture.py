"""Fetches a picture as a display does: the stream's playlists and segments, whose frames are decoded."""

import io
import time
from pathlib import Path
from urllib.parse import urljoin

import av
import requests
from av.error import FFmpegError

from aws.deploy_local.steps import StepFailed

WAIT_S = 20


def watch(url: str, authorities: Path) -> tuple[int, int, int]:
    """Width, height and number of the frames in the stream's first segments. Raises StepFailed."""
    http = requests.Session()
    http.verify, http.trust_env = str(authorities), False
    master = _get(http, url).text
    named = [line for line in master.splitlines() if line and not line.startswith("#")]
    if not master.startswith("#EXTM3U") or not named:
        raise StepFailed("the stream's first playlist names no stream")
    variant, end = urljoin(url, named[0]), time.monotonic() + WAIT_S
    while time.monotonic() < end:
        lines = _get(http, variant).text.splitlines()
        segments = [line for line in lines if line and not line.startswith("#")]
        if segments:
            heads = [line.split('URI="')[1].split('"')[0] for line in lines if line.startswith("#EXT-X-MAP")]
            content = [_get(http, urljoin(variant, name)).content for name in [*heads[:1], *segments[-2:]]]
            return _decoded(b"".join(content))
        time.sleep(0.2)
    raise StepFailed(f"the stream listed no segment within {WAIT_S} s")


def still(url: str, token: str, authorities: Path) -> tuple[int, int, int]:
    """Width, height and 1 for a still picture, which needs an access token of the link. Raises StepFailed."""
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, verify=str(authorities), timeout=WAIT_S)
    if answer.status_code != 200:
        raise StepFailed(f"the still picture answered {answer.status_code}: {answer.text[:200]}")
    return _decoded(answer.content)


def _get(http: requests.Session, url: str) -> requests.Response:
    answer = http.get(url, timeout=WAIT_S, allow_redirects=False)
    if answer.status_code != 200:
        raise StepFailed(f"the picture process answered {answer.status_code}: {answer.text[:200]}")
    return answer


def _decoded(data: bytes) -> tuple[int, int, int]:
    try:
        with av.open(io.BytesIO(data), mode="r") as media:
            frames = list(media.decode(video=0))
    except FFmpegError as error:
        raise StepFailed(f"what came is no picture: {error}") from None
    if not frames:
        raise StepFailed("no frame could be decoded")
    return frames[0].width, frames[0].height, len(frames)
