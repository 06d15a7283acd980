"""What kind of file some bytes are: by content, never by the name. And the bytes that a password protects."""

import codecs
import re
import zipfile
from collections.abc import Mapping
from io import BytesIO

import msoffcrypto
from msoffcrypto.exceptions import InvalidKeyError

from huizong.workbook import MAX_BYTES, MAX_PARTS, MAX_UNPACKED_BYTES, Unreadable

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLD_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")  # .xls before OLE
BOOK_STREAM = re.compile(rb"(?i)(?:W\0o\0r\0k\0)?B\0o\0o\0k\0\0\0")  # in an OLE directory; some write WORKBOOK
# What begins like this is no workbook, and the reason that tells so.
FOREIGN = {
    b"%PDF": "pdf",
    b"{\\rtf": "word",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"II*\0": "picture",
    b"MM\0*": "picture",
    b"Rar!": "archive",
    b"7z\xbc\xaf": "archive",
    b"\x1f\x8b": "archive",
    b"BZh": "archive",
    b"\xfd7zXZ": "archive",
}
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
DELIMITERS = "\t,;|"
MHTML = re.compile(r"\s*(?:[\w-]+:.*\r?\n(?:[ \t]+.*\r?\n)*){0,20}?mime-version:", re.I)
MESSAGE = re.compile(r"\s*(?:from|return-path|received|delivered-to|subject|mime-version): ", re.I)
FLAT = re.compile(r"ID;P|TABLE\r?\n0,1\r?\n")
HEAD = 2**16  # bytes that decide what a text is

# Excel protects a file whose password nobody is asked for (read-only recommended, locked structure) with this one.
SILENT_PASSWORD = "VelvetSweatshop"


def kind_of(data: bytes) -> str:
    """xlsx, xlsb, xls, ods, xml, html, mhtml, csv, or locked (behind a password). Raises Unreadable for what is no
    workbook.

    Safe to call on hostile bytes outside a child process: it unpacks nothing. zipfile.is_zipfile is of no use here: it
    is true of a quarter of genuine .xls files.
    """
    if not data:
        raise Unreadable("empty")
    if len(data) > MAX_BYTES:
        raise Unreadable("too_large")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(data)
    if data.startswith(OLE):
        return _kind_of_ole(data)
    if data.startswith(OLD_BIFF):
        return "xls"
    for start, reason in FOREIGN.items():
        if data.startswith(start):
            raise Unreadable(reason)
    return _kind_of_text(data)


def parts_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files inside by the names that Office goes by: case does not count, and some writers use \\."""
    return {info.filename.replace("\\", "/").lower(): info for info in archive.infolist()}


def book_part(parts: Mapping[str, zipfile.ZipInfo], suffix: str) -> str | None:
    """The name of the part that lists the sheets: xl/workbook.xml for all but a few writers."""
    return next((name for name in parts if name.rpartition("/")[2] == f"workbook.{suffix}"), None)


def read_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int = MAX_UNPACKED_BYTES) -> bytes:
    """A part's bytes, at most as many as its header declares and the limit allows: headers lie."""
    with archive.open(info) as part:
        data = part.read(min(info.file_size, limit) + 1)
    if len(data) > limit:
        raise Unreadable("too_large")
    return data


def _kind_of_zip(data: bytes) -> str:
    if data.count(b"PK\x01\x02") > MAX_PARTS:  # before zipfile makes an object of each
        raise Unreadable("too_large")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = parts_of(archive)
            if sum(info.file_size for info in parts.values()) > MAX_UNPACKED_BYTES:
                raise Unreadable("too_large")
            mimetype = read_part(archive, parts["mimetype"], 100) if "mimetype" in parts else b""
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError, EOFError):
        raise Unreadable("damaged") from None
    return _kind_of_parts(parts, mimetype)


def _kind_of_parts(parts: Mapping[str, zipfile.ZipInfo], mimetype: bytes) -> str:
    if not {info.compress_type for info in parts.values()} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Unreadable("archive")
    if book_part(parts, "bin"):
        return "xlsb"
    if book_part(parts, "xml"):
        return "xlsx"
    if b"opendocument.spreadsheet" in mimetype:
        return "ods"
    if "word/document.xml" in parts or b"opendocument.text" in mimetype:
        raise Unreadable("word")
    if "ofd.xml" in parts:  # a page image like PDF, by the national standard GB/T 33190
        raise Unreadable("pdf")
    if mimetype or "[content_types].xml" in parts:
        raise Unreadable("not_workbook")
    raise Unreadable("archive")


def _kind_of_ole(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "locked"
    if BOOK_STREAM.search(data):
        return "xls"
    if "WordDocument".encode("utf-16-le") in data:
        raise Unreadable("word")
    whole = "Root Entry".encode("utf-16-le") in data  # the list of what is in it, often at the end: cut off, it is lost
    raise Unreadable("not_workbook" if whole else "damaged")


def _kind_of_text(data: bytes) -> str:
    text = decode(data[:HEAD], whole=len(data) <= HEAD)
    start = text.lstrip()[:1]
    if MHTML.match(text) and re.search(r"^content-type: *(?:multipart/related|text/html)", text, re.I | re.M):
        return "mhtml"
    if MESSAGE.match(text) or FLAT.match(text) or "urn:oasis:names:tc:opendocument" in text[:2000]:
        raise Unreadable("not_workbook")  # an e-mail, SYLK, DIF, a flat document
    if start != "<":
        if any(delimiter in text for delimiter in DELIMITERS):
            return "csv"
        raise Unreadable("not_workbook")
    if "urn:schemas-microsoft-com:office:spreadsheet" in text:
        return "xml"
    if re.search(r"<(?:html|table|!doctype html)\b", text, re.I):
        return "html"
    raise Unreadable("word" if "wordml" in text else "not_workbook")


def decode(data: bytes, *, whole: bool = True) -> str:
    """Text as Chinese offices save it: UTF-8, UTF-16 with a mark, GB18030. Raises Unreadable for what is no text."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "gb18030"]:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
        except UnicodeDecodeError:
            continue
        if not CONTROLS.search(text):
            return text
    raise Unreadable("not_workbook")


def unlock(data: bytes, password: str = SILENT_PASSWORD) -> bytes:
    """The bytes that a password protects. Raises Unreadable. The password goes nowhere but into the key."""
    opened = BytesIO()
    try:
        locked = msoffcrypto.OfficeFile(BytesIO(data))
        locked.load_key(password=password)
        locked.decrypt(opened)
    except InvalidKeyError:
        raise Unreadable("password" if password == SILENT_PASSWORD else "wrong_password") from None
    except MemoryError:
        raise
    except Exception:  # whatever a damaged header leads to
        raise Unreadable("password" if password == SILENT_PASSWORD else "damaged") from None
    return opened.getvalue()
