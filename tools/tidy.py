"""Fails when a tracked file names a registry's host, a download address or a path of somebody's machine."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNTOUCHED = ("static/vendor/",)
"""Third-party files, word for word as published."""

_HOSTS = (
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "js.org",
    "npm" + "js.com",
    "yarn" + "pkg",
    "deb" + ".debian.org",
)
_PATTERNS = {
    "a registry's host": re.compile("|".join(re.escape(host) for host in _HOSTS)),
    "a registry's host in a lock": re.compile('"resolved"' + r":|^--(extra-)?index-url|" + "@ " + "https?://"),
    "a path of a machine": re.compile(r"(?<![\w./-])/(root|home|work)" + r"/[\w.]"),
}


def tracked() -> list[Path]:
    """Every text file that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and not name.startswith(UNTOUCHED)]


def faults() -> list[str]:
    """What must go, one line each."""
    found = []
    for path in tracked():
        try:
            lines = path.read_text().splitlines()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for number, line in enumerate(lines, 1):
            found += [
                f"{path.relative_to(ROOT)}:{number}: {what}"
                for what, pattern in _PATTERNS.items()
                if pattern.search(line)
            ]
    return found


if __name__ == "__main__":
    problems = faults()
    print("\n".join(problems), file=sys.stderr) if problems else None
    sys.exit(1 if problems else 0)
