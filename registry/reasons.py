"""What a refusal says to a person: what is wrong and how to mend it, in English and Norwegian."""

from registry.camera import Refusal

# reason: (what is wrong, what to do); {camera} is the camera's name
_EN = {
    "not_found": (
        "There is no camera of that name here.",
        "Say “discover devices” (Alexa) or “sync my devices” (Google), or link again and tick the camera.",
    ),
    "signed_out": (
        "showcam is signed out of the EZVIZ account.",
        "Sign in again with the EZVIZ user name and password; the link to the assistant stays.",
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
        "If the camera is your own, give showcam an EZVIZ Open Platform key: showcam owner key. "
        "If another EZVIZ account shares it with you, link with that account.",
    ),
    "code_wrong": (
        "{camera} does not take the code that showcam was given for the home network.",
        "It is the verification code on the camera’s label or, with Image Encryption on, its password: "
        "showcam cameras code {camera}.",
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
        "Allow a scaled one with: showcam cameras set “{camera}” scaled yes, "
        "or set a lower resolution in the EZVIZ app.",
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
        "The owner can allow it with: showcam cameras set “{camera}” voice_may …, or change it in the EZVIZ app.",
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
_NB = {
    "not_found": (
        "Det finnes ikke noe kamera med det navnet her.",
        "Si «finn enheter» (Alexa) eller «synkroniser enhetene mine» (Google), eller koble til på nytt og kryss av.",
    ),
    "signed_out": (
        "showcam er logget ut av EZVIZ-kontoen.",
        "Logg inn igjen med EZVIZ-brukernavnet og passordet; koblingen til assistenten består.",
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
        "Er kameraet ditt eget, gi showcam en EZVIZ Open Platform-nøkkel: showcam owner key. "
        "Er det delt med deg fra en annen EZVIZ-konto, koble til med den kontoen.",
    ),
    "code_wrong": (
        "{camera} godtar ikke koden som showcam fikk for hjemmenettet.",
        "Det er verifiseringskoden på kameraets etikett eller, med bildekryptering på, passordet for den: "
        "showcam cameras code {camera}.",
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
        "Tillat et nedskalert bilde med: showcam cameras set «{camera}» scaled yes, "
        "eller velg lavere oppløsning i EZVIZ-appen.",
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
        "Eieren kan tillate det med: showcam cameras set «{camera}» voice_may …, eller endre det i EZVIZ-appen.",
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

REASONS = frozenset(_EN)
OF_CHANGES = frozenset({"voice_may_not", "not_this_way", "not_set"})  # never of a picture
OF_VIDEO = frozenset({"too_large"})  # of Alexa's VideoApp alone


def explain(refusal: Refusal, locale: str = "en") -> str:
    """All failed rows as sentences, each with its mend, in the link's language."""
    return " ".join(sentences(refusal, locale))


def sentences(refusal: Refusal, locale: str) -> tuple[str, ...]:
    """One text for each failed row: what is wrong, and its mend."""
    words = _NB if locale.split("-")[0].lower() in ("nb", "no", "nn") else _EN
    name = refusal.camera or ("kameraet" if words is _NB else "the camera")
    told = [" ".join(words[row.reason]).format(camera=name) for row in refusal.failed]
    # without a name a text may begin with the stand-in for it
    return tuple(each[0].upper() + each[1:] if not refusal.camera else each for each in told)
