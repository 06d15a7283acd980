"""The words on the screen, in the language of whoever looks: `_("Accept")` → 验收.

The English is written in the code and is the key; locale/<language>/LC_MESSAGES/huizong.po holds the rest. A catalogue
is read as it stands, so that a translator needs no compiler; `python -m scripts.update_texts` brings it up to date.
"""

import gettext
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent.parent / "locale"
LANGUAGES = {"zh_CN": "中文", "en": "English"}  # the first is the default

_language: ContextVar[str] = ContextVar("language", default="zh_CN")


class UnknownLanguage(ValueError):
    """The product does not speak this language; the message lists those it does."""


def speak(language: str) -> None:
    """Choose the language of this thread or task."""
    if language not in LANGUAGES:
        raise UnknownLanguage(f"no language {language!r}; known: {', '.join(LANGUAGES)}")
    _language.set(language)


def language() -> str:
    return _language.get()


def _(english: str) -> str:
    """The same words in the current language. Never given an f-string: the catalogue holds the text with its braces."""
    return catalogue(language()).gettext(english)


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The messages of one language; English has none and answers with its keys."""
    path = LOCALE / language / "LC_MESSAGES" / "huizong.po"
    if not path.exists():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as messages:
        write_mo(compiled, read_po(messages, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def N_(english: str) -> str:  # noqa: N802, the name that gettext knows
    """Marks words that a table holds and `_` translates where they are used."""
    return english
