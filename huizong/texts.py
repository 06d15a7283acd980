"""The words on the screen, in the language of whoever looks: `_("Accept")` → 验收.

The English is written in the code and is the key; locale/<language>/LC_MESSAGES/huizong.po holds the rest. A catalogue
is read as it stands, so that a translator needs no compiler; `python -m scripts.update_texts` brings it up to date.
"""

import gettext
from contextvars import ContextVar
from decimal import ROUND_HALF_UP, Context, Decimal
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


# ---- numbers ---------------------------------------------------------------------------------------------------------

# Excel too takes a number by its first 15 digits: what floating point leaves behind them tips no half over. Nothing
# trapped: what has no end is printed, not raised.
ROUNDED = Context(prec=400, rounding=ROUND_HALF_UP, traps=[])


def fixed(value: float, decimals: int = 0) -> str:
    """1,234.5 · −8.1: rounded half up (四舍五入), as Excel does; a format of Python's would round 2.5 to 2."""
    return rounded(Decimal(f"{value:.15g}"), decimals)


def percent(share: float, decimals: int = 1) -> str:
    """A share as 31.3%, rounded as `fixed`."""
    return rounded(Decimal(f"{share:.15g}") * 100, decimals) + "%"


def rounded(number: Decimal, decimals: int) -> str:
    """With thousands separators and a true minus."""
    kept = number.quantize(Decimal(1).scaleb(-decimals), context=ROUNDED) + 0  # no minus before a zero
    return f"{kept:,.{decimals}f}".replace("-", "−")
