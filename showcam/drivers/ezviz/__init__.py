"""EZVIZ: builds its driver, and holds its own sentences, with the menus and the words of its app."""

from pathlib import Path

from showcam.drivers.driver import Driver
from showcam.drivers.settings import BadValue
from showcam.drivers.vendor import AccountOption, Brand, Installation, Speech
from showcam.i18n.catalogue import Catalogue, mark
from showcam.store.ports import Store

MOST_OF_ID = 64  # characters of an accountId

SPEECH = Speech(
    "EZVIZ",
    Catalogue(Path(__file__).parent, "ezviz"),
    written={
        "not_found": (
            "",
            mark(
                "See that the camera works in the EZVIZ app under that name, then have the assistant "
                "look for devices again; after each new name too. If it is not there, look at its "
                "light. Slow red: no network. Fast red: the memory card or the camera has a fault. "
                "Slow blue: all is well."
            ),
        ),
        "offline": (
            "",
            mark(
                "Look at its light. None: no power. Slow red: no network; the router must be on the internet and the "
                "Wi-Fi one of 2.4 GHz. Fast red: the memory card or the camera has a fault. Slow blue: all is well; "
                "restart it. If nothing helps, hold RESET for four seconds and set up its Wi-Fi again. That resets "
                "its settings; showcam reads Image Encryption and Audio afresh. It goes on recording to its memory "
                "card."
            ),
        ),
        "encryption_on": (
            "",
            mark(
                "In the EZVIZ app open {camera} > Settings > Image Encryption and switch it off; the "
                "app asks for the verification code on the camera's label. Or keep it on, and give "
                "the code at its picture on showcam's page."
            ),
        ),
        "encryption_unknown": (
            "",
            mark("In the EZVIZ app open {camera} > Settings > Image Encryption, see that it is off, then ask again."),
        ),
        "audio_off": ("", mark("In the EZVIZ app open {camera} > Settings > Audio and switch it on.")),
        "audio_unknown": (
            "",
            mark("In the EZVIZ app open {camera} > Settings > Audio, see that it is on, then ask again."),
        ),
        "not_agreed": (
            mark("The video of {camera} would come from the EZVIZ cloud, which nobody has allowed yet."),
            mark(
                "At its picture on showcam's page press “Allow the open connection”, or link showcam again and tick it "
                "there. At home the code on its label is enough: give it at the same place."
            ),
        ),
        "no_way": (
            "",
            mark(
                "See whether the EZVIZ app shows it live. If it does, give the code on its label at its picture on "
                "showcam's page: the video then comes over the home network. The last way is a developer key of EZVIZ."
            ),
        ),
        "code_wrong": (
            "",
            mark(
                "It is the verification code on the camera’s label or the encryption password set since. "
                "Give it at the camera's picture on showcam's page."
            ),
        ),
        "lan_unreachable": (
            "",
            mark(
                "See that the camera has power, does not sleep and is in the same network as showcam. Doorbells and "
                "cameras on battery have no video port."
            ),
        ),
        "silent": (
            "",
            mark(
                "Some models do that. Press “Ask the camera itself at home” at its picture on showcam's page; the "
                "camera must be in the same network."
            ),
        ),
        "lan_closed": (
            "",
            mark(
                "In the EZVIZ app open Settings > LAN Live View, choose {camera} and switch on its local server. Newer "
                "firmware hides that: then the EZVIZ cloud brings the video, if its open connection is allowed on "
                "showcam's page."
            ),
        ),
        "not_playable": (
            "",
            mark("In the EZVIZ app open {camera} > Settings and set the video encoding to H.264."),
        ),
        "beyond_displays": (
            "",
            mark(
                "In the EZVIZ app open {camera} > Settings and set 1920×1080 or lower. Then ask "
                "twice: the first time showcam looks again."
            ),
        ),
        "not_passable": (
            mark("The picture of {camera} comes from EZVIZ in a form that can't be shown here as it is."),
            "",
        ),
        "encryption_by_voice": (
            "",
            mark(
                "Set it in the EZVIZ app under {camera} > Settings > Image Encryption, or switch it off on the "
                "camera's page of showcam."
            ),
        ),
        "not_this_way": ("", mark("Look for it in the EZVIZ app under {camera} > Settings.")),
    },
    aloud={
        "code_wrong": ("", mark("Give the one on its label.")),
    },
    written_battery={
        "not_agreed": (
            mark("The video of {camera} would come from the EZVIZ cloud, which nobody has allowed yet."),
            "",
        ),
        "no_way": (
            "",
            mark(
                "See whether the EZVIZ app shows it live. If it does, only a developer key of the "
                "owner's account is left: a camera on battery has no video port."
            ),
        ),
    },
    written_shared={
        "busy": (
            mark("{camera} is watched by others at the moment, as many as EZVIZ allows."),
            mark("Ask again in a minute. If that lasts, ask the owner of the camera who watches."),
        ),
        "asleep": (
            "",
            mark(
                "In the EZVIZ app open {camera} and switch Sleep Mode off. If the app does not offer that, ask the "
                "owner of the camera."
            ),
        ),
        "audio_off": (
            "",
            mark(
                "In the EZVIZ app open {camera} > Settings > Audio and switch it on. If the app does not offer that, "
                "ask the owner of the camera."
            ),
        ),
        "encryption_on": (
            "",
            mark(
                "Ask the owner of the camera to switch it off: in the EZVIZ app open {camera} > Settings > Image "
                "Encryption. Or keep it on, and give the code on the camera's label at its picture on showcam's "
                "page."
            ),
        ),
        "no_way": (
            "",
            mark(
                "See whether the EZVIZ app shows it live. If it does, give the code on its label at its picture on "
                "showcam's page: the video then comes over the home network. A developer key shows no camera that "
                "another account shares."
            ),
        ),
    },
    aloud_shared={
        "busy": (mark("others are watching it"), mark("Ask again in a minute.")),
        "encryption_on": ("", mark("Ask its owner to switch it off.")),
    },
    regions={
        "eu": mark("Europe"),
        "us": mark("North America"),
        "sa": mark("South America"),
        "sg": mark("Asia"),
        "in": mark("India"),
        "ru": mark("Russia"),
    },
    sign_in={
        "unknown": mark(
            "EZVIZ knows no account with this user name. It was looked for in {region} first, then in the other "
            "regions: {others}. Check the user name; it is the one of the EZVIZ app. An account of mainland China "
            "can't be used here: make one in the EZVIZ app for another region."
        ),
        "terminals": mark(
            "This EZVIZ account is signed in on as many devices as it may be. "
            "Remove one in the EZVIZ app under Account > Login settings, then sign in again."
        ),
        "locked": mark(
            "EZVIZ has locked this account for a while after too many wrong passwords, or wants to see that a person "
            "signs in. Sign in once in the EZVIZ app with the same user name and password. If that works, try again "
            "here after half an hour."
        ),
        "unsupported": mark(
            "EZVIZ asks for more than user name and password, such as a picture puzzle. Sign in once in the EZVIZ app "
            "with the same user name and password and do what it asks for, then try again here."
        ),
        "no_password": mark(
            "Do you sign in to the EZVIZ app with Google or Apple? Then your account has no password yet: set one in "
            "the EZVIZ app under Account > Login settings. Your user name here is the e-mail address of that account."
        ),
    },
)


def build(store: Store, installation: Installation) -> Driver:
    """The driver of this installation. Raises ValueError for an unknown region."""
    from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
    from showcam.drivers.ezviz.open_platform import Key

    given = installation.given
    api, open_platform, push = (*given["ezviz_at"], "", "", "")[:3]
    return EzvizDriver(
        store,
        EzvizHosts.of(given["ezviz_region"], api=api, open_platform=open_platform, push=push),
        ca_file=installation.ca_file,
        demo=installation.demo,
        lan=installation.in_house,
        cloud=installation.relays,
        developer=Key(given["ezviz_key"], given["ezviz_secret"]) if given["ezviz_key"] else None,
        may_go_on=installation.may_go_on,
        webhook_key=given["ezviz_webhook_key"],
    )


def _set_key(store: Store, user: str, key: str, secret: str) -> None:
    from showcam.drivers.ezviz import sessions

    sessions.set_open_key(store, user, key, secret)


def _set_sub_account(store: Store, user: str, account_id: str, _secret: str) -> None:
    from showcam.drivers.ezviz import sessions

    if not (account_id.isascii() and account_id.isalnum() and len(account_id) <= MOST_OF_ID):
        raise BadValue("an accountId is letters and digits")
    sessions.set_sub_account(store, user, "" if account_id == "none" else account_id)


def _set_cloud(store: Store, user: str, allowed: str, _secret: str) -> None:
    from showcam.drivers.ezviz import sessions

    if allowed not in ("yes", "no"):
        raise BadValue("cloud is yes or no")
    sessions.set_open_air(store, user, allowed == "yes")


OPTIONS = (
    AccountOption(
        "key",
        "the account's own Open Platform application, which fetches its video last",
        "appKey",
        _set_key,
        secret="appSecret",  # noqa: S106  (what is asked for)
    ),
    AccountOption(
        "sub-account",
        "its sub-account under ezviz_key, by the accountId that ram/account/create answered, or none",
        "accountId",
        _set_sub_account,
    ),
    AccountOption(
        "cloud",
        "whether its video may come by EZVIZ's own cloud stream, a connection that is not encrypted: yes or no",
        "yes or no",
        _set_cloud,
    ),
)


def when_added(relays: bool) -> str:
    cloud = "Pictures come by EZVIZ's cloud stream, which takes nothing more: linking asks about its open connection. "
    return (cloud if relays else "") + (
        "At home pictures come by the code on a camera's label: showcam cameras code NAME. Last, by a key: "
        "showcam owner set {user} key"
    )


EZVIZ = Brand("ezviz", "EZVIZ", build, SPEECH, options=OPTIONS, when_added=when_added)
