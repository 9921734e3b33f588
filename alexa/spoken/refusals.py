"""What a refusal says aloud, in the languages Alexa speaks: why, and how to mend it."""

from registry.camera import Refusal
from registry.reason import ByReason, Reason

# reason: (why, what to do). Read aloud, so without signs that are read as such.
_EN: ByReason[tuple[str, str]] = {
    "not_found": ("I don't know that camera", "Say discover devices, or link again and tick the camera."),
    "signed_out": (
        "showcam is signed out of EZVIZ",
        "In the Alexa app disable this skill, enable it again, and sign in with the EZVIZ user name and password.",
    ),
    "vendor_down": ("EZVIZ does not answer just now", "Try again in a few minutes."),
    "vendor_busy": ("EZVIZ is getting too many requests", "Wait a minute, then ask again."),
    "offline": ("it is offline", "See that it has power, and that the Wi-Fi and the router work."),
    "asleep": ("it is in Sleep Mode", "In the EZVIZ app open the camera and switch Sleep Mode off."),
    "state_unknown": (
        "I could not verify that it is awake and online",
        "Open the camera once in the EZVIZ app, then ask again.",
    ),
    "encryption_on": (
        "Image Encryption is on",
        "In the EZVIZ app open the camera, then Settings, then Image Encryption, and switch it off. "
        "The app asks for the verification code on the camera's label.",
    ),
    "encryption_unknown": (
        "I could not verify that Image Encryption is off",
        "In the EZVIZ app open the camera, then Settings, and see that Image Encryption is off.",
    ),
    "audio_off": ("its sound is off", "In the EZVIZ app open the camera, then Settings, and switch Audio on."),
    "audio_unknown": (
        "I could not verify that its sound is on",
        "In the EZVIZ app open the camera, then Settings, and see that Audio is on.",
    ),
    "no_way": (
        "there is no way yet to fetch its picture",
        "It needs an EZVIZ Open Platform key, or, if another account shares the camera, a link with that account.",
    ),
    "code_wrong": (
        "it does not take the code I have for the home network",
        "Give showcam the code on the camera's label or, with Image Encryption on, its password.",
    ),
    "lan_unreachable": (
        "it does not answer on the home network",
        "In the EZVIZ app open Settings, then LAN Live View, and switch on the camera's local server.",
    ),
    "not_playable": (
        "it sends H 265 video, which this display can't play",
        "In the EZVIZ app open the camera, then Settings, and set the video encoding to H 264.",
    ),
    "beyond_displays": (
        "its picture is larger than full HD, which is more than displays can play",
        "In the EZVIZ app open the camera, then Settings, and set a lower resolution. Then ask twice.",
    ),
    "not_passable": (
        "its picture comes in a form that can't be shown here as it is",
        "Whoever runs this showcam can add a media process. Until then, look in the EZVIZ app.",
    ),
    "no_common_protocol": ("this display can't play what it sends", "Ask on another display."),
    "too_large": (
        "its picture is larger than the 1280 by 720 that this way to show it allows",
        "Allow a scaled picture for this camera in showcam, or set a lower resolution in the EZVIZ app.",
    ),
    "busy": (
        "it is being watched on as many screens as it may be, or was opened too often",
        "Close it on one of them or wait a minute, then ask again.",
    ),
    "waking": ("it runs on battery and was dozing; I am waking it", "Ask again in about ten seconds."),
    "media_down": ("its picture could not be started", "Ask again in a few seconds."),
    "voice_may_not": (
        "its owner has not allowed that by voice",
        "The owner allows it in showcam, with: cameras set, voice may.",
    ),
    "encryption_by_voice": (
        "Image Encryption is never changed by voice",
        "In the EZVIZ app open the camera, then Settings, then Image Encryption.",
    ),
    "not_this_way": ("this camera can't be changed from here", "Change it in the EZVIZ app."),
    "not_set": ("the camera did not take the change", "Try again, or change it in the EZVIZ app."),
}
_DE: ByReason[tuple[str, str]] = {
    "not_found": (
        "ich kenne diese Kamera nicht",
        "Sage: suche nach neuen Geräten, oder verknüpfe noch einmal und kreuze die Kamera an.",
    ),
    "signed_out": (
        "showcam ist bei EZVIZ abgemeldet",
        "Deaktiviere diesen Skill in der Alexa App, aktiviere ihn wieder und melde dich dabei mit dem EZVIZ "
        "Benutzernamen und Passwort an.",
    ),
    "vendor_down": ("EZVIZ antwortet gerade nicht", "Versuche es in ein paar Minuten noch einmal."),
    "vendor_busy": ("EZVIZ bekommt gerade zu viele Anfragen", "Warte eine Minute und frage dann noch einmal."),
    "offline": ("sie ist offline", "Prüfe, ob sie Strom hat und ob WLAN und Router funktionieren."),
    "asleep": ("sie ist im Schlafmodus", "Öffne die Kamera in der EZVIZ App und schalte den Schlafmodus aus."),
    "state_unknown": (
        "ich konnte nicht feststellen, ob sie wach und online ist",
        "Öffne die Kamera einmal in der EZVIZ App und frage dann noch einmal.",
    ),
    "encryption_on": (
        "die Bildverschlüsselung ist eingeschaltet",
        "Öffne in der EZVIZ App die Kamera, dann Einstellungen, dann Bildverschlüsselung, und schalte sie aus. "
        "Die App fragt nach dem Verifizierungscode auf dem Aufkleber der Kamera.",
    ),
    "encryption_unknown": (
        "ich konnte nicht feststellen, ob die Bildverschlüsselung aus ist",
        "Öffne in der EZVIZ App die Kamera, dann Einstellungen, und prüfe, dass die Bildverschlüsselung aus ist.",
    ),
    "audio_off": (
        "ihr Ton ist ausgeschaltet",
        "Öffne in der EZVIZ App die Kamera, dann Einstellungen, und schalte Audio ein.",
    ),
    "audio_unknown": (
        "ich konnte nicht feststellen, ob ihr Ton an ist",
        "Öffne in der EZVIZ App die Kamera, dann Einstellungen, und prüfe, dass Audio an ist.",
    ),
    "no_way": (
        "es gibt noch keinen Weg zu ihrem Bild",
        "Sie braucht einen EZVIZ Open Platform Schlüssel oder, wenn ein anderes Konto die Kamera teilt, "
        "eine Verknüpfung mit jenem Konto.",
    ),
    "code_wrong": (
        "sie nimmt den Code für das Heimnetz nicht an",
        "Gib showcam den Code auf dem Etikett der Kamera oder, mit Bildverschlüsselung, ihr Passwort.",
    ),
    "lan_unreachable": (
        "sie antwortet im Heimnetz nicht",
        "Öffne in der EZVIZ App Einstellungen, dann LAN Live View, und schalte den lokalen Server der Kamera ein.",
    ),
    "not_playable": (
        "sie sendet H 265 Video, das dieses Display nicht abspielen kann",
        "Öffne in der EZVIZ App die Kamera, dann Einstellungen, und stelle die Videokodierung auf H 264.",
    ),
    "beyond_displays": (
        "ihr Bild ist größer als Full HD, und mehr spielen Displays nicht",
        "Öffne in der EZVIZ App die Kamera, dann Einstellungen, und stelle eine kleinere Auflösung ein. "
        "Frage dann zweimal.",
    ),
    "not_passable": (
        "ihr Bild kommt in einer Form, die hier so nicht gezeigt werden kann",
        "Wer dieses showcam betreibt, kann einen Medienprozess hinzufügen. Bis dahin sieh in der EZVIZ App nach.",
    ),
    "no_common_protocol": ("dieses Display kann ihr Bild nicht abspielen", "Frage auf einem anderen Display."),
    "too_large": (
        "ihr Bild ist größer als die 1280 mal 720, die auf diesem Weg erlaubt sind",
        "Erlaube in showcam ein verkleinertes Bild für diese Kamera, "
        "oder stelle in der EZVIZ App eine kleinere Auflösung ein.",
    ),
    "busy": (
        "sie wird schon auf so vielen Bildschirmen gezeigt, wie erlaubt ist, oder wurde zu oft geöffnet",
        "Schließe sie auf einem davon oder warte eine Minute und frage dann noch einmal.",
    ),
    "waking": ("sie läuft mit Batterie und hat geruht; ich wecke sie", "Frage in etwa zehn Sekunden noch einmal."),
    "media_down": ("ihr Bild ließ sich nicht starten", "Frage in ein paar Sekunden noch einmal."),
    "voice_may_not": (
        "ihr Besitzer hat das nicht für die Stimme erlaubt",
        "Der Besitzer erlaubt es in showcam mit: cameras set, voice may.",
    ),
    "encryption_by_voice": (
        "die Bildverschlüsselung wird nie mit der Stimme geändert",
        "Öffne in der EZVIZ App die Kamera, dann Einstellungen, dann Bildverschlüsselung.",
    ),
    "not_this_way": ("diese Kamera lässt sich von hier nicht ändern", "Ändere es in der EZVIZ App."),
    "not_set": (
        "die Kamera hat die Änderung nicht übernommen",
        "Versuche es noch einmal oder ändere es in der EZVIZ App.",
    ),
}
TOLD = {"en": _EN, "de": _DE}


def why(refusal: Refusal, language: str) -> str:
    """Every failed row as the end of “…, because”."""
    word = {"en": " and ", "de": " und "}[language]
    return word.join(_row(each.reason, language)[0] for each in refusal.failed)


def mend(refusal: Refusal, language: str) -> str:
    """What to do, row by row, as whole sentences."""
    return " ".join(dict.fromkeys(_row(each.reason, language)[1] for each in refusal.failed))


def _row(reason: Reason, language: str) -> tuple[str, str]:
    return TOLD[language][reason]
