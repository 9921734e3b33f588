"""The spoken names of a camera's settings, in the languages of the Alexa devices that show cameras."""

from msgspec import Struct

type Locales = tuple[str, ...]

# Interface languages of the camera interfaces: Smart Home API, "List of Alexa Interfaces and Supported Languages". The
# most used come first, as far as their use is known.
_COMMON = (
    "en-US",
    "en-GB",
    "de-DE",
    "ja-JP",
    "en-IN",
    "fr-FR",
    "es-ES",
    "it-IT",
    "pt-BR",
    "es-MX",
    "en-CA",
    "en-AU",
    "hi-IN",
    "es-US",
    "fr-CA",
    "nl-NL",
    "ar-SA",
)
LOCALES = tuple(sorted(_COMMON))
MOST_BYTES = 64 * 1024  # bytes of all names in one answer
_NAME_BYTES = 75  # roughly the bytes of a name in a locale
_LEAST = 2  # locales, for any number of names

# Names by language, or by locale if a country uses another word.
TEXTS: dict[str, dict[str, str]] = {
    "status_light": {
        "ar": "ضوء الحالة",
        "de": "Statusleuchte",
        "en": "Status light",
        "es": "Luz de estado",
        "fr": "Voyant d'état",
        "hi": "स्टेटस लाइट",
        "it": "Spia di stato",
        "ja": "ステータスライト",
        "nl": "Statuslampje",
        "pt": "Luz de status",
    },
    "alarm_notification": {
        "ar": "إشعارات الإنذار",
        "de": "Alarmbenachrichtigungen",
        "en": "Alarm notifications",
        "es": "Notificaciones de alarma",
        "fr": "Notifications d'alarme",
        "hi": "अलार्म सूचनाएं",
        "it": "Notifiche di allarme",
        "ja": "アラーム通知",
        "nl": "Alarmmeldingen",
        "pt": "Notificações de alarme",
    },
    "offline_notification": {
        "ar": "إشعارات انقطاع الاتصال",
        "de": "Offline-Benachrichtigungen",
        "en": "Offline notifications",
        "es": "Notificaciones de desconexión",
        "fr": "Notifications hors ligne",
        "hi": "ऑफ़लाइन सूचनाएं",
        "it": "Notifiche offline",
        "ja": "オフライン通知",
        "nl": "Offlinemeldingen",
        "pt": "Notificações offline",
    },
    "flip": {
        "ar": "قلب الصورة",
        "de": "Bilddrehung",
        "en": "Image flip",
        "es": "Giro de imagen",
        "fr": "Retournement de l'image",
        "hi": "इमेज फ्लिप",
        "it": "Capovolgimento immagine",
        "ja": "画像の反転",
        "nl": "Beeld omkeren",
        "pt": "Inversão de imagem",
    },
    "audio": {
        "ar": "صوت الكاميرا",
        "de": "Kameraton",
        "en": "Camera sound",
        "es": "Sonido de la cámara",
        "fr": "Son de la caméra",
        "hi": "कैमरे की आवाज़",
        "it": "Audio della telecamera",
        "ja": "カメラの音声",
        "nl": "Camerageluid",
        "pt": "Som da câmera",
    },
    "encryption": {
        "ar": "تشفير الصورة",
        "de": "Bildverschlüsselung",
        "en": "Image encryption",
        "es": "Cifrado de imagen",
        "fr": "Chiffrement de l'image",
        "hi": "इमेज एन्क्रिप्शन",
        "it": "Crittografia immagine",
        "ja": "画像の暗号化",
        "nl": "Beeldversleuteling",
        "pt": "Criptografia de imagem",
    },
    "night_vision": {
        "ar": "الرؤية الليلية",
        "de": "Nachtsicht",
        "en": "Night vision",
        "es": "Visión nocturna",
        "fr": "Vision nocturne",
        "hi": "नाइट विज़न",
        "it": "Visione notturna",
        "ja": "ナイトビジョン",
        "nl": "Nachtzicht",
        "pt": "Visão noturna",
    },
    "colour": {
        "ar": "ملون",
        "de": "Farbe",
        "en": "Colour",
        "en-US": "Color",
        "es": "Color",
        "fr": "Couleur",
        "hi": "रंगीन",
        "it": "Colore",
        "ja": "カラー",
        "nl": "Kleur",
        "pt": "Colorido",
    },
    "black_and_white": {
        "ar": "أبيض وأسود",
        "de": "Schwarzweiß",
        "en": "Black and white",
        "es": "Blanco y negro",
        "fr": "Noir et blanc",
        "hi": "ब्लैक एंड व्हाइट",
        "it": "Bianco e nero",
        "ja": "白黒",
        "nl": "Zwart-wit",
        "pt": "Preto e branco",
    },
    "smart": {
        "ar": "ذكي",
        "de": "Intelligent",
        "en": "Smart",
        "es": "Inteligente",
        "fr": "Intelligent",
        "hi": "स्मार्ट",
        "it": "Intelligente",
        "ja": "スマート",
        "nl": "Slim",
        "pt": "Inteligente",
    },
}

# Names that Alexa itself translates into every language.
ASSETS = {"smart": "Alexa.Setting.Auto", "night_vision": "Alexa.Setting.Mode"}


def locales(names: int, spoken: str) -> Locales:
    """The locales for that many names: all, or as many as fit into MOST_BYTES, at least two, the household's own first.

    Alexa does not report the language of an Echo. `spoken`: the language used while linking, "de" or "de-DE".
    """
    most = max(_LEAST, MOST_BYTES // (max(1, names) * _NAME_BYTES))
    if most >= len(LOCALES):
        return LOCALES
    own = spoken[:2]
    nearest = sorted(_COMMON, key=lambda locale: (locale != spoken, locale[:2] != own, _COMMON.index(locale)))
    return tuple(nearest[:most])


class AssetId(Struct, rename="camel"):
    asset_id: str


class Asset(Struct, tag_field="@type", tag="asset"):
    value: AssetId


class LocalText(Struct):
    text: str
    locale: str


class Text(Struct, tag_field="@type", tag="text"):
    value: LocalText


class Named(Struct, rename="camel"):
    """Names of an instance or a mode. Its key in the JSON is capabilityResources or modeResources."""

    friendly_names: list[Asset | Text]


def friendly(key: str, wanted: Locales = LOCALES) -> Named:
    names: list[Asset | Text] = [Asset(AssetId(ASSETS[key]))] if key in ASSETS else []
    return Named(names + [Text(LocalText(_text(key, locale), locale)) for locale in wanted])


def _text(key: str, locale: str) -> str:
    words = TEXTS[key]
    return words.get(locale) or words[locale[:2]]
