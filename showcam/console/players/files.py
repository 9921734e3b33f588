"""Texts for the files of a household's own programs, with the addresses of the cameras filled in.

The forms are those of go2rtc's internal/ffmpeg and internal/webrtc, of Frigate's page on restreaming, and of Home
Assistant's integration “Generic Camera”.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from msgspec import Struct

from showcam.drivers.camera import Camera

LONGEST = 40  # characters of a stream's name
_UNNAMED = re.compile(r"[^a-z0-9]+")


class Addressed(Struct, frozen=True):
    """A camera's addresses for one player. `stream`: its name in the files of programs."""

    camera: str
    name: str
    stream: str
    hls: str
    whep: str
    still: str
    rtsp: str = ""  # if a port of RTSP is open

    @property
    def best(self) -> str:
        """The address for programs that take any: RTSP is behind life by less than HLS."""
        return self.rtsp or self.hls


class Files(Struct, frozen=True):
    """The texts to copy, one a program."""

    go2rtc: str
    frigate: str
    home_assistant: str


class Origins(Struct, frozen=True):
    """The origin of showcam's pages for programs in the house, and host and port of RTSP, "" if that port is closed."""

    web: str
    rtsp: str = ""


def addressed(origins: Origins, name: str, key: str, cameras: Iterable[Camera]) -> list[Addressed]:
    """The addresses of the cameras for the player of this name and key."""
    found: list[Addressed] = []
    for camera in cameras:
        at = f"{origins.web}/players/{key}/{camera.id}"
        stream = stream_name(camera, {known.stream for known in found})
        by_rtsp = f"rtsp://{name}:{key}@{origins.rtsp}/{camera.id}" if origins.rtsp else ""
        by_http = f"{at}/live.m3u8", f"{at}/whep", f"{at}/snapshot.jpg"
        found.append(Addressed(camera.id, camera.name, stream, *by_http, by_rtsp))
    return found


def stream_name(camera: Camera, taken: Iterable[str]) -> str:
    """The camera's name in letters that each program takes; its id if there are none, or another camera's are these."""
    letters = unicodedata.normalize("NFKD", camera.name.casefold().replace("ø", "o").replace("æ", "ae"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    name = _UNNAMED.sub("_", plain).strip("_")[:LONGEST].rstrip("_")
    return name if name and name not in taken else _UNNAMED.sub("_", camera.id)


def files(cameras: Sequence[Addressed]) -> Files:
    return Files(_go2rtc(cameras), _frigate(cameras), _home_assistant(cameras))


def _go2rtc(cameras: Sequence[Addressed]) -> str:
    return "\n".join(
        ["streams:", *(f"  {camera.stream}: {camera.rtsp or f'webrtc:{camera.whep}'}" for camera in cameras)]
    )


def _frigate(cameras: Sequence[Addressed]) -> str:
    """Frigate's own go2rtc fetches each camera once, for all that Frigate does with it."""
    lines = ["go2rtc:", "  streams:"]
    lines += [
        f"    {camera.stream}: {camera.rtsp}"
        if camera.rtsp
        else f'    {camera.stream}: "ffmpeg:{camera.hls}#video=copy#audio=copy"'
        for camera in cameras
    ]
    lines.append("cameras:")
    for camera in cameras:
        lines += [
            f"  {camera.stream}:",
            "    ffmpeg:",
            "      inputs:",
            f"        - path: rtsp://127.0.0.1:8554/{camera.stream}",
            "          input_args: preset-rtsp-restream",
            "          roles: [detect, record]",
        ]
    return "\n".join(lines)


def _home_assistant(cameras: Sequence[Addressed]) -> str:
    """The two fields of a Generic Camera, which Home Assistant takes in its own form only."""
    return "\n\n".join(
        f"{camera.name}\nStill Image URL: {camera.still}\nStream Source URL: {camera.best}" for camera in cameras
    )
