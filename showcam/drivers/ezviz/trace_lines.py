"""The lines of a camera's trace, which is a file that a volunteer sends to the developers.

A field is a number with limits, a truth value, or one of the words that are written here. No field takes a text of the
vendor's, so that no serial, name, address, token or key can be in a trace. `Alias` names a device within one trace: the
key of its HMAC is thrown away with the trace.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

type Small = Annotated[int, Meta(ge=-9, le=99_999)]
type Ms = Annotated[int, Meta(ge=0, le=14_400_000)]  # up to four hours
type Size = Annotated[int, Meta(ge=0, le=2**31)]  # bytes
type Port = Annotated[int, Meta(ge=0, le=65535)]
type Mask = Annotated[int, Meta(ge=-1, lt=2**31)]
type Alias = Annotated[str, Meta(pattern=r"^[0-9a-f]{12}\Z")]

# models that public sources name; others are "other", and the owner may name the model next to the trace
MODELS = (
    "A1|BC1|BC1C|BC2|C1C|C2C|C3A|C3N|C3TN|C3W|C3WN|C3X|C4W|C6|C6C|C6CN|C6N|C6T|C6W|C8C|C8PF|C8T|C8W|CB1|CB2|CB3|"
    "CB5|CB8|CP1|CP2|CP4|CP5|CP7|CV246|CV310|DB1|DB1C|DB2|DB2C|DP1C|DP2|DP2C|EB3|EB5|EB8|EP3x|EP4|EP7|EP8x|"
    "eLife|H1c|H3|H3c|H4|H5|H6|H6c|H7c|H8|H8c|H80x|H9|H9c|HB3|HB8|HP2|HP3|HP4|HP7|Husky Air|LC1C|LC3|TY1|TY2|"
    "X5S|other"
)
type Model = Annotated[str, Meta(pattern=rf"^({MODELS})\Z")]
type Category = Literal["IPC", "BatteryCamera", "BDoorBell", "CatEye", "COMMON", "XVR", "IGateWay", "other"]
# a kind of host: the region of the vendor's API as its host name has it, another name of the vendor's, an address
type HostKind = Literal[
    "ieu", "ius", "isa", "isgp", "iindia", "rus", "cn", "vendor", "foreign", "public", "private", "loopback", "none"
]
type CallKind = Literal[
    "sign_in", "code", "renew", "list", "system", "token", "dispatcher", "messages", "wake", "register", "other"
]
type Transport = Literal["ps", "rtp", "ts", "unknown"]
# Of the cloud: the smaller and the whole picture, a second session during the first, the long one. At home: by RTSP,
# and by the camera's own protocol in either manner.
type Way = Literal["sub", "main", "beside", "long", "rtsp", "plain", "wrapped"]
# why there was no session: the owner's consent, what the vendor did not give, what a camera at home answers
type Unopened = Literal[
    "",
    "not_agreed",
    "no_dispatcher",
    "no_token",
    "no_key",
    "unreached",
    "closed",
    "code_wrong",
    "encryption_on",
    "not_playable",
    "busy",
]
# The cause that stopped a session: showcam, the node with or without a result, a cipher of the link, or video that
# can't be read.
type Ending = Literal["ours", "result", "closed", "unread", "refused"]
type PortState = Literal["open", "closed", "silent"]


class Trace(Struct, frozen=True, tag="trace", tag_field="line"):
    """The first line. `showcam` is the version of the program, `year` and `month` when it was made."""

    version: Literal[1]
    of: Literal["camera", "sign_in", "alexa", "google"]
    showcam: tuple[Small, Small, Small]
    year: Annotated[int, Meta(ge=2025, le=2100)]
    month: Annotated[int, Meta(ge=1, le=12)]
    minutes: Small = 0


class Call(Struct, frozen=True, tag="call", tag_field="line"):
    """A request to the vendor: HTTP status and the code in the body, -1 for none."""

    call: CallKind
    host: HostKind
    http: Small
    code: Small
    ms: Ms
    is_empty: bool = False  # the list came without STATUS of this camera


class Row(Struct, frozen=True, tag="camera", tag_field="line"):
    """The vendor's list about the camera. A number is None if the list lacks it, or has another thing there."""

    device: Alias
    channel: Small
    model: Model
    category: Category
    firmware: tuple[Small, Small, Small, Annotated[int, Meta(ge=0, le=999_999)]] | None
    channels: Small | None
    online: Small | None
    offline_notify: Small | None
    support: dict[Annotated[int, Meta(ge=0, le=9999)], tuple[Small, ...]] | None  # supportExt
    share: Small | None
    permission: Mask | None
    resource_type: Small | None
    biz: Literal["biz", "pairs", "url", "empty"]  # the form of streamBizUrl
    encrypted: Small | None  # isEncrypt
    digest: Small  # length of encryptPwd
    global_status: Small | None
    privacy: Small | None
    battery: Small | None
    charging: Small | None
    online_status: Small | None
    night_vision: Small | None
    encodings: tuple[Small | None, Small | None]
    inverse: Small | None
    image_flip: bool | None
    has_features: bool
    switches: tuple[tuple[Small, Small, bool], ...] | None  # channel, type, on
    qualities: tuple[tuple[Small, Small], ...] | None  # stream, level


class Dispatcher(Struct, frozen=True, tag="dispatcher", tag_field="line"):
    """How the list names the camera's dispatcher (VTM)."""

    port: Port
    domain: HostKind
    external: HostKind
    internal: HostKind
    forced: Small | None
    backup: Small | None
    key: Small  # length of its public key


class KeyState(Struct, frozen=True, tag="key", tag_field="line"):
    """Whether a key is here. A trace asks the vendor for none.

    `fits`: the list has the digest of this key. `by_video`: video could be deciphered by it. `elevated`: the session
    was signed in by a code, so that the vendor hands keys out. `refused`: the vendor gives this account no such key.
    """

    kept: bool
    fits: bool | None
    by_video: bool | None
    elevated: bool
    refused: bool


class Alarm(Struct, frozen=True, tag="alarm", tag_field="line"):
    """The codes of a recent message."""

    type: Small | None  # alarmType
    sub: Small | None  # subType
    calling: Small | None  # callingStatus
    channel: Small | None
    pictured: bool
    ago_s: Annotated[int, Meta(ge=0, le=99_999_999)]


class Wake(Struct, frozen=True, tag="wake", tag_field="line"):
    """A battery camera was asked to wake."""

    taken: bool
    ms: Ms


class Opened(Struct, frozen=True, tag="session", tag_field="line"):
    """A session at the vendor's cloud, or with the camera at home: `results` of the servers in turn."""

    number: Small
    way: Way
    stream: Literal[1, 2]
    refused: Unopened
    results: tuple[Small, ...]
    ms: Ms  # until the last answer
    ssn: Small  # length of the session's number


class Frame(Struct, frozen=True, array_like=True, omit_defaults=True):
    """A frame as it came: ms since the session opened, channel, length; the types of the NAL units of the picture that
    was whole with it; a message's code.

    By RTSP it is an access unit, of the video on channel 1 or of the sound on channel 2. By the camera's own protocol
    it is a part of its program stream, on channel 1.
    """

    ms: Ms
    channel: Annotated[int, Meta(ge=0, le=255)]
    length: Size
    nals: tuple[Annotated[int, Meta(ge=0, le=63)], ...] = ()
    code: Port = 0


class Frames(Struct, frozen=True, tag="frames", tag_field="line"):
    number: Small
    rows: tuple[Frame, ...]


class Second(Struct, frozen=True, array_like=True):
    """A step of time: its beginning, and the frames, bytes, pictures, keyframes and longest pause in it."""

    ms: Ms
    frames: Small
    bytes: Size
    pictures: Small
    keys: Small
    pause: Ms


class Seconds(Struct, frozen=True, tag="seconds", tag_field="line"):
    """The session in steps, if it is too long for a row for each frame."""

    number: Small
    step_ms: Ms
    rows: tuple[Second, ...]


class Ended(Struct, frozen=True, tag="end", tag_field="line"):
    """`picture`: whether a keyframe decodes as it comes, decodes with the key that is kept, or does not."""

    number: Small
    ms: Ms
    ending: Ending
    result: Small
    transport: Transport
    codec: Literal["h264", "h265", "unknown"]
    width: Small
    height: Small
    layout: Literal["clear", "body", "copied", "whole", "unknown"]
    picture: Literal["clear", "deciphered", "hidden", "none"]
    sound: Literal["aac", "pcm_alaw", "pcm_mulaw", "pcm_s16be", "g722", "g726le", "g726", "opus", "none"]
    first_byte_ms: Ms | None
    first_key_ms: Ms | None


class Beside(Struct, frozen=True, tag="beside", tag_field="line"):
    """Whether a second session of the same camera ended the first one."""

    opened: bool
    ended_first: bool
    after_ms: Ms


class Home(Struct, frozen=True, tag="home", tag_field="line"):
    """The camera's address at home by kind, and its ports."""

    address: HostKind
    listed: tuple[Port, ...]  # RTSP, commands, pictures, HTTP
    wired: bool | None
    ports: dict[Port, PortState]


class Cut(Struct, frozen=True, tag="cut", tag_field="line"):
    """The number of lines of frames that were left out, because the file would be too large."""

    lines: Small


type Line = (
    Trace | Call | Row | Dispatcher | KeyState | Alarm | Wake | Opened | Frames | Seconds | Ended | Beside | Home | Cut
)
