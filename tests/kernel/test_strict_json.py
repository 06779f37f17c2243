"""What is refused is refused fast, however long it is."""

import time

import pytest

from app.kernel import strict_json
from app.kernel.api import LARGEST_BODY
from app.kernel.strict_json import Malformed

MOST_SECONDS = 2.0
"""Linear work takes some milliseconds; what grows with the square took a quarter of an hour."""


PIECES = {"quotes": b'\\"', "bare": b'"', "slashes": b"\\", "both": b'\\\\"', "open": b"["}


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_a_text_that_is_never_closed_takes_no_longer_than_others(piece):
    raw = (b"[" * 33 + b'"' + piece * LARGEST_BODY)[:LARGEST_BODY]
    began = time.process_time()

    with pytest.raises(Malformed):
        strict_json.parse(raw)

    assert time.process_time() - began < MOST_SECONDS


def test_brackets_inside_texts_are_no_depth():
    assert strict_json.parse(b'{"a": "' + b"[" * 100 + b'\\"' + b'[" }')["a"] == "[" * 100 + '"['
