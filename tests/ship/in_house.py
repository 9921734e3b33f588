"""An owner at home: `python -m tests.ship.in_house`, started in a network that has nothing but itself.

A camera of the house answers in it. Each line that it reads is an address that showcam printed: it opens that in a
browser without script, adds the camera, and prints the picture's size and the seconds as JSON.
"""

import json
import sys
import time

import av

from tests.doubles.lan_page import CAMERA, OWNER, PASSWORD, Pages, house
from tests.doubles.rtsp_recording import CODE


def first_picture(address: str) -> dict[str, float]:
    """`address`: …/home#CODE, which signs one browser in."""
    began = time.monotonic()
    web, _, code = address.partition("/home#")
    pages = Pages(web)
    pages.get("/home")
    entered = pages.post("/home", step="enter", entry=code)
    assert entered.ok, f"{entered.status_code}: {entered.text}"
    pages.post("/home", step="own", own_user=OWNER, own_password=PASSWORD)
    pages.get("/home/cameras/add")
    pages.post("/home/cameras/add", step="find")
    assert pages.found() == [CAMERA], pages.text
    pages.post("/home/cameras/add", step="try", found=CAMERA, user="admin", password=CODE)
    added = pages.post("/home/cameras/add", step="add", name="Shed")
    answer = pages.opened(added.url.partition("#")[2])
    assert "hls" in answer, answer
    with av.open(answer["hls"]) as played:
        frame = next(played.decode(video=0))
    return {"width": frame.width, "seconds": round(time.monotonic() - began, 1)}


def main() -> None:
    with house():
        say("at home")
        for line in sys.stdin:
            say(json.dumps(first_picture(line.strip())))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
