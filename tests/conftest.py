"""What all tests share: the real data/store is out of reach, and a server to visit with a browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from server import serving
from stores import new_store

from huizong.store import Store


@pytest.fixture(autouse=True)
def store_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's store lies; whatever opens the store without saying where, opens this one."""
    folder = tmp_path / "store"
    monkeypatch.setenv("HUIZONG_STORE", str(folder))
    return folder


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """serve(store) starts a server over that store and returns its address; all stop after the module."""
    with ExitStack() as servers:
        log = tmp_path_factory.mktemp("server")
        yield lambda store: servers.enter_context(serving(store, log / f"{store.name}.log"))


@pytest.fixture
def store(store_dir: Path) -> Iterator[Store]:
    """An empty store with a register of a few counties."""
    made = new_store(store_dir)
    yield made
    made.close()
