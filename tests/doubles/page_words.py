"""The fixed words of a page: what its templates say before a person opens anything, each sentence once."""

import re
from functools import cache

from playwright.sync_api import Page

from showcam.i18n.catalogue import OURS, Language
from tests.doubles.packages import script

MOST = 60  # words of a page before “More”
# What is seen without opening anything, apart from choices, from text that can be typed, and from news on each page.
SEEN = """() => {
    const texts = [], walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const parent = walk.currentNode.parentElement;
        const folded = parent.closest('details:not([open])');
        if (folded && !parent.closest('summary')) continue;
        if (parent.closest('script, style, noscript, option, textarea, [hidden], .banner')) continue;
        if (parent.closest('dialog:not([open])')) continue;
        texts.push(walk.currentNode.textContent);
    }
    return texts;
}"""


def fixed_words(page: Page, language: Language) -> int:
    """The words of the sentences that the page shows, without names and numbers. A camera's reasons do not count."""
    texts: list[str] = page.evaluate(SEEN)
    whole = "\n".join(" ".join(text.split()) for text in texts)
    words = 0
    for count, pattern in _patterns(language):
        whole, found = pattern.subn("\n", whole)
        words += count if found else 0
    return words


@cache
def _patterns(language: Language) -> tuple[tuple[int, re.Pattern[str]], ...]:
    """The words and the form of each sentence of a template, long ones first: a short one may be part of a long one."""
    wording = script("wording")
    said = {OURS.translate(language, sentence) for sentence in _of_templates()}
    counted = []
    for sentence in said:
        parts = [re.escape(part.strip()) for part in wording.GAP.split(sentence) if part.strip()]
        pattern = re.compile(rf"(?<!\w){'[^\n]*?'.join(parts)}(?!\w)")
        counted.append((len(wording.words(wording.GAP.sub("", sentence))), pattern))
    return tuple(sorted((each for each in counted if each[0]), key=lambda each: (-each[0], each[1].pattern)))


@cache
def _of_templates() -> tuple[str, ...]:
    """Reads every template and module, which takes half a second."""
    found = script("wording").spoken_and_written()
    return tuple(sentence for sentence, files in found.items() if any(file.endswith(".html") for file in files))
