"""The bare argon2id check in a process of its own: `python -m tests.bench.hashing COUNT` prints the median in ms."""

import statistics
import sys
import time

from argon2 import PasswordHasher


def main(count: int) -> float:
    """Check one password `count` times (t=2, 19 MiB, p=1)."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    stored = hasher.hash("seven sleepy otters 42")
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        hasher.verify(stored, "seven sleepy otters 42")
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    print(main(int(sys.argv[1])))
