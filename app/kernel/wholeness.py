"""Files that say at their end whether they are whole."""

from collections.abc import Callable, Iterator


def to_the_end(parts: Iterator[bytes], *, done: Callable[[], bytes], failed: Callable[[], bytes]) -> Iterator[bytes]:
    """The parts of a file, and a last one that says whether they are all: what broke off is never taken for whole.

    The failure goes on besides, so that the connection is cut and a browser calls the download failed.
    """
    try:
        yield from parts
    except Exception:
        yield failed()
        raise
    yield done()
