"""make bench: every benchmark, one after the other. Each prints what it measured beside its goal."""

from benchmarks import board, cross, intake, national, record, rerun

if __name__ == "__main__":
    intake.compare()
    rerun.measure()
    board.measure()
    cross.compare()
    national.measure()
    record.measure()
