"""Messed-up returns: whatever comes out of them is right, or asked about. `make messy` runs many more."""

from collections import Counter

import pytest

from tests.messy.kinds import KINDS
from tests.messy.score import judge, make, read_by_huizong, run


def test_nothing_is_read_wrong_without_a_word() -> None:
    results = [result for _, result in run(150, seed=20)]
    cells = sum((result.verdicts for result in results), Counter())
    assert [line for result in results for line in result.wrong] == []
    assert cells["right"] > 0.85 * sum(cells.values())
    assert sum(result.asking for result in results) < 0.1 * len(results)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone(kind: str) -> None:
    messy = make(1, seed=20, kinds=[kind])
    assert messy.kinds == [kind]
    assert judge(messy, read_by_huizong(messy.data)).wrong == []
