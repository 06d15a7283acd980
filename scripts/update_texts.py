"""Bring locale/*/LC_MESSAGES/huizong.po up to date with the texts in the code; say what is still untranslated.

    python -m scripts.update_texts

New texts are added empty, those no longer used are dropped, and the places that use each are noted.
"""

import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
KEYWORDS = {"_": None, "N_": None}
CATALOGUES = sorted((ROOT / "locale").glob("*/LC_MESSAGES/huizong.po"))
# Written by hand: Babel's own header holds the time, and every run would differ.
HEADER = """\
# The words of Huizong. Kept by python -m scripts.update_texts; only the msgstr lines are written by hand.
msgid ""
msgstr ""
"Project-Id-Version: huizong\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def texts_in_code() -> dict[str, list[str]]:
    """Every text given to _() in app.py, pages/ and huizong/ → the files that use it."""
    found: dict[str, list[str]] = {}
    for _, message, _, _ in extract_from_file("python", ROOT / "app.py", keywords=KEYWORDS):
        found.setdefault(message, []).append("app.py")
    for folder in ("pages", "huizong"):
        for name, _, message, _, _ in extract_from_dir(
            ROOT / folder, method_map=[("**.py", "python")], keywords=KEYWORDS
        ):
            found.setdefault(message, []).append(f"{folder}/{name}")
    return {text: sorted(set(files)) for text, files in sorted(found.items(), key=lambda pair: sorted(pair[1]))}


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def updated(old: Catalog, texts: dict[str, list[str]]) -> Catalog:
    """The catalogue of exactly these texts, with the translations that the old one holds."""
    new = Catalog(locale=old.locale)
    for text, files in texts.items():
        known = old.get(text)
        new.add(text, known.string if known else "", locations=[(file, None) for file in files])
    return new


def main() -> int:
    texts = texts_in_code()
    missing = 0
    for path in CATALOGUES:
        catalogue = updated(read_catalogue(path), texts)
        with path.open("wb") as file:
            file.write(HEADER.format(language=path.parts[-3]).encode())
            write_po(file, catalogue, width=120, omit_header=True, include_lineno=False)
        for message in catalogue:
            if message.id and not message.string:
                missing += 1
                print(f"{path.parts[-3]}: {message.id!r} ({message.locations[0][0]})")
    return missing > 0


if __name__ == "__main__":
    sys.exit(main())
