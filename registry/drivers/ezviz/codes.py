"""What EZVIZ's result codes mean for us: one table for the Open Platform and its streams, one for the app's API."""

from typing import Literal

from registry.errors import CameraSilent, DriverError, Refused, SetRefused, VendorBusy, VendorDown
from registry.reason import Reason

type Kind = Literal["token", "retry", "down", "rate"] | Reason

# EZVIZ Open Platform, "Return codes"; 5xxx and 9xxx come from its stream service.
OPEN: dict[str, Kind] = {
    "10002": "token",  # expired or invalid: a new one, once
    "10001": "down",  # a parameter is wrong: ours to mend, nothing a person can do
    # The key: frozen, unknown, not fitting its secret, without the right, or for paying accounts only.
    "10005": "no_way",
    "10013": "no_way",
    "10014": "no_way",
    "10017": "no_way",
    "10018": "no_way",
    "10026": "no_way",
    "10030": "no_way",
    "10031": "no_way",
    "10036": "no_way",
    "10012": "no_way",
    "10032": "no_way",
    "10034": "no_way",
    "10035": "no_way",
    "10004": "no_way",
    "30001": "no_way",
    # Too many calls.
    "10006": "rate",
    "10007": "rate",
    "10029": "rate",
    # The camera isn't this key's: gone, another channel, another owner's (shared ones too).
    "2000": "no_way",
    "2001": "no_way",
    "2007": "no_way",
    "20001": "no_way",
    "20002": "no_way",
    "20014": "no_way",
    "20018": "no_way",
    "20021": "no_way",
    "20022": "no_way",
    "20032": "no_way",
    # It can't do that, or wants a person to confirm it in the app.
    "2030": "no_way",
    "20009": "no_way",
    "20011": "no_way",
    "20012": "no_way",
    "20013": "no_way",
    "20019": "no_way",
    "20031": "no_way",
    "60000": "no_way",
    "60001": "no_way",
    "60006": "no_way",
    "60013": "no_way",
    "60018": "no_way",
    "60047": "no_way",
    "60056": "no_way",
    "20015": "no_way",
    "60020": "no_way",
    "60058": "no_way",
    "5411": "not_permitted",  # of a stream: no right, or what was shared is over
    "5545": "not_permitted",
    # Of a stream: a channel that is another, is not linked, has no camera; a link with a cipher of its own is wanted.
    "5403": "no_way",
    "5415": "no_way",
    "5455": "no_way",
    "5457": "no_way",
    "5458": "no_way",
    "5459": "no_way",
    "6106": "no_way",
    # Network, data or server on their side; the device did not answer them.
    "20006": "retry",
    "20008": "retry",
    "2009": "retry",
    "49999": "retry",
    "50000": "retry",
    "5000": "retry",
    "5405": "retry",
    "5491": "retry",
    "5500": "retry",
    "6518": "retry",
    "6519": "retry",
    "6520": "retry",
    "7005": "retry",
    "60017": "retry",
    "60044": "retry",
    "60055": "retry",
    "2003": "offline",
    "20023": "offline",
    "20024": "offline",
    "20029": "offline",
    "20007": "offline",
    "5404": "offline",
    "5452": "offline",
    "5456": "offline",
    "60019": "encryption_on",
    "20010": "encryption_on",  # a code it wants was wrong
    "5002": "encryption_on",
    "60026": "asleep",  # privacy: the lens is covered
    "5409": "asleep",
    "5544": "asleep",  # no video source
    # Formatting, upgrading, restarting; as many viewers as the camera or the free edition allows.
    "20016": "busy",
    "60014": "busy",
    "60015": "busy",
    "60027": "busy",  # turning its picture over, panning, talking
    "60028": "busy",
    "60029": "busy",
    "60048": "busy",
    "5416": "busy",
    "5503": "busy",
    "5504": "busy",
    "5546": "busy",
    "5547": "busy",
    "9048": "busy",
    "9049": "busy",
}

# It was so already: as good as done.
DONE = frozenset({"60016", "60021", "60022"})
WRONG_CODE = frozenset({"20010", "5002"})

NO_SUCH_CALL = frozenset({"2030", "20015", "60020"})  # this model does not know it

# EZVIZ app API, sign-in (reply field meta.code): the refusal for a person.
SIGN_IN: dict[int, Literal["wrong", "unknown", "locked", "terminals", "too_often", "wrong_code", "expired"]] = {
    1011: "wrong_code",
    1012: "expired",  # of a code that was sent
    1013: "unknown",
    1014: "wrong",
    1015: "locked",
    1041: "too_often",
    1043: "too_often",
    1069: "terminals",
    1226: "wrong",
}


SILENT = frozenset({"20008", "2009"})  # of these, the ones where it is the device that did not answer


def kind(code: str) -> Kind:
    """Some clients see stream codes with the prefix 39, 399048 for 9048; what is not in the table is the vendor's."""
    return OPEN.get(code) or OPEN.get(code.removeprefix("39") if len(code) == 6 else "") or "down"


def error(code: str) -> DriverError:
    """What the code is raised as."""
    if code in SILENT:
        return CameraSilent(f"code {code}")
    match kind(code):
        case "token" | "retry" | "down":
            return VendorDown(f"code {code}")
        case "rate":
            return VendorBusy(f"code {code}")
        case reason:
            return Refused(reason, f"code {code}")


# EZVIZ app API, settings (meta.code, or resultCode of older calls): why one was not taken. 1011 is Image Encryption's.
def set_error(code: int | None) -> DriverError | SetRefused | None:
    """What a refused setting is raised as; None where the answer says no more than that something went wrong."""
    match code:
        case 2003 | 20007:
            return Refused("offline")
        case 2000 | 2001 | 20001 | 20002 | 20014 | 20018:
            return Refused("not_found")
        case 2009 | 20008:
            return CameraSilent(f"code {code}")
        case 1041 | 1043 | 10006 | 10007 | 10029:
            return VendorBusy(f"code {code}")
        case 10013 | 10031 | 10036:
            return SetRefused("not_permitted")
        case 2030 | 20015 | 60020 | 60022:
            return SetRefused("unsupported")
        case _:
            return None


def open_set_error(code: str) -> DriverError | SetRefused:
    """The error for a change by the Open Platform, whose key may be for pictures alone."""
    if code in WRONG_CODE:
        return SetRefused("wrong_code")
    if kind(code) == "no_way":
        return SetRefused("unsupported")
    return error(code)
