"""The journal: a line per report, in files that are rotated by renaming.

Locks, names and rotation are those of the exporter's own publisher, lib/publish/journal.ts.
"""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .transport import Tell

MAX_BYTES = 64 * 2**20
#: Reports between two checks whether the file still exists: about a second.
LOOK_EVERY = 10
#: A journal that is a pipe must not hold up the game.
_FLAGS = os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _lock(path: str) -> int | None:
    """Open the lock file of a journal, or None where another simulation holds it.

    The system gives the lock back when the process ends, however it ends. The file stays, because
    another process might just have opened it.
    """
    fd = os.open(f"{path}.lock", _FLAGS | os.O_WRONLY, 0o666)
    try:
        if sys.platform == "win32":
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.close(fd)
        return None
    except OSError:  # The file system knows no locks: as good as held.
        pass
    return fd


class Journal:
    """Appends lines to a file. At most `keep` + 1 files of `max_bytes` are there, and a line more.

    what: what problems call the lines.
    """

    taken = False
    too_large = False

    def __init__(
        self,
        path: str,
        session: str,
        tell: Tell,
        max_bytes: int = MAX_BYTES,
        *,
        keep: int = 1,
        what: str = "reports",
    ) -> None:
        #: The file that is written to: the wanted one, or the session's own beside it.
        self.path = self._wanted = os.path.abspath(path)
        self._session = session
        self._tell = tell
        self._max_bytes = max_bytes
        self._keep, self._what = keep, what
        self._held: int | None = None
        self._file: int | None = None
        self._unlooked = LOOK_EVERY
        self._size = 0
        self._torn = False
        self._attempt(b"")

    @property
    def wanted(self) -> str:
        """The journal that was asked for."""
        return self._wanted

    @property
    def is_wanted(self) -> bool:
        """Whether this is the journal that was asked for."""
        return self.path == self._wanted

    def ready(self) -> bool:
        return True

    def write(self, report: bytes) -> None:
        self.taken = self._attempt(report)

    def settle(self, seconds: float) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self._close()
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def forked(self, session: str) -> None:
        # The lock and the file stay the parent's: closing a copy does not give them back.
        self.close()
        self.path = self._wanted
        self._session = session

    def _attempt(self, report: bytes) -> bool:
        try:
            self._append(report)
        except OSError as error:
            self._tell("journal", f'cannot write {self._what} to "{self.path}": {error}')
            return False
        return True

    def _append(self, report: bytes) -> None:
        if self._file is not None:
            self._unlooked -= 1
            if self._unlooked <= 0:
                self._unlooked = LOOK_EVERY
                # Nobody continues to read a file that was removed.
                if self._is_elsewhere(self._file):
                    self._close()
        file = self._open()
        if self._size and self._size + len(report) > self._max_bytes:
            self._close()
            self._rotate()
            file = self._open()
        if not report:
            return
        # One call, so that no reader and no writer sees half of a line but on a full disk.
        line = b"\n" + report if self._torn else report
        written = os.write(file, line)
        self._size += written
        self._torn = written < len(line)
        if self._torn:
            raise OSError(f"only {written} of {len(line)} bytes were written")

    def _rotate(self) -> None:
        names = [self.path, *(f"{self.path}.{n}" for n in range(1, self._keep + 1))]
        for older, name in zip(reversed(names), reversed(names[:-1]), strict=False):
            if os.path.exists(name):
                os.replace(name, older)

    def _open(self) -> int:
        """Open the file, if it is not open yet."""
        if self._file is not None:
            return self._file
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        if self._held is None:
            self._held = self._hold()
        self._file = os.open(self.path, _FLAGS | os.O_RDWR | os.O_APPEND, 0o666)
        self._size = os.fstat(self._file).st_size
        self._torn = False
        if self._size:
            os.lseek(self._file, self._size - 1, os.SEEK_SET)
            self._torn = os.read(self._file, 1) != b"\n"
        return self._file

    def _hold(self) -> int:
        """Lock the wanted path, or else the session's own."""
        held = _lock(self._wanted)
        if held is None:
            stem, extension = os.path.splitext(self._wanted)
            name = "".join(c if c.isalnum() or c in "._-" else "_" for c in self._session)
            self.path = f"{stem}-{name}{extension}"
            held = _lock(self.path)
        if held is None:
            raise OSError("another simulation writes it too")
        return held

    def _is_elsewhere(self, file: int) -> bool:
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(file))
        except FileNotFoundError:
            return True

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
