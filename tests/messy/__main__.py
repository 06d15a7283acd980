"""python -m tests.messy: how messed-up returns are read, by kind of mess."""

import argparse

from tests.messy.kinds import KINDS
from tests.messy.score import judge, make, others, read_by_huizong, run, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.messy")
    parser.add_argument("--n", type=int, default=2000, help="workbooks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", choices=[*KINDS], help="only this kind (several: together)")
    parser.add_argument("--asking", action="store_true", help="list the files that ask, with their questions")
    parser.add_argument("--others", action="store_true", help="the same workbooks through pandas and DuckDB")
    args = parser.parse_args()
    if args.kind:
        messy = (make(number, args.seed, args.kind) for number in range(args.n))
        results = [(one, judge(one, read_by_huizong(one.data))) for one in messy]
    else:
        results = list(run(args.n, args.seed))
    for line in table(results):
        print(line)
    wrong = [line for messy, result in results for line in (f"{line}  {messy.kinds}" for line in result.wrong)]
    for line in wrong[:40]:
        print(line)
    for messy, result in results if args.asking else []:
        if result.asking and not messy.asks:
            print(f"#{messy.number} {messy.kinds} {result.questions}")
    if args.others:
        for line in others(results):
            print(line)
    return 1 if wrong else 0


raise SystemExit(main())
