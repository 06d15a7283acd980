"""Files → the returns in them: read and interpreted in child processes, so that their caller has only to keep them."""

import atexit
import gc
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from huizong.edits import personal_cells
from huizong.forms import Forms
from huizong.layout import Vocabulary
from huizong.org_units import Register
from huizong.returned import Return
from huizong.returns import read_returns
from huizong.sheet import Unreadable, each_in_child, read_workbook

if TYPE_CHECKING:
    from huizong.store import Store  # which the children need not import, nor DuckDB and pandas with it

Said = Mapping[int, Mapping]  # number of a return in its file → what the analyst said of it


def read_files(
    store: "Store",
    paths: Sequence[Path],
    *,
    password: str | None = None,
    answers: Said | None = None,
    on_record: bool = False,
) -> Iterator[list[Return] | Unreadable]:
    """Each file's returns, without the cells that they were read from, or why there are none; in the order given.

    A file that holds personal data is refused, its cells named, unless it is on record already. Reading starts with the
    call.
    """
    knowledge = _knowledge_file(store.vocabulary, store.units)
    results = each_in_child(_returns_in, paths, knowledge, password, answers, on_record)
    return (result if isinstance(result, Unreadable) else _with_forms(result, store.forms) for result in results)


def _with_forms(sent: list[tuple[str, str, Return]], forms: Forms) -> list[Return]:
    return [replace(found, form=forms.declared(code, version)) for code, version, found in sent]


def read_file(
    store: "Store", path: Path, password: str | None = None, answers: Said | None = None
) -> list[Return] | Unreadable:
    (result,) = read_files(store, [path], password=password, answers=answers)
    return result


def _returns_in(
    path: str, knowledge: str, password: str | None, answers: Said | None, on_record: bool
) -> list[tuple[str, str, Return]]:
    """Code and version of the form, and the return without it: a message with forms in it costs twice as much."""
    workbook = read_workbook(path, password)
    if not on_record and (cells := personal_cells(workbook)):
        raise Unreadable("personal", cells)
    returns = read_returns(workbook, *_knowledge(knowledge), answers)
    if not returns:
        raise Unreadable("no_table")
    return [(r.form.code, r.form.valid_from.isoformat(), replace(r, form=None, tables=[])) for r in returns]


# ---- what the children know: the forms and the register -------------------------------------------------------------


@lru_cache(maxsize=4)
def _knowledge_file(vocabulary: Vocabulary, units: Register) -> str:
    """Where it is written down, so that each child takes it in once and not with each task."""
    handle, path = mkstemp(prefix="huizong-")
    with open(handle, "wb") as file:
        pickle.dump((vocabulary, units), file, pickle.HIGHEST_PROTOCOL)
    atexit.register(Path(path).unlink, missing_ok=True)
    return path


_known: dict[str, tuple[Vocabulary, Register]] = {}  # one at a time


def _knowledge(path: str) -> tuple[Vocabulary, Register]:
    if path not in _known:
        # What was known before refers to itself: frozen, it would never be freed, and a few of them fill the memory.
        _known.clear()
        gc.unfreeze()
        gc.collect()
        _known[path] = pickle.loads(Path(path).read_bytes())
        gc.freeze()  # it lives until others are wanted: no collection need walk it
    return _known[path]
