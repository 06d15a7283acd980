"""Files that are no workbook or mean harm; and readers that die, run in a child process in place of the real one."""

import os
import struct
import time
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from huizong.sheet import Unreadable, Workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def archive(*names: str, content: bytes = b"<x/>") -> bytes:
    data = BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as packed:
        for name in names:
            packed.writestr(name, content)
    return data.getvalue()


def word_document() -> bytes:
    return archive("[Content_Types].xml", "word/document.xml")


def old_word_document() -> bytes:
    return OLE + bytes(504) + "WordDocument".encode("utf-16-le") + bytes(1000)


def with_a_password() -> bytes:
    """As Excel encrypts: an OLE file with an EncryptedPackage stream."""
    return OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)


def bomb(workbook: bytes) -> bytes:
    """The workbook with a part that says it unpacks to 4 GB."""
    data = BytesIO(workbook)
    with ZipFile(data, "a", ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/image1.png", b"\0" * 100)
    bomb = bytearray(data.getvalue())
    name = bomb.rindex(b"xl/media/image1.png")  # in the central directory, 46 bytes after the entry's start
    bomb[name - 46 + 24 : name - 46 + 28] = struct.pack("<I", 4_000_000_000)
    return bytes(bomb)


def read_or_die(task: object, paths: list[str]) -> list[Workbook | Unreadable]:
    """In place of a task, a reader that a file called abort kills and one called hang holds up."""
    for path in paths:
        if Path(path).stem == "abort":
            os.abort()
        if Path(path).stem == "hang":
            time.sleep(60)
    return [Workbook([], "xlsx") for _ in paths]
