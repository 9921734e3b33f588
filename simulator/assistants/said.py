"""What the simulated assistants say aloud, in the language of the person who speaks. Alexa has no Norwegian."""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path

LANGUAGE: ContextVar[str] = ContextVar("language", default="en")
_FILE = Path(__file__).with_suffix(".json")  # by language and English sentence

_words: Mapping[str, Mapping[str, str]] = json.loads(_FILE.read_text(encoding="utf-8"))


def said(sentence: str, **gaps: object) -> str:
    """In English where the language has no words for it."""
    return _words.get(LANGUAGE.get(), {}).get(sentence, sentence).format(**gaps)
