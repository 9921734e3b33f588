"""What is said of EZVIZ's cameras in its own words: its app's menus and what it calls things there."""

from pathlib import Path

from registry.vendor import Speech
from words.catalogue import Catalogue, mark

EZVIZ = Speech(
    "EZVIZ",
    Catalogue(Path(__file__).parent, "ezviz"),
    written={
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
                'showcam cameras code "{camera}".'
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
                "In the EZVIZ app open Settings > LAN Live View, choose {camera} and switch on its local server; "
                "showcam must be in the same network."
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
        "lan_unreachable": (
            "",
            mark("In the EZVIZ app open Settings, then LAN Live View, and switch on the camera's local server."),
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
    sign_in={
        "terminals": mark(
            "This EZVIZ account is signed in on as many devices as it may be. "
            "Remove one in the EZVIZ app under Account > Login settings, then sign in again."
        ),
    },
)
