"""What is asked at the worker's door for Cast devices, and what it answers; one line of JSON each."""

from typing import Literal

from msgspec import Struct

from cast.device import Device
from cast.failed import Why
from cast.showing import Showing
from registry.camera import Refusal

PATH = "/cast"  # what the proof of a question covers beside its text
LONGEST = 64 * 1024


class Ask(Struct, frozen=True):
    """`on`: a device's name, "" for every one; `camera`: an id, "" for any.

    `wait_s`: after this the answer is `goes_on`, and at once if a camera has to wake. 0: the answer comes when all is
    done, and a line of its own before it if a camera has to wake.
    """

    what: Literal["devices", "now", "show", "stop"]
    account: str = ""
    camera: str = ""
    on: str = ""
    seconds: float = 0.0
    wait_s: float = 0.0


class Answer(Struct, frozen=True):
    """`failed` and `refusal` say why nothing is shown."""

    devices: tuple[Device, ...] = ()
    showing: tuple[Showing, ...] = ()
    refusal: Refusal | None = None
    failed: Why | None = None
    device: str = ""  # the name that `failed` speaks of
    goes_on: bool = False  # neither done nor failed yet
    waking: str = ""  # with `goes_on`: the name of the camera on battery that is being woken
