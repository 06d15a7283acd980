"""Archives of workbooks: a ZIP's files one after the other, their names as they were written.

A ZIP is hostile until read: nothing is unpacked onto the disk, no size or count in a header is believed, and the
limits of workbook.py hold for it and all archives within it together.
"""

import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import SEEK_SET, BytesIO
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from huizong.file_kinds import FOREIGN
from huizong.workbook import (
    MAX_ARCHIVED_BYTES,
    MAX_ARCHIVED_FILES,
    MAX_BYTES,
    MAX_DIRECTORY_BYTES,
    MAX_RATIO,
    NESTED,
    Unreadable,
)

File = tuple[str, bytes | Unreadable]  # a name as it is shown, with the folders it lies in; why there are no bytes

WITHIN = " › "  # between an archive and what is in it
SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
FIRST_NAME = 30  # where the name of a ZIP's first part stands
DOCUMENT_STARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"mimetype")
DOCUMENT_PARTS = {"[content_types].xml", "mimetype", "ofd.xml", "xl/workbook.xml", "xl/workbook.bin",
                  "word/document.xml"}  # fmt: skip
CHUNK = 2**20
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
UNICODE_PATH = 0x7075  # the extra field in which Info-ZIP and WinRAR keep a name in UTF-8
BROKEN = (BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError)
LEFTOVERS = {"thumbs.db", "desktop.ini"}
UNFINISHED = (".tmp", ".part", ".crdownload")


@dataclass(slots=True)
class Allowance:
    """What may still be taken out of an archive and of those within it."""

    files: int = MAX_ARCHIVED_FILES
    bytes: int = MAX_ARCHIVED_BYTES


@dataclass(slots=True)
class Bounded:
    """A file of which nobody reads much at once: zipfile reads a list of contents as long as its header says."""

    file: BinaryIO

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise Unreadable("archive_files")
        return self.file.read(size)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True


def ignored(path: str) -> bool:
    """Whether a file in a folder is no one's return: what systems and open or unfinished programs leave behind."""
    *folders, name = path.split("/")
    hidden = any(part.startswith(".") and part.strip(".") for part in (*folders, name))
    name = name.lower()
    return hidden or "__MACOSX" in folders or name in LEFTOVERS or name.startswith("~$") or name.endswith(UNFINISHED)


def open_archive(name: str, file: BinaryIO) -> ZipFile | None:
    """The ZIP that a file is, None for any other file and for documents, which are ZIPs as well.

    Raises Unreadable for a file called .zip that cannot be opened; intake tells what is wrong with any other.
    """
    file.seek(0)
    head = file.read(FIRST_NAME + 20)
    if not head.startswith(SIGNATURES) or head.startswith(DOCUMENT_STARTS, FIRST_NAME):
        return None
    try:
        archive = ZipFile(Bounded(file))  # type: ignore[arg-type]
    except Unreadable:
        archive, reason = None, "archive_files"
    except BROKEN:
        archive, reason = None, "archive_damaged"
    if archive is None:
        if name.lower().endswith(".zip"):
            raise Unreadable(reason)
        return None
    parts = {info.filename.replace("\\", "/").lower() for info in archive.infolist()}
    return None if parts & DOCUMENT_PARTS else archive


def count(name: str, file: BinaryIO) -> int:
    """How many files `files_in` gives, an archive within the archive counted as one."""
    try:
        archive = open_archive(name, file)
    except Unreadable:
        return 1
    return number_told(listed(archive)) if archive else 1


def listed(archive: ZipFile) -> list[tuple[str, ZipInfo]]:
    """The files in an archive with their paths."""
    files = [(path_of(info), info) for info in archive.infolist()]
    return [(path, info) for path, info in files if not path.endswith("/") and not ignored(path)]


def locked(files: list[tuple[str, ZipInfo]]) -> bool:
    """Whether a password protects all of an archive: told once, and not of each file."""
    return all(info.flag_bits & ENCRYPTED_FLAG for _, info in files)


def number_told(files: list[tuple[str, ZipInfo]]) -> int:
    """How many names an archive with these files answers with."""
    return 1 if locked(files) else len(files)


def files_in(name: str, file: BinaryIO, grown: Callable[[int], object] = lambda more: None) -> Iterator[File]:
    """The files of an archive and of those within it; of any other file, itself.

    What is not read is told in its place; an archive is told of only when something is wrong with it.
    grown: called when there are more files than `count` knew of.
    """
    try:
        archive = open_archive(name, file)
        if archive is None:
            yield name, whole(file)
        else:
            yield from _files(name, archive, NESTED, Allowance(), grown)
    except Unreadable as error:
        yield name, error


def whole(file: BinaryIO) -> bytes:
    """All bytes of a file. Raises Unreadable for more than are read."""
    file.seek(0)
    data = file.read(CHUNK)  # as much memory is taken as is asked for
    if len(data) == CHUNK:
        data += file.read(MAX_BYTES + 1 - CHUNK)
    if len(data) > MAX_BYTES:
        raise Unreadable(next((reason for start, reason in FOREIGN.items() if data.startswith(start)), "too_large"))
    return data


def _files(
    name: str, archive: ZipFile, depth: int, allowance: Allowance, grown: Callable[[int], object]
) -> Iterator[File]:
    files = listed(archive)
    allowance.files -= len(files)
    if allowance.files < 0:
        raise Unreadable("archive_files")
    if locked(files):
        yield name, Unreadable("archive_password" if files else "archive_empty")
        return
    for path, info in files:
        path = f"{name}{WITHIN}{path}"
        try:
            data = _unpacked(archive, info, allowance)
            within = open_archive(path, BytesIO(data))
            if within and not depth:
                raise Unreadable("archive_nested")
        except Unreadable as error:
            if error.reason == "archive_size":
                raise
            yield path, error
            continue
        if within:
            grown(number_told(listed(within)) - 1)
            yield from _files(path, within, depth - 1, allowance, grown)
        else:
            yield path, data


def _unpacked(archive: ZipFile, info: ZipInfo, allowance: Allowance) -> bytes:
    """The bytes of one file. Raises Unreadable: archive_size when nothing more may be taken out of the archive."""
    if info.flag_bits & ENCRYPTED_FLAG:
        raise Unreadable("archive_password")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # zipfile unpacks the others without a bound
        raise Unreadable("archive_method")
    limit = min(MAX_BYTES, max(CHUNK, MAX_RATIO * info.compress_size))
    if info.file_size > limit:
        raise Unreadable("too_large")
    data = bytearray()
    try:
        with archive.open(info) as packed:
            while part := packed.read(CHUNK):
                data += part
                allowance.bytes -= len(part)
                if allowance.bytes < 0:
                    raise Unreadable("archive_size")
    except BROKEN:
        raise Unreadable("archive_damaged") from None
    return bytes(data)


# ---- names ----------------------------------------------------------------------------------------------------------


def own_name(name: str) -> str:
    """A file's own name, without the folders and archives it lies in."""
    return Path(name.rpartition(WITHIN)[2]).name or name


def path_of(info: ZipInfo) -> str:
    """A file's folders and name, parted by /, fit to be shown; never to be used on a disk."""
    if info.flag_bits & UTF8_FLAG:
        name = info.orig_filename
    else:
        raw = info.orig_filename.encode("cp437")  # how zipfile read them; it maps each byte onto a sign of its own
        name = _unicode_path(info.extra, raw) or _decoded(raw)
    # Only now: a backslash may be the second byte of a Chinese character.
    return "".join("�" if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") else sign
                   for sign in name.partition("\0")[0].replace("\\", "/").removeprefix("./"))  # fmt: skip


def _decoded(raw: bytes) -> str:
    """A name as Windows (GBK), macOS and Linux (UTF-8 without saying so) write it."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")
    # 目录 in GBK happens to be valid UTF-8 for two Latin signs: believe it only with a sign that Chinese is made of.
    return name if raw.isascii() or any(sign >= "\u0800" for sign in name) else raw.decode("gb18030", errors="replace")


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in UTF-8 that stands beside a raw one, if it was made for it."""
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and int.from_bytes(field[1:5], "little") == zlib.crc32(raw):
            return field[5:].decode(errors="replace")
    return None
