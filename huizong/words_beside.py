"""What a workbook says beside its cells: comments, text boxes, headers and footers, properties, … Nothing of it is read
as data; edits looks for personal data there. Kept are only the texts with as many digits as a mobile number has.
"""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from email import message_from_bytes
from functools import cache
from html import unescape
from posixpath import join, normpath
from typing import NamedTuple

from huizong.file_kinds import decode, read_part


class Words(NamedTuple):
    """A text, the kind of part it stands in (edits.PARTS has their names), its sheet and cell where it has them."""

    part: str
    text: str
    sheet: str = ""
    cell: str = ""


ENOUGH = re.compile(r"(?:\d\D{0,4}?){11}")
NO_WORDS = re.compile(r"-?\d*\.\d+(?:E[+-]?\d+)?|\{?[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}\}?")

NODE = r"<(/?)(?:\w+:)?(%s)(?=[\s/>])[^<>]*>([^<]*)"
ATTRIBUTE = re.compile(
    rb'\s(?:\w+:)?(prompt|promptTitle|error|errorTitle|tooltip|display|location|descr|title|displayName|Data|v)="([^"]+)"'
)
ENDS = ("p", "text", "comment", "si")  # of what runs of text are a whole of
COMMENT = re.compile(
    rb'<(?:\w+:)?(threadedComment|comment)\s[^<>]*?\bref="([A-Z]+[0-9]+)"[^<>]*>(.*?)</(?:\w+:)?\1>', re.DOTALL
)
# Parts with words by their names, and the elements that hold them: the others hold places and sizes.
PARTS = (
    (re.compile(r"comments?[0-9]*\.xml$"), "comment", frozenset({b"t", b"author"})),
    (re.compile(r"threadedcomment[0-9]*\.xml$"), "comment", frozenset({b"text"})),
    (re.compile(r"persons?[0-9]*\.xml$"), "comment", frozenset()),
    (re.compile(r"(?:drawings/drawing|diagrams/data)[0-9]*\.xml$"), "text_box", frozenset({b"t"})),
    (re.compile(r"vmldrawing[0-9]*\.vml$"), "text_box", frozenset({b"font", b"div", b"span", b"p"})),
    (re.compile(r"charts/chart[a-z]*[0-9]*\.xml$"), "chart", frozenset({b"t", b"v"})),
    (re.compile(r"pivotcache/pivotcache\w+[0-9]*\.xml$"), "pivot", frozenset()),
    (re.compile(r"externallinks/externallink[0-9]*\.xml$"), "linked", frozenset({b"v"})),
    (re.compile(r"docprops/\w+\.xml$"), "properties", None),
    (re.compile(r"^meta\.xml$"), "properties", None),
    (re.compile(r"^styles\.xml$"), "header_footer", None),
)
SHEET_WORDS = (b"headerFooter", b"ataValidation", b"hyperlink")
FORMULA_WORDS = re.compile(rb'<f(?:\s[^<>]*)?>([^<"]*"[^<]*)<')
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError)
LINK = re.compile(rb'\sTarget="([^"]+)"')


def enough(words: Iterable[Words]) -> Iterator[Words]:
    """Those in which there may be a number of a person."""
    return (found for found in words if ENOUGH.search(found.text) and not NO_WORDS.fullmatch(found.text.strip()))


def of_parts(
    archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], sheets: Mapping[str, str]
) -> Iterator[Words]:
    """What stands in the parts beside the sheets. sheets: part → name of the sheet."""
    known = [(name, kind, tags) for name in parts for pattern, kind, tags in PARTS if pattern.search(name)]
    owners = _owners(archive, parts, sheets) if any(kind != "properties" for _, kind, _ in known) else {}
    for name, kind, tags in known:
        xml = _bytes(archive, parts[name])
        sheet = owners.get(name, "")
        if kind == "comment":
            for _, cell, comment in COMMENT.findall(xml):
                yield from enough(Words(kind, text, sheet, cell.decode()) for _, text in texts(comment, tags))
            xml = COMMENT.sub(b"", xml)
        yield from enough(Words(kind, text, sheet) for _, text in texts(xml, tags))


def of_sheet(
    archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], part: str, xml: bytes, sheet: str
) -> Iterator[Words]:
    """What stands in a sheet's XML beside the values: in formulas, headers and footers, lists of choices, links."""
    if b"</f>" in xml:
        yield from enough(Words("formula", _text(text), sheet) for text in FORMULA_WORDS.findall(xml))
    tail = xml[max(0, xml.rfind(b"sheetData")) :]
    if not any(sign in tail for sign in SHEET_WORDS):
        return
    if b"hyperlink" in tail:
        yield from enough(Words("hyperlink", target, sheet) for target in _targets(archive, parts, part))
    for tag, text in texts(tail):
        if tag in (b"tooltip", b"display", b"location"):
            kind = "hyperlink"
        else:
            kind = "header_footer" if tag[:3] in (b"odd", b"eve", b"fir") else "validation"
        yield from enough([Words(kind, text, sheet)])


def of_page(data: bytes, kind: str) -> Iterator[Words]:
    """All that a table in the form of a text says: of html, mhtml and xml."""
    if kind == "mhtml":
        pages = [part.get_payload(decode=True) or b"" for part in message_from_bytes(data).walk()
                 if part.get_content_maintype() == "text"]  # fmt: skip
    else:
        pages = [data]
    for page in pages:
        text = re.sub(r"(?is)<(style|script)\b.*?</\1>", " ", decode(page))
        said = re.findall(r"\s(?:title|alt|content|value|[\w:]*Data|href)=[\"'](?!https?:)([^\"']+)", text)
        said += re.split(r"<[^<>]*>", text.replace("<!--", " ").replace("-->", " "))
        yield from enough(Words("page", unescape(piece)) for piece in said)


def of_records(records: Iterable[tuple[str, bytes]], sheet: str = "") -> Iterator[Words]:
    """What binary records say: (kind of part, bytes). Digits are the same in all their encodings but for zeros."""
    yield from enough(Words(kind, data.replace(b"\0", b"").decode("latin-1"), sheet) for kind, data in records)


def texts(xml: bytes, tags: frozenset[bytes] | None = None) -> Iterator[tuple[bytes, str]]:
    """(element or attribute, its text) of all that has words, or of these elements; runs of one paragraph are one."""
    runs = b""
    for node in _nodes(tags).finditer(xml):
        end, tag, text = node.groups()
        if tag == b"t":
            runs += text if not end else b""
        elif text and not end and (tags is None or tag in tags):
            yield tag, _text(text)
        elif end and runs and tag.decode() in ENDS:
            yield b"t", _text(runs)
            runs = b""
    if runs:
        yield b"t", _text(runs)
    for node in ATTRIBUTE.finditer(xml):
        yield node[1], _text(node[2])


@cache
def _nodes(tags: frozenset[bytes] | None) -> re.Pattern[bytes]:
    names = r"\w+" if tags is None else "|".join((*(tag.decode() for tag in sorted(tags)), *ENDS))
    return re.compile((NODE % names).encode())


def _bytes(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """A part's bytes; none where it is broken, for the sheets may be whole."""
    try:
        return read_part(archive, part)
    except BROKEN:
        return b""


def _text(xml: bytes) -> str:
    return unescape(xml.decode(errors="replace"))


def _owners(
    archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], sheets: Mapping[str, str]
) -> dict[str, str]:
    """Part → the sheet that it belongs to."""
    return {
        normpath(join("/", part.rpartition("/")[0], target)).lstrip("/").lower(): name
        for part, name in sheets.items()
        for target in _targets(archive, parts, part)
    }


def _targets(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo], part: str) -> list[str]:
    folder, _, name = part.rpartition("/")
    relations = parts.get(join(folder, "_rels", f"{name}.rels"))
    return [_text(target) for target in LINK.findall(_bytes(archive, relations))] if relations else []
