"""A folder into which files are put while it is watched. They stay where they are."""

from pathlib import Path

from huizong.bulk import files_under

Look = tuple[int, int]  # size, time of the last change


class Inbox:
    """What is new in a folder. Raises OSError from `complete` while the folder cannot be reached."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: dict[Path, Look] = {}  # at the look before
        self._taken: dict[Path, Look] = {}

    def complete(self) -> list[Path]:
        """The files that nobody is still writing, being as they were at the last look, and that are not yet taken."""
        now = {path: look for path in files_under(self.folder) if (look := _look(path))}
        complete = [path for path, look in now.items() if self._seen.get(path) == look != self._taken.get(path)]
        self._seen = now
        return complete

    def take(self, path: Path) -> None:
        """The file as it was at the last look is not offered again; once it has changed, it is."""
        self._taken[path] = self._seen[path]


def _look(path: Path) -> Look | None:
    try:
        status = path.stat()
    except OSError:  # gone since the folder was listed
        return None
    return status.st_size, status.st_mtime_ns
