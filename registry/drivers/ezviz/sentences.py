"""What is said of EZVIZ's cameras in its own words: its app's menus and what it calls things there."""

from pathlib import Path

from registry.vendor import Speech
from words.catalogue import Catalogue, mark

EZVIZ = Speech(
    "EZVIZ",
    Catalogue(Path(__file__).parent, "ezviz"),
    written={
        "not_found": (
            "",
            mark(
                "See that the camera works in the EZVIZ app under that name, then have the assistant look for devices "
                "again; after each new name too. Is it not in the app, look at its light: slow red is no network, fast "
                "red the memory card or the camera, slow blue is well."
            ),
        ),
        "offline": (
            "",
            mark(
                "Look at its light. None: no power. Slow red: no network; the router must be on the internet and the "
                "Wi-Fi one of 2.4 GHz. Fast red: the memory card or the camera has a fault. Slow blue: all is well; "
                "restart it. Does nothing help, hold RESET for four seconds and set up its Wi-Fi again. That resets "
                "its settings; showcam reads Image Encryption and Audio afresh. It goes on recording to its memory "
                "card."
            ),
        ),
        "encryption_on": (
            "",
            mark(
                "In the EZVIZ app open {camera} > Settings > Image Encryption and switch it off; "
                "the app asks for the verification code on the camera's label. Or keep it on and give showcam that "
                'code, on the machine showcam runs on: showcam cameras set "{camera}" while_encrypted code.'
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
        "no_way": (
            "",
            mark(
                "Link showcam again in the assistant's app and agree there that the picture comes from the EZVIZ "
                "cloud. At home the code on its label is enough, on the machine showcam runs on: "
                'showcam cameras code "{camera}". The last way is a developer key of EZVIZ.'
            ),
        ),
        "code_wrong": (
            "",
            mark(
                "It is the verification code on the camera’s label or the encryption password set since. "
                'Give it on the machine showcam runs on: showcam cameras code "{camera}".'
            ),
        ),
        "lan_unreachable": (
            "",
            mark(
                "See that the camera has power, does not sleep and is in the same network as showcam. Doorbells and "
                "cameras on battery have no video port."
            ),
        ),
        "lan_closed": (
            "",
            mark(
                "In the EZVIZ app open Settings > LAN Live View, choose {camera} and switch on its local server. Newer "
                "firmware hides that; then agree when you link that the picture comes from the EZVIZ cloud."
            ),
        ),
        "not_playable": (
            "",
            mark("In the EZVIZ app open {camera} > Settings and set the video encoding to H.264."),
        ),
        "beyond_displays": (
            "",
            mark(
                "In the EZVIZ app open {camera} > Settings and set a resolution of 1920×1080 or lower, then ask twice: "
                "the first time showcam looks at it again."
            ),
        ),
        "not_passable": (
            mark("The picture of {camera} comes from EZVIZ in a form that can't be shown here as it is."),
            "",
        ),
        "encryption_by_voice": (
            "",
            mark(
                "Set it in the EZVIZ app under {camera} > Settings > Image Encryption, or on the machine showcam runs "
                'on: showcam cameras set "{camera}" encryption off, or on.'
            ),
        ),
        "not_this_way": ("", mark("Look for it in the EZVIZ app under {camera} > Settings.")),
    },
    aloud={
        "encryption_on": (
            "",
            mark(
                "In the EZVIZ app open the camera, then Settings, then Image Encryption, and switch it off. "
                "The app asks for the verification code on the camera's label."
            ),
        ),
        "encryption_unknown": (
            "",
            mark("In the EZVIZ app open the camera, then Settings, and see that Image Encryption is off."),
        ),
        "audio_off": ("", mark("In the EZVIZ app open the camera, then Settings, and switch Audio on.")),
        "audio_unknown": ("", mark("In the EZVIZ app open the camera, then Settings, and see that Audio is on.")),
        "no_way": (
            "",
            mark(
                "Link showcam again and agree that the picture comes from the EZVIZ cloud, or give showcam the code on "
                "the camera's label."
            ),
        ),
        "code_wrong": (
            "",
            mark("Give showcam the code on the camera's label, or the encryption password set since."),
        ),
        "lan_closed": (
            "",
            mark("In the EZVIZ app open Settings, then LAN Live View, and switch on the camera's local server."),
        ),
        "offline": (
            "",
            mark(
                "Look at the camera's light. Slow red means that it has no network, fast red that its memory card or "
                "the camera itself has a fault. It goes on recording to its memory card."
            ),
        ),
        "not_playable": (
            "",
            mark("In the EZVIZ app open the camera, then Settings, and set the video encoding to H 264."),
        ),
        "beyond_displays": (
            "",
            mark("In the EZVIZ app open the camera, then Settings, and set a lower resolution. Then ask twice."),
        ),
        "encryption_by_voice": (
            "",
            mark("In the EZVIZ app open the camera, then Settings, then Image Encryption."),
        ),
    },
    written_shared={
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
                "Encryption. Or keep it on and give showcam the code on the camera's label, on the machine showcam "
                'runs on: showcam cameras set "{camera}" while_encrypted code.'
            ),
        ),
        "no_way": (
            "",
            mark(
                "Link showcam again in the assistant's app and agree there that the picture comes from the EZVIZ "
                "cloud. At home the code on its label is enough, on the machine showcam runs on: "
                'showcam cameras code "{camera}". A developer key shows no camera that another account shares.'
            ),
        ),
    },
    aloud_shared={
        "encryption_on": (
            "",
            mark(
                "Ask the owner of the camera to switch Image Encryption off, or give showcam the code on the "
                "camera's label."
            ),
        ),
    },
    sign_in={
        "unknown": mark(
            "EZVIZ knows no account with this user name in Europe, North America, South America, Asia, India or "
            "Russia. Check the user name; it is the one of the EZVIZ app. An account of mainland China can't be used "
            "here."
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
