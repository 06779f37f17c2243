"""Secrets are made, hashed and sealed, each in one way."""

import hashlib

import pytest
from argon2 import extract_parameters
from cryptography.exceptions import InvalidTag

from app.kernel import crypto
from app.kernel.ids import new_id

KEY = "a" * 10 + "k8Zr2vQ9xLw4TnB7yHs6JdF3mPc5GaUe"


@pytest.fixture(autouse=True)
def _keys():
    crypto.configure(KEY)
    yield
    crypto.configure(KEY)


def test_a_password_is_argon2id_as_owasp_says_and_salted_each_time():
    first, second = crypto.hash_password("a long pass phrase"), crypto.hash_password("a long pass phrase")

    found = extract_parameters(first)
    assert (found.type.name, found.time_cost, found.memory_cost, found.parallelism) == ("ID", 2, 19456, 1)
    assert first != second
    assert crypto.password_matches(first, "a long pass phrase")
    assert not crypto.password_matches(first, "a long pass phrasf")


def test_a_password_is_taken_whole_beyond_72_bytes():
    stored = crypto.hash_password("x" * 1000 + "y")

    assert not crypto.password_matches(stored, "x" * 1000 + "z")
    assert crypto.password_matches(stored, "x" * 1000 + "y")


def test_no_stored_password_matches_nothing():
    assert not crypto.password_matches(None, "")
    assert not crypto.password_matches("", "")
    assert not crypto.password_matches("not a hash", "x")


def test_what_is_stored_of_a_token_does_not_show_it():
    token = crypto.new_token()

    assert len(token) >= 43
    assert crypto.digest(token) == hashlib.sha256(token.encode()).digest()
    assert len({crypto.new_token() for _ in range(1000)}) == 1000


def test_a_link_is_the_same_each_time_and_another_for_another_row_purpose_or_house():
    row = new_id()
    token = crypto.link_token("password", row)

    assert crypto.link_token("password", row) == token
    assert crypto.link_token("invitation", row) != token
    assert crypto.link_token("password", new_id()) != token
    assert row.hex not in token
    crypto.configure(KEY[::-1])
    assert crypto.link_token("password", row) != token


def test_what_is_sealed_opens_only_here_and_unaltered():
    sealed = crypto.seal(b"webhook secret")

    assert b"webhook" not in sealed
    assert crypto.unseal(sealed) == b"webhook secret"
    with pytest.raises(ValueError):
        crypto.unseal(sealed[:-2] + b"xx")
    crypto.configure(KEY[::-1])
    with pytest.raises(ValueError):
        crypto.unseal(sealed)


def test_a_persons_part_opens_only_under_its_key_and_for_its_row():
    key = crypto.new_data_key()
    sealed = crypto.encrypt(key, b"203.0.113.9", b"row 1")

    assert crypto.decrypt(key, sealed, b"row 1") == b"203.0.113.9"
    assert crypto.encrypt(key, b"203.0.113.9", b"row 1") != sealed
    with pytest.raises(InvalidTag):
        crypto.decrypt(key, sealed, b"row 2")
    with pytest.raises(InvalidTag):
        crypto.decrypt(crypto.new_data_key(), sealed, b"row 1")
