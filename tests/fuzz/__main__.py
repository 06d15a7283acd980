"""python -m tests.fuzz [--minutes 10] [--seed 0]: prints how many changed files were read, and why the others were not.

Fails when the program raises or a file is too slow; such files are kept in build/fuzz/, named by seed and number.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from itertools import count
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from huizong.sheet import Unreadable, read_workbooks
from tests.odd_files import ods, ods_cell, saved, spreadsheetml, xls, xlsb

ROOT = Path(__file__).parent.parent.parent
KEPT = ROOT / "build" / "fuzz"
BATCH = 64
TELLING = [
    b"\x00",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"-1",
    b"999999999",
    b"XFD1048576",
    b"<",
    b'"',
    b"&a;",
]


def seeds() -> list[bytes]:
    """One file of each kind, and the samples of .xlsx up to 20 kB."""
    book, page = xls()
    page.write_merge(0, 0, 0, 2, "标题")
    for row in range(1, 20):
        page.write(row, 0, f"单位{row}")
        page.write(row, 1, row / 3)
    row = f"<table:table-row>{ods_cell('甲')}{ods_cell('3', 'float')}</table:table-row>"
    cells = '<Row><Cell><Data ss:Type="String">甲</Data></Cell><Cell><Data ss:Type="Number">3</Data></Cell></Row>'
    made = [
        saved(book),
        xlsb([["单位", "人数"], *([f"甲{n}", float(n)] for n in range(20)), ["乙", "#REF!"]], merged=[(0, 0, 0, 1)]),
        ods(f'<table:table table:name="表1">{row * 20}</table:table>'),
        spreadsheetml(cells * 20),
        b"<html><table>" + "<tr><td rowspan=2>甲<td>3<tr><td>4".encode() * 20 + b"</table>",
        "单位,人数\n甲,3\n".encode("gb18030") * 20,
    ]
    return made + [path.read_bytes() for path in sorted((ROOT / "data" / "samples").glob("*/*.xlsx"))][:10]


def changed(data: bytes, chance: random.Random) -> bytes:
    """The bytes with a few changes: overwritten, cut out, doubled, cut off."""
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        at = chance.randrange(len(changed) + 1)
        until = min(len(changed), at + chance.choice([1, 2, 4, 30, 500]))
        match chance.randrange(5):
            case 0:
                changed[at:until] = chance.randbytes(until - at)
            case 1:
                new = chance.choice(TELLING)
                changed[at : at + len(new)] = new
            case 2:
                del changed[at:until]
            case 3:
                changed[at:at] = changed[at:until] * chance.choice([1, 3, 100])
            case 4 if chance.random() < 0.2:
                del changed[at:]
    return bytes(changed)


def changed_inside(data: bytes, chance: random.Random) -> bytes:
    """A zipped workbook with one of its parts changed, packed again: what a check sum would otherwise keep out."""
    content = BytesIO()
    with ZipFile(BytesIO(data)) as archive, ZipFile(content, "w", ZIP_DEFLATED) as packed:
        names = archive.namelist()
        one = chance.choice(names)
        for name in names:
            part = archive.read(name)
            packed.writestr(name, changed(part, chance) if name == one else part)
    return content.getvalue()


def mutants(seed: int) -> Iterator[bytes]:
    originals = seeds()
    for n in count():
        chance = random.Random(f"{seed}-{n}")
        data = chance.choice(originals)
        try:
            yield changed_inside(data, chance) if chance.random() < 0.7 else changed(data, chance)
        except BadZipFile:  # the original is no archive
            yield changed(data, chance)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    files = mutants(options.seed)
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            batch = [Path(folder, f"{options.seed}-{outcomes.total() + n}") for n in range(BATCH)]
            for path, data in zip(batch, files, strict=False):
                path.write_bytes(data)
            start = time.monotonic()
            for path, result in zip(batch, read_workbooks(batch), strict=True):
                outcome = result.reason if isinstance(result, Unreadable) else "read"
                outcomes[outcome] += 1
                if outcome == "too_slow":
                    KEPT.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, KEPT)
            slowest = max(slowest, time.monotonic() - start)
    print(f"seed {options.seed}: {outcomes.total()} files, the slowest {BATCH} in {slowest:.1f} s")
    for outcome, n in outcomes.most_common():
        print(f"{n:8} {outcome}")
    return 1 if outcomes["too_slow"] else 0


if __name__ == "__main__":
    sys.exit(main())
