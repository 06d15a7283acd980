"""ZIPs as districts pack them, and as nobody should: their files, their names, and where reading them ends."""

import random
import struct
import zlib
from collections.abc import Iterable
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import hostile
import pytest
from workbooks import make_workbook, office

from huizong import archives
from huizong.archives import count, files_in, ignored, own_name
from huizong.workbook import MAX_BYTES, Unreadable

RETURN = make_workbook("staffing", [office("区委统战部")], unit="松山区", period="2018-Q3")


def packed(*files: tuple[str, bytes], method: int = ZIP_DEFLATED) -> bytes:
    data = BytesIO()
    with ZipFile(data, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return data.getvalue()


class RawName(ZipInfo):
    """An entry whose name is written in an encoding of its own, and not said to be."""

    def __init__(self, name: str, encoding: str, extra: bytes = b"") -> None:
        super().__init__(name)
        self.encoding = encoding
        self.extra = extra

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802, zipfile's name
        return self.filename.encode(self.encoding), self.flag_bits & ~0x800


def packed_raw(*names: str, encoding: str, extra: bytes = b"") -> bytes:
    """As Windows (gbk) or macOS (utf-8) pack files of these names."""
    data = BytesIO()
    with ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(RawName(name, encoding, extra), name)
    return data.getvalue()


def encrypted(data: bytes, *names: str) -> bytes:
    """The ZIP with these entries (all, when none is named) said to be encrypted."""
    changed = bytearray(data)
    for signature, flags, name in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = data.find(signature)
        while at >= 0:
            if not names or data.startswith(tuple(n.encode() for n in names), at + name):
                changed[at + flags] |= 1
            at = data.find(signature, at + 1)
    return bytes(changed)


def read(data: bytes, name: str = "上报.zip") -> dict[str, bytes | str]:
    """Name without the archive's → its bytes, or the reason why there are none."""
    return {
        path.removeprefix(f"{name} › "): content.reason if isinstance(content, Unreadable) else content
        for path, content in files_in(name, BytesIO(data))
    }


# ---- what is in an archive -------------------------------------------------------------------------------------------


def test_the_files_of_all_folders_in_their_order() -> None:
    data = packed(("松山区/", b""), ("松山区/三季度/人员.xlsx", RETURN), ("林西.xls", b"x"), ("松山区/说明.docx", b"y"))
    assert read(data) == {"松山区/三季度/人员.xlsx": RETURN, "林西.xls": b"x", "松山区/说明.docx": b"y"}
    assert count("上报.zip", BytesIO(data)) == 3


def test_names_that_are_equal_in_two_folders_are_told_apart() -> None:
    data = packed(("松山区/报表.xlsx", b"1"), ("林西县/报表.xlsx", b"2"))
    names = [name for name, _ in files_in("上报.zip", BytesIO(data))]
    assert names == ["上报.zip › 松山区/报表.xlsx", "上报.zip › 林西县/报表.xlsx"]
    assert [own_name(name) for name in names] == ["报表.xlsx", "报表.xlsx"]
    assert own_name("上报.zip › 报表.xlsx") == own_name("报表.xlsx") == "报表.xlsx"


@pytest.mark.parametrize(
    "name",
    ["__MACOSX/松山/._报表.xlsx", "松山/.DS_Store", "Thumbs.db", "松山/desktop.ini", "松山/~$报表.xlsx", ".git/config",
     "松山/报表.xlsx.part", "报表.xlsx.crdownload", "~WRD0001.tmp"],
)  # fmt: skip
def test_what_systems_leave_behind_is_passed_over(name: str) -> None:
    assert ignored(name)
    assert list(read(packed((name, b"x"), ("报表.xlsx", RETURN)))) == ["报表.xlsx"]


@pytest.mark.parametrize("name", ["./松山/报表.xlsx", "../报表.xlsx", "松山/报表.part.xlsx", "MACOSX/报表.xlsx"])
def test_a_return_is_not_passed_over(name: str) -> None:
    assert not ignored(name)


def test_archives_in_an_archive_are_opened_two_deep() -> None:
    inner = packed(("报表.xlsx", RETURN))
    for name in ("丙.zip", "乙.zip", "甲.zip"):
        inner = packed((name, inner), (f"{name}旁.xlsx", b"x"))
    grown: list[int] = []
    found = dict(files_in("全部.zip", BytesIO(inner), grown.append))
    reasons = {name: content.reason for name, content in found.items() if isinstance(content, Unreadable)}
    assert reasons == {"全部.zip › 甲.zip › 乙.zip › 丙.zip": "archive_nested"}
    assert found["全部.zip › 甲.zip › 乙.zip › 丙.zip旁.xlsx"] == b"x"
    assert count("全部.zip", BytesIO(inner)) + sum(grown) == len(found) == 4


def test_a_workbook_is_no_archive_though_it_is_a_zip() -> None:
    for data in (RETURN, hostile.word_document(), packed(("mimetype", b"application/vnd.oasis.opendocument.text"))):
        assert read(data, "报表.zip") == {"报表.zip": data}
        assert count("报表.zip", BytesIO(data)) == 1
    assert read(packed(("报表.xlsx", RETURN)), "没有扩展名") == {"报表.xlsx": RETURN}


# ---- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8"])
def test_names_as_each_system_writes_them(encoding: str) -> None:
    names = ["松山区/第三季度/统战委员.xlsx", "目录.xlsx", "plain.xlsx", "乡镇·街道.xlsx"]
    assert list(read(packed_raw(*names, encoding=encoding))) == names


def test_a_backslash_parts_folders_but_not_a_chinese_character() -> None:
    assert "俓".encode("gbk")[1:] == b"\\"
    assert list(read(packed_raw("俓\\报表.xlsx", encoding="gbk"))) == ["俓/报表.xlsx"]


def test_a_name_kept_in_utf_8_beside_the_raw_one_is_believed() -> None:
    raw = "??.xlsx"

    def field(name: str) -> bytes:
        content = b"\1" + struct.pack("<I", zlib.crc32(name.encode())) + "龘.xlsx".encode()
        return b"UT\x01\x00\x00" + struct.pack("<HH", 0x7075, len(content)) + content

    assert list(read(packed_raw(raw, encoding="gbk", extra=field(raw)))) == ["龘.xlsx"]
    assert list(read(packed_raw(raw, encoding="gbk", extra=field("another")))) == [raw]


def test_a_name_that_was_meant_to_harm_is_only_shown() -> None:
    data = packed(("../../etc/\x1b[31mpasswd\u202exslx", b"x"), ("C:\\Windows\\报表.xlsx", b"y"))
    assert list(read(data)) == ["../../etc/�[31mpasswd�xslx", "C:/Windows/报表.xlsx"]


# ---- what is wrong with one ------------------------------------------------------------------------------------------


def test_an_archive_behind_a_password_is_told_once() -> None:
    data = encrypted(packed(("一.xlsx", b"1"), ("二.xlsx", b"2")))
    assert read(data) == {"上报.zip": "archive_password"}
    assert count("上报.zip", BytesIO(data)) == 1


def test_a_file_behind_a_password_does_not_stop_the_others() -> None:
    data = encrypted(packed(("1.xlsx", b"1"), ("2.xlsx", b"2"), ("3.xlsx", b"3")), "2.xlsx")
    assert read(data) == {"1.xlsx": b"1", "2.xlsx": "archive_password", "3.xlsx": b"3"}


def test_what_can_be_read_of_a_damaged_archive_stays() -> None:
    data = bytearray(packed(("一.xlsx", b"1" * 50), ("二.xlsx", b"2" * 50), ("三.xlsx", b"3" * 50), method=ZIP_STORED))
    data[data.index(b"2" * 50)] ^= 1
    assert read(bytes(data)) == {"一.xlsx": b"1" * 50, "二.xlsx": "archive_damaged", "三.xlsx": b"3" * 50}


def test_an_archive_that_was_not_copied_whole_says_so() -> None:
    data = packed(("一.xlsx", RETURN), ("二.xlsx", RETURN))
    assert read(data[: len(data) // 2]) == {"上报.zip": "archive_damaged"}
    assert read(packed(("三.zip", data[:-100]), ("四.xlsx", b"4"))) == {"三.zip": "archive_damaged", "四.xlsx": b"4"}
    half = RETURN[: len(RETURN) // 2]
    assert read(half, "报表.xlsx") == {"报表.xlsx": half}  # no archive: intake tells what is wrong with a workbook


def test_an_archive_without_a_file_says_so() -> None:
    assert read(packed()) == {"上报.zip": "archive_empty"}
    assert read(packed(("空/", b""), ("__MACOSX/x", b"x"))) == {"上报.zip": "archive_empty"}


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_what_is_packed_in_another_way_is_not_unpacked(method: int) -> None:
    assert read(packed(("报表.xlsx", bytes(10**6)), method=method)) == {"报表.xlsx": "archive_method"}


def test_archives_of_other_kinds_are_passed_on_for_intake_to_name() -> None:
    assert read(b"Rar!\x1a\x07\x01\x00", "上报.rar") == {"上报.rar": b"Rar!\x1a\x07\x01\x00"}
    assert read(b"7z\xbc\xaf\x27\x1c" + bytes(MAX_BYTES), "上报.7z") == {"上报.7z": "archive"}
    assert read(b"x" * (MAX_BYTES + 1), "报表.csv") == {"报表.csv": "too_large"}


# ---- where reading ends ----------------------------------------------------------------------------------------------


def test_more_files_than_anybody_sends() -> None:
    files = [(f"{n}.csv", b"") for n in range(10_001)]
    assert read(packed(*files)) == {"上报.zip": "archive_files"}
    assert len(read(packed(*files[1:]))) == 10_000
    # Those of all archives within count together; what was read before stays.
    halves = packed(("一.zip", packed(*files[:6000])), ("二.zip", packed(*files[:6000])))
    found = read(halves)
    assert found.pop("上报.zip") == "archive_files"
    assert len(found) == 6000


def test_a_list_of_contents_that_says_it_is_huge_is_not_read() -> None:
    data = bytearray(packed(("报表.xlsx", RETURN)))
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<I", data, end + 12, 2**32 - 2)
    assert read(bytes(data)) == {"上报.zip": "archive_damaged"}  # it reaches out of the file
    many = bytearray(b"PK\x03\x04" + bytes(5 * 2**20))
    many += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 5 * 2**20, 4, 0)
    assert read(bytes(many)) == {"上报.zip": "archive_files"}


def test_a_bomb_ends_at_the_limit_whatever_its_header_says(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(packed(("大.xlsx", bytes(20 * 2**20)), ("小.xlsx", b"x")))
    assert read(bytes(data)) == {"大.xlsx": "too_large", "小.xlsx": b"x"}  # 1,000 times its size
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + at, 100)  # it says 100 bytes, and has more
    assert read(bytes(data)) == {"大.xlsx": "archive_damaged", "小.xlsx": b"x"}
    # Many that are each allowed: nothing more is read once they are too much together.
    monkeypatch.setattr(archives, "Allowance", lambda: ALLOWANCE(bytes=25 * 2**20))
    noise = random.Random(1).randbytes(10 * 2**20)
    found = read(packed(*((f"{n}.csv", noise) for n in range(5)), method=ZIP_STORED))
    assert found == {"0.csv": noise, "1.csv": noise, "上报.zip": "archive_size"}


ALLOWANCE = archives.Allowance


def changed(data: bytes, seed: int) -> Iterable[bytes]:
    """The bytes with a few of them changed, cut off or doubled, over and over."""
    chance = random.Random(seed)
    for _ in range(400):
        other = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            # Most changes where the structure is: the ends of the file.
            at = chance.choice([chance.randrange(len(other)), chance.randrange(min(80, len(other))), -chance.randrange(1, min(250, len(other)))])  # fmt: skip  # noqa: E501
            other[at] = chance.choice([0, 255, chance.randrange(256)])
        yield bytes(other[: chance.randrange(len(other))] if chance.random() < 0.1 else other)


@pytest.mark.parametrize("seed", range(3))
def test_changed_bytes_never_end_in_an_exception(seed: int) -> None:
    data = packed(("松山/甲.csv", b"a,b\n" * 30), ("乙.zip", packed(("丙.csv", b"c"), method=ZIP_STORED)))
    for other in changed(data, seed):
        for name, content in files_in("上报.zip", BytesIO(other)):
            assert name.startswith("上报.zip")
            assert isinstance(content, bytes | Unreadable)
        assert count("上报.zip", BytesIO(other)) >= 1
