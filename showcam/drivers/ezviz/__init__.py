"""EZVIZ: builds its driver, and holds its own sentences, with the menus and the words of its app."""

from pathlib import Path

from showcam.drivers.driver import Driver
from showcam.drivers.settings import BadValue
from showcam.drivers.vendor import AccountOption, Brand, Installation, Speech, remedy
from showcam.i18n.catalogue import Catalogue, mark
from showcam.store.ports import Store

MOST_OF_ID = 64  # characters of an accountId

SPEECH = Speech(
    "EZVIZ",
    Catalogue(Path(__file__).parent, "ezviz"),
    written={
        "not_found": remedy(
            "If the EZVIZ app has it under that name, have the assistant look for devices again; "
            "after each new name too. If not, look at its light. Slow red: no network. Fast red: the "
            "memory card or the camera has a fault. Slow blue: all is well."
        ),
        "offline": remedy(
            "Look at its light. None: no power. Slow red: no network; check the router and that the "
            "Wi-Fi is 2.4 GHz. Fast red: the memory card or the camera has a fault. Slow blue: "
            "restart it. If nothing helps, hold RESET for four seconds and set up its Wi-Fi again, "
            "which resets its settings. It goes on recording to its memory card."
        ),
        "encryption_on": remedy(
            "In the EZVIZ app open {camera} > Settings > Image Encryption and switch it off with the "
            "code on its label. Or keep it on, and give the code on the camera's page of showcam."
        ),
        "audio_off": remedy("In the EZVIZ app open {camera} > Settings > Audio and switch it on."),
        "not_agreed": remedy(
            "At its picture on showcam's page press “Allow the open connection”, or link again and "
            "tick it. At home the code on its label, given there, is enough."
        ),
        "no_way": remedy(
            "If the EZVIZ app shows it live, give the code on its label at its picture on showcam's "
            "page. Video then comes over the home network. The last way is an EZVIZ developer key."
        ),
        "code_wrong": remedy(
            "Give the code on its label, or the encryption password set since, at its picture on showcam's page."
        ),
        "lan_unreachable": remedy(
            "Check that it has power, is awake and in showcam's network. Doorbells and cameras on "
            "battery have no video port."
        ),
        "silent": remedy(
            "Some models do that. If it is in showcam's network, press “Ask the camera itself at "
            "home” at its picture on showcam's page."
        ),
        "lan_closed": remedy(
            "In the EZVIZ app open Settings > LAN Live View, choose {camera} and switch on its local "
            "server. Newer firmware hides that: then allow the open connection on showcam's page."
        ),
        "encryption_by_voice": remedy(
            "Set it in the EZVIZ app under {camera} > Settings > Image Encryption, or switch it off on the "
            "camera's page of showcam."
        ),
    },
    aloud={
        "code_wrong": remedy("Give the one on its label."),
    },
    written_battery={
        "not_agreed": ("", ""),  # these have no video port, so the label's code is not enough
        "no_way": remedy(
            "If the EZVIZ app shows it live, only a developer key of the owner's account is left: a "
            "camera on battery has no video port."
        ),
    },
    written_shared={
        "busy": (
            mark("{camera} is watched by others at the moment, as many as EZVIZ allows."),
            mark("Ask again in a minute, or ask its owner who watches."),
        ),
        "asleep": remedy("In the EZVIZ app open {camera} and switch Sleep Mode off, or ask the camera's owner."),
        "audio_off": remedy(
            "In the EZVIZ app open {camera} > Settings > Audio and switch it on, or ask the camera's owner."
        ),
        "encryption_on": remedy(
            "Ask its owner to switch it off in the EZVIZ app: {camera} > Settings > Image "
            "Encryption. Or keep it on, and give the code on its label at its picture on showcam's "
            "page."
        ),
        "no_way": remedy(
            "If the EZVIZ app shows it live, give the code on its label at its picture on showcam's "
            "page. Video then comes over the home network. A developer key shows no shared camera."
        ),
    },
    aloud_shared={
        "busy": (mark("others are watching it"), mark("Ask again in a minute.")),
        "encryption_on": remedy("Ask its owner to switch it off."),
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
            "EZVIZ knows no such user name in {region}, nor in {others}. Take the one of the EZVIZ "
            "app. An account of mainland China can't be used here: make one for another region."
        ),
        "terminals": mark(
            "This EZVIZ account is signed in on too many devices. Remove one in the EZVIZ app under "
            "Account > Login settings, then sign in again."
        ),
        "locked": mark(
            "EZVIZ has locked this account after wrong passwords, or wants to see a person sign in. "
            "Sign in once in the EZVIZ app. If that works, try here again after half an hour."
        ),
        "unsupported": mark(
            "EZVIZ asks for more than a password, such as a picture puzzle. Sign in once in the "
            "EZVIZ app and do what it asks, then try again here."
        ),
        "no_password": mark(
            "Do you sign in to the EZVIZ app with Google or Apple? Then set a password there first, "
            "under Account > Login settings. Your user name is the e-mail address of that account."
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
    from showcam.drivers.ezviz.open_platform import open_key_of

    sessions.keep_of(store, user, open=open_key_of(key, secret))


def _set_sub_account(store: Store, user: str, account_id: str, _secret: str) -> None:
    from showcam.drivers.ezviz import sessions

    if not (account_id.isascii() and account_id.isalnum() and len(account_id) <= MOST_OF_ID):
        raise BadValue("an accountId is letters and digits")
    sessions.keep_of(store, user, sub_account="" if account_id == "none" else account_id)


def _set_cloud(store: Store, user: str, allowed: str, _secret: str) -> None:
    from showcam.drivers.ezviz import sessions

    if allowed not in ("yes", "no"):
        raise BadValue("cloud is yes or no")
    sessions.keep_of(store, user, open_air=allowed == "yes")


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
