"""What a refusal says to a person: what is wrong and how to mend it, in English, Norwegian and German."""

import re
import shlex

from registry.camera import Refusal
from registry.reason import REASONS, ByReason, Reason

type Words = ByReason[tuple[str, str]]

# reason: (what is wrong, what to do); {camera} is the camera's name. Commands stand as a shell takes them.
_EN: Words = {
    "not_found": (
        "There is no camera of that name here.",
        "Say “discover devices” (Alexa) or “sync my devices” (Google), or link again and tick the camera.",
    ),
    "signed_out": (
        "showcam is signed out of the EZVIZ account.",
        "In the assistant's app link showcam again (Alexa: disable the skill and enable it; Google Home: reconnect the "
        "account) and sign in there with the EZVIZ user name and password.",
    ),
    "vendor_down": ("The EZVIZ service does not answer just now.", "Try again in a few minutes."),
    "vendor_busy": ("EZVIZ is getting too many requests just now.", "Wait a minute, then ask again."),
    "offline": (
        "{camera} is offline.",
        "See that it has power and that the Wi-Fi and the router work; restart the camera if they do.",
    ),
    "asleep": ("{camera} is in Sleep Mode.", "In the EZVIZ app open {camera} and switch Sleep Mode off."),
    "state_unknown": (
        "Whether {camera} is awake and online could not be verified.",
        "Open {camera} in the EZVIZ app once, then ask again.",
    ),
    "encryption_on": (
        "Image Encryption is on for {camera}, so no assistant can show its picture.",
        "In the EZVIZ app open {camera} > Settings > Image Encryption and switch it off; "
        "the app asks for the verification code on the camera's label.",
    ),
    "encryption_unknown": (
        "Whether Image Encryption is on for {camera} could not be verified.",
        "In the EZVIZ app open {camera} > Settings > Image Encryption, see that it is off, then ask again.",
    ),
    "audio_off": (
        "Audio is off for {camera}, and this assistant shows only cameras with sound.",
        "In the EZVIZ app open {camera} > Settings > Audio and switch it on.",
    ),
    "audio_unknown": (
        "Whether Audio is on for {camera} could not be verified.",
        "In the EZVIZ app open {camera} > Settings > Audio, see that it is on, then ask again.",
    ),
    "no_way": (
        "There is no way yet to fetch the picture of {camera}.",
        "If the camera is your own, give showcam an EZVIZ Open Platform key, on the machine it runs on: "
        "showcam owner key USER. If another EZVIZ account shares it with you, link with that account.",
    ),
    "code_wrong": (
        "{camera} does not take the code that showcam was given for the home network.",
        "It is the verification code on the camera’s label or, with Image Encryption on, its password. "
        'Give it on the machine showcam runs on: showcam cameras code "{camera}".',
    ),
    "lan_unreachable": (
        "{camera} does not answer on the home network.",
        "In the EZVIZ app open Settings > LAN Live View, choose {camera} and switch on its local server; "
        "showcam must be in the same network.",
    ),
    "not_playable": (
        "{camera} sends H.265 video, which the display can't play.",
        "In the EZVIZ app open {camera} > Settings and set the video encoding to H.264.",
    ),
    "beyond_displays": (
        "The picture of {camera} is larger than Full HD, which is more than displays can play.",
        "In the EZVIZ app open {camera} > Settings and set a resolution of 1920×1080 or lower, then ask twice: "
        "the first time showcam looks at it again.",
    ),
    "not_passable": (
        "The picture of {camera} comes from EZVIZ in a form that can't be shown here as it is.",
        "Whoever runs this showcam can add a media process, which brings it in the right form; until then ask on "
        "another display, or look in the EZVIZ app.",
    ),
    "no_common_protocol": (
        "{camera} can't be shown by any protocol this display asked for.",
        "Ask on another display; showcam serves HLS, and WebRTC where it has a media process.",
    ),
    "too_large": (
        "The picture of {camera} is larger than the 1280×720 that a video on this display may have.",
        'Allow a scaled one on the machine showcam runs on: showcam cameras set "{camera}" scaled yes. '
        "Or set a lower resolution in the EZVIZ app.",
    ),
    "busy": (
        "{camera} is being watched on as many screens as it may be, or was opened too often just now.",
        "Close it on one of them or wait a minute, then ask again.",
    ),
    "waking": (
        "{camera} runs on battery and was dozing; it is being woken.",
        "Ask again in about ten seconds.",
    ),
    "media_down": ("The picture of {camera} could not be started.", "Ask again in a few seconds."),
    "voice_may_not": (
        "A voice is not allowed to change that on {camera}.",
        'The owner can allow it on the machine showcam runs on, with: showcam cameras set "{camera}" voice_may …, '
        "or change it in the EZVIZ app.",
    ),
    "encryption_by_voice": (
        "Image Encryption is never changed by voice.",
        "Set it in the EZVIZ app under {camera} > Settings > Image Encryption, or on the machine showcam runs on: "
        'showcam cameras set "{camera}" encryption off, or on.',
    ),
    "not_this_way": (
        "{camera} has no such setting, or showcam can't reach it.",
        "Look for it in the EZVIZ app under {camera} > Settings.",
    ),
    "not_set": (
        "{camera} did not take the change.",
        "See in the EZVIZ app whether it is online and how it is set, then try again.",
    ),
}
_NB: Words = {
    "not_found": (
        "Det finnes ikke noe kamera med det navnet her.",
        "Si «finn enheter» (Alexa) eller «synkroniser enhetene mine» (Google), eller koble til på nytt og kryss av.",
    ),
    "signed_out": (
        "showcam er logget ut av EZVIZ-kontoen.",
        "Koble til showcam på nytt i assistentens app (Alexa: deaktiver skillen og aktiver den igjen; Google Home: "
        "koble til kontoen på nytt) og logg inn der med EZVIZ-brukernavnet og passordet.",
    ),
    "vendor_down": ("EZVIZ-tjenesten svarer ikke akkurat nå.", "Prøv igjen om noen minutter."),
    "vendor_busy": ("EZVIZ får for mange forespørsler akkurat nå.", "Vent et minutt og spør igjen."),
    "offline": (
        "{camera} er frakoblet.",
        "Se etter at kameraet har strøm og at Wi-Fi og ruter virker; start kameraet på nytt hvis de gjør det.",
    ),
    "asleep": ("{camera} er i dvalemodus.", "Åpne {camera} i EZVIZ-appen og slå av dvalemodus."),
    "state_unknown": (
        "Det var ikke mulig å bekrefte at {camera} er våkent og tilkoblet.",
        "Åpne {camera} én gang i EZVIZ-appen og spør igjen.",
    ),
    "encryption_on": (
        "Bildekryptering er på for {camera}, så ingen assistent kan vise bildet.",
        "Åpne {camera} > Innstillinger > Bildekryptering i EZVIZ-appen og slå den av; "
        "appen spør etter verifiseringskoden på kameraets etikett.",
    ),
    "encryption_unknown": (
        "Det var ikke mulig å bekrefte om bildekryptering er på for {camera}.",
        "Åpne {camera} > Innstillinger > Bildekryptering i EZVIZ-appen, se at den er av, og spør igjen.",
    ),
    "audio_off": (
        "Lyd er av for {camera}, og denne assistenten viser bare kameraer med lyd.",
        "Åpne {camera} > Innstillinger > Lyd i EZVIZ-appen og slå den på.",
    ),
    "audio_unknown": (
        "Det var ikke mulig å bekrefte om lyd er på for {camera}.",
        "Åpne {camera} > Innstillinger > Lyd i EZVIZ-appen, se at den er på, og spør igjen.",
    ),
    "no_way": (
        "Det finnes ennå ingen måte å hente bildet fra {camera} på.",
        "Er kameraet ditt eget, gi showcam en EZVIZ Open Platform-nøkkel, på maskinen det kjører på: "
        "showcam owner key USER. Er det delt med deg fra en annen EZVIZ-konto, koble til med den kontoen.",
    ),
    "code_wrong": (
        "{camera} godtar ikke koden som showcam fikk for hjemmenettet.",
        "Det er verifiseringskoden på kameraets etikett eller, med bildekryptering på, passordet for den. "
        'Oppgi den på maskinen showcam kjører på: showcam cameras code "{camera}".',
    ),
    "lan_unreachable": (
        "{camera} svarer ikke på hjemmenettet.",
        "Åpne Innstillinger > LAN Live View i EZVIZ-appen, velg {camera} og slå på den lokale tjeneren; "
        "showcam må være i samme nett.",
    ),
    "not_playable": (
        "{camera} sender H.265-video, som skjermen ikke kan spille.",
        "Åpne {camera} > Innstillinger i EZVIZ-appen og velg H.264 som videokoding.",
    ),
    "beyond_displays": (
        "Bildet fra {camera} er større enn Full HD, og det er mer enn skjermer kan spille.",
        "Åpne {camera} > Innstillinger i EZVIZ-appen og velg en oppløsning på 1920×1080 eller lavere, "
        "og spør to ganger: første gang ser showcam på det på nytt.",
    ),
    "not_passable": (
        "Bildet fra {camera} kommer fra EZVIZ i en form som ikke kan vises her som den er.",
        "Den som driver denne installasjonen, kan legge til en medieprosess, som leverer det i riktig form; spør imens "
        "på en annen skjerm, eller se i EZVIZ-appen.",
    ),
    "no_common_protocol": (
        "{camera} kan ikke vises med noen protokoll denne skjermen ba om.",
        "Spør på en annen skjerm; showcam tilbyr HLS, og WebRTC der det har en medieprosess.",
    ),
    "too_large": (
        "Bildet fra {camera} er større enn de 1280×720 som en video på denne skjermen kan ha.",
        'Tillat et nedskalert bilde på maskinen showcam kjører på: showcam cameras set "{camera}" scaled yes. '
        "Eller velg lavere oppløsning i EZVIZ-appen.",
    ),
    "busy": (
        "{camera} vises allerede på så mange skjermer som det kan, eller ble åpnet for ofte nå nettopp.",
        "Lukk det på en av dem eller vent et minutt, og spør igjen.",
    ),
    "waking": (
        "{camera} går på batteri og hvilte; det blir vekket nå.",
        "Spør igjen om omtrent ti sekunder.",
    ),
    "media_down": ("Bildet fra {camera} lot seg ikke starte.", "Spør igjen om noen sekunder."),
    "voice_may_not": (
        "Stemmen har ikke lov til å endre det på {camera}.",
        'Eieren kan tillate det på maskinen showcam kjører på, med: showcam cameras set "{camera}" voice_may …, '
        "eller endre det i EZVIZ-appen.",
    ),
    "encryption_by_voice": (
        "Bildekryptering endres aldri med stemmen.",
        "Still den i EZVIZ-appen under {camera} > Innstillinger > Bildekryptering, eller på maskinen showcam kjører "
        'på: showcam cameras set "{camera}" encryption off, eller on.',
    ),
    "not_this_way": (
        "{camera} har ingen slik innstilling, eller showcam når den ikke.",
        "Se etter den i EZVIZ-appen under {camera} > Innstillinger.",
    ),
    "not_set": (
        "{camera} tok ikke imot endringen.",
        "Se i EZVIZ-appen om kameraet er tilkoblet og hvordan det er innstilt, og prøv igjen.",
    ),
}
# {camera} only where it may be “die Kamera” too: as subject or object, or behind “für”
_DE: Words = {
    "not_found": (
        "Eine Kamera mit diesem Namen gibt es hier nicht.",
        "Sage „suche nach neuen Geräten“ (Alexa) oder „synchronisiere meine Geräte“ (Google), oder verknüpfe noch "
        "einmal und kreuze die Kamera an.",
    ),
    "signed_out": (
        "showcam ist beim EZVIZ-Konto abgemeldet.",
        "Verknüpfe showcam in der App des Assistenten noch einmal (Alexa: Skill deaktivieren und wieder aktivieren; "
        "Google Home: Konto neu verknüpfen) und melde dich dort mit EZVIZ-Benutzername und Passwort an.",
    ),
    "vendor_down": ("Der EZVIZ-Dienst antwortet gerade nicht.", "Versuche es in ein paar Minuten noch einmal."),
    "vendor_busy": ("EZVIZ bekommt gerade zu viele Anfragen.", "Warte eine Minute und frage dann noch einmal."),
    "offline": (
        "{camera} ist offline.",
        "Prüfe, ob die Kamera Strom hat und ob WLAN und Router funktionieren; wenn ja, starte sie neu.",
    ),
    "asleep": ("{camera} ist im Schlafmodus.", "Öffne in der EZVIZ-App {camera} und schalte den Schlafmodus aus."),
    "state_unknown": (
        "Ob {camera} wach und online ist, ließ sich nicht feststellen.",
        "Öffne {camera} einmal in der EZVIZ-App und frage dann noch einmal.",
    ),
    "encryption_on": (
        "Die Bildverschlüsselung ist für {camera} eingeschaltet, also kann kein Assistent das Bild zeigen.",
        "Öffne in der EZVIZ-App {camera} > Einstellungen > Bildverschlüsselung und schalte sie aus; "
        "die App fragt nach dem Verifizierungscode auf dem Aufkleber der Kamera.",
    ),
    "encryption_unknown": (
        "Ob die Bildverschlüsselung für {camera} eingeschaltet ist, ließ sich nicht feststellen.",
        "Öffne in der EZVIZ-App {camera} > Einstellungen > Bildverschlüsselung, prüfe, dass sie aus ist, und frage "
        "dann noch einmal.",
    ),
    "audio_off": (
        "Audio ist für {camera} ausgeschaltet, und dieser Assistent zeigt nur Kameras mit Ton.",
        "Öffne in der EZVIZ-App {camera} > Einstellungen > Audio und schalte es ein.",
    ),
    "audio_unknown": (
        "Ob Audio für {camera} eingeschaltet ist, ließ sich nicht feststellen.",
        "Öffne in der EZVIZ-App {camera} > Einstellungen > Audio, prüfe, dass es an ist, und frage dann noch einmal.",
    ),
    "no_way": (
        "Für {camera} gibt es noch keinen Weg zum Bild.",
        "Ist die Kamera deine eigene, gib showcam auf dem Rechner, auf dem es läuft, einen EZVIZ-Open-Platform-"
        "Schlüssel: showcam owner key USER. Teilt ein anderes EZVIZ-Konto sie mit dir, verknüpfe mit jenem Konto.",
    ),
    "code_wrong": (
        "{camera} nimmt den Code nicht an, den showcam für das Heimnetz bekommen hat.",
        "Es ist der Verifizierungscode auf dem Aufkleber der Kamera oder, mit Bildverschlüsselung, deren Passwort. "
        'Gib ihn auf dem Rechner ein, auf dem showcam läuft: showcam cameras code "{camera}".',
    ),
    "lan_unreachable": (
        "{camera} antwortet im Heimnetz nicht.",
        "Öffne in der EZVIZ-App Einstellungen > LAN Live View, wähle {camera} und schalte den lokalen Server ein; "
        "showcam muss im selben Netz sein.",
    ),
    "not_playable": (
        "{camera} sendet Video in H.265, das dieses Display nicht abspielen kann.",
        "Öffne in der EZVIZ-App {camera} > Einstellungen und stelle die Videokodierung auf H.264.",
    ),
    "beyond_displays": (
        "{camera} liefert ein größeres Bild als Full HD, und mehr spielen Displays nicht.",
        "Öffne in der EZVIZ-App {camera} > Einstellungen, stelle eine Auflösung von 1920×1080 oder weniger ein "
        "und frage dann zweimal: Beim ersten Mal sieht showcam sich das Bild noch einmal an.",
    ),
    "not_passable": (
        "{camera} liefert über EZVIZ ein Bild, das sich hier so nicht zeigen lässt.",
        "Wer dieses showcam betreibt, kann einen Medienprozess hinzufügen, der es in die richtige Form bringt; frage "
        "bis dahin auf einem anderen Display, oder sieh in der EZVIZ-App nach.",
    ),
    "no_common_protocol": (
        "{camera} lässt sich mit keinem Protokoll zeigen, nach dem dieses Display gefragt hat.",
        "Frage auf einem anderen Display; showcam bietet HLS und, wo es einen Medienprozess hat, WebRTC.",
    ),
    "too_large": (
        "{camera} liefert ein größeres Bild als die 1280×720, die ein Video auf diesem Display haben darf.",
        "Erlaube ein verkleinertes auf dem Rechner, auf dem showcam läuft: "
        'showcam cameras set "{camera}" scaled yes. Oder stelle in der EZVIZ-App eine kleinere Auflösung ein.',
    ),
    "busy": (
        "{camera} wird schon auf so vielen Bildschirmen gezeigt, wie erlaubt ist, oder wurde gerade zu oft geöffnet.",
        "Schließe das Bild auf einem davon oder warte eine Minute, und frage dann noch einmal.",
    ),
    "waking": (
        "{camera} läuft mit Batterie, hat geruht und wird gerade geweckt.",
        "Frage in etwa zehn Sekunden noch einmal.",
    ),
    "media_down": ("Für {camera} ließ sich das Bild nicht starten.", "Frage in ein paar Sekunden noch einmal."),
    "voice_may_not": (
        "Mit der Stimme darf das für {camera} nicht geändert werden.",
        "Der Besitzer kann es auf dem Rechner erlauben, auf dem showcam läuft: "
        'showcam cameras set "{camera}" voice_may …, oder es in der EZVIZ-App ändern.',
    ),
    "encryption_by_voice": (
        "Die Bildverschlüsselung wird nie mit der Stimme geändert.",
        "Öffne in der EZVIZ-App {camera} > Einstellungen > Bildverschlüsselung und stelle sie ein, "
        'oder auf dem Rechner, auf dem showcam läuft: showcam cameras set "{camera}" encryption off, oder on.',
    ),
    "not_this_way": (
        "{camera} hat keine solche Einstellung, oder showcam erreicht sie nicht.",
        "Öffne in der EZVIZ-App {camera} > Einstellungen und suche sie dort.",
    ),
    "not_set": (
        "{camera} hat die Änderung nicht übernommen.",
        "Prüfe in der EZVIZ-App, ob die Kamera online und wie sie eingestellt ist, und versuche es dann noch einmal.",
    ),
}
_WORDS: dict[str, Words] = {"en": _EN, "nb": _NB, "de": _DE}
_NAMELESS = {"en": "the camera", "nb": "kameraet", "de": "die Kamera"}
_TAGS = {"nb": "nb", "no": "nb", "nn": "nb", "de": "de"}

OF_CHANGES: frozenset[Reason] = frozenset(
    {"voice_may_not", "encryption_by_voice", "not_this_way", "not_set"}
)  # never of a picture
OF_PICTURES = tuple(reason for reason in REASONS if reason not in OF_CHANGES)  # in the gate's order
OF_VIDEO: frozenset[Reason] = frozenset({"too_large"})  # of Alexa's VideoApp alone


def language(locale: str) -> str:
    """Which of the languages a locale is told in: "en", "nb" or "de"."""
    return _TAGS.get(re.split("[-_]", locale, maxsplit=1)[0].lower(), "en")


def explain(refusal: Refusal, locale: str = "en") -> str:
    """All failed rows as sentences, each with its mend, in the link's language."""
    return " ".join(sentences(refusal, locale))


def sentences(refusal: Refusal, locale: str) -> tuple[str, ...]:
    """One text for each failed row: what is wrong, and its mend."""
    return tuple(" ".join(row_text(row.reason, locale, refusal.camera)) for row in refusal.failed)


def shell_word(name: str) -> str:
    """A name as a shell takes it for one word: whoever shares a camera chose it, and people paste commands."""
    return shlex.quote(name) if re.search(r'["$`\\!]', name) else f'"{name}"'


def row_text(reason: Reason, locale: str, camera: str = "") -> tuple[str, str]:
    """What is wrong with a camera, "" for any, and what mends it."""
    tongue = language(locale)
    wrong, mend = _WORDS[tongue][reason]
    if camera:
        mend = mend.replace('"{camera}"', shell_word(camera).replace("{", "{{").replace("}", "}}"))
        return wrong.format(camera=camera), mend.format(camera=camera)
    anyone = _NAMELESS[tongue]
    told = wrong.format(camera=anyone)
    # a text may begin with the stand-in for a name; a command wants a real one
    told = told[0].upper() + told[1:] if wrong.startswith("{camera}") else told
    return told, mend.replace('"{camera}"', "NAME").format(camera=anyone)
