"""The time of an answer does not tell whether an address has an account."""

import statistics
from math import erf, sqrt

import pytest

from app.features.accounts import requests
from app.features.audit import keys
from app.features.sessions import signing
from app.kernel.crypto import hash_password
from tests.accounts.factories import give_password
from tests.sessions.factories import sign_in

ROUNDS = 80


@pytest.fixture
def _no_limits(monkeypatch):
    for name in ("PER_ACCOUNT", "PER_NETWORK"):
        monkeypatch.setattr(signing, name, "1000000/minute")
    for name in ("MAILS_PER_ACCOUNT", "MAILS_PER_ADDRESS"):
        monkeypatch.setattr(requests, name, "1000000/hour")


def mann_whitney(first: list[float], second: list[float]) -> float:
    """The two-sided p of the rank sum test, by its normal approximation."""
    ranked = sorted((value, side) for side, values in enumerate((first, second)) for value in values)
    rank_sum = sum(rank for rank, (_value, side) in enumerate(ranked, 1) if side == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return 2 * (1 - 0.5 * (1 + erf(abs(z) / sqrt(2))))


def interleaved(clock, ask, known: str, unknown: str) -> tuple[list[float], list[float]]:
    """Seconds of CPU for each, in turn; the first few warm up."""
    times: dict[str, list[float]] = {known: [], unknown: []}
    for number in range(ROUNDS + 5):
        for email in (known, unknown) if number % 2 else (unknown, known):
            began = clock()
            ask(email)
            if number >= 5:
                times[email].append(clock() - began)
    return times[known], times[unknown]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_limits")
def test_signing_in_takes_as_long_for_nobody(client, alice, cpu_clock):
    give_password(alice)
    began = cpu_clock()
    hash_password("one hash for scale")
    one_hash = cpu_clock() - began
    known, unknown = interleaved(
        cpu_clock, lambda email: sign_in(client, email, "a wrong password"), alice.email, "nobody@example.com"
    )
    apart = abs(statistics.median(known) - statistics.median(unknown))
    print(
        f"one hash {one_hash * 1000:.1f} ms, medians apart {apart * 1000:.3f} ms, p {mann_whitney(known, unknown):.3f}"
    )
    assert apart < 0.05 * one_hash or mann_whitney(known, unknown) > 0.001


def test_a_failure_asks_the_store_the_same_whoever_it_is(tenant, client, alice, sam, queries, monkeypatch):
    """Although the tenant's key, which seals what strangers do, is in memory nearly always, and a person's is not."""
    give_password(alice)
    give_password(sam)
    sign_in(client, "somebody@example.com", "a wrong password")
    held = keys.for_people([tenant.id])[tenant.id]
    monkeypatch.setitem(keys._known(), (tenant.id, tenant.id), (float("inf"), held))
    asked = []
    for email in ("nobody@example.com", alice.email, sam.email, alice.email, "nobody@example.com"):
        with queries(max=40) as statements:
            sign_in(client, email, "a wrong password")
        asked.append(list(statements))
    assert all(one == asked[0] for one in asked)


@pytest.mark.slow
@pytest.mark.usefixtures("_no_limits")
def test_asking_for_a_link_takes_as_long_for_nobody(client, alice, cpu_clock):
    known, unknown = interleaved(
        cpu_clock,
        lambda email: client.post("/reset-password", data={"email": email}),
        alice.email,
        "nobody@example.com",
    )
    apart = abs(statistics.median(known) - statistics.median(unknown))
    print(f"medians apart {apart * 1000:.3f} ms, p {mann_whitney(known, unknown):.3f}")
    assert apart < 0.05 * statistics.median(unknown) or mann_whitney(known, unknown) > 0.001


@pytest.fixture
def cpu_clock():
    """CPU seconds of this process: what a stranger could measure, without the noise of a shared machine."""
    import resource

    def read() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    return read
