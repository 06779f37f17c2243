"""`python -m tests.isolation.planted [URL] NAME...`: plants one hole after the other and prints what the check finds.

A process of its own, because the check makes its own panel. One line of JSON for each: name and findings.
"""

import json
import sys
from dataclasses import asdict

from app.isolation import ground
from app.isolation.check import Checker
from tests.isolation.plants import PLANTS, dug


def main(arguments: list[str]) -> None:
    """Plant what is named, or everything."""
    url = next((one for one in arguments if "://" in one), None)
    names = [one for one in arguments if "://" not in one]
    with ground.scratch(url) as found:
        checker = Checker(found)
        for plant in PLANTS:
            if names and plant.name not in names:
                continue
            with dug(plant, found.app):
                report = checker.run(only=plant.route)
            told = {"name": plant.name, "findings": [asdict(one) for one in report.findings]}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
