"""G6: signing in beside the bare argon2id check, and what it does to everybody else."""

import subprocess
import sys
import threading
from urllib.parse import urlencode

from tests.bench import driver
from tests.bench.driver import Browser
from tests.bench.goal import Bench, Goal
from tests.support.panel import ROOT

HASHES = 40
SIGN_INS = 25
HOME = "/client/billing"


def goals() -> list[Goal]:
    """Both halves of G6."""
    beside = "p99 of a page with sign-ins saturated, beside quiet"
    return [
        Goal("G6 signing in", "POST, beside the bare argon2id check", "ms", 1.5, False, sign_in),
        Goal("G6 the others", beside, "ms", 3.0, False, others_while_signing_in),
    ]


def sign_in(bench: Bench) -> tuple[float, float]:
    """One sign-in after another."""
    command = [sys.executable, "-m", "tests.bench.hashing", str(HASHES)]
    bare = float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    email, password = bench.people["email"], bench.people["password"]
    return driver.median_of_posts(bench.panel.url, email, password, count=SIGN_INS), bare


def others_while_signing_in(bench: Bench) -> tuple[float, float]:
    """The p99 of a page while sign-ins saturate the panel."""
    quiet = bench.as_somebody("client", HOME, connections=2)
    visitor = Browser(bench.panel.url)
    token = visitor.token("/sign-in")
    body = urlencode({"csrf_token": token, "email": bench.people["email"], "password": bench.people["password"]})
    loads: list[driver.Load] = []

    def saturate() -> None:
        loads.append(
            driver.wrk(
                f"{bench.panel.url}/sign-in",
                seconds=bench.seconds + 2,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                cookies=[visitor.cookie],
                strangers=driver.STRANGERS,
                body=body,
                status=303,
            )
        )

    thread = threading.Thread(target=saturate)
    thread.start()
    thread.join(1.0)
    busy = bench.as_somebody("client", HOME, connections=2)
    thread.join()
    if not loads:
        raise driver.Unsound("the sign-ins did not all succeed")
    return busy.p99, quiet.p99
