"""Cross-site request forgery: a token bound to the login's row, or to the visit before sign-in.

The token is masked with a fresh pad each time, so that compressed pages tell
nothing about it (BREACH). It has no time limit: long forms are not lost.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets

TOKEN_FIELD = "csrf_token"
TOKEN_HEADER = "X-CSRF-Token"


def new_secret() -> bytes:
    """A secret for one login or visit."""
    return secrets.token_bytes(32)


def token_for(secret: bytes) -> str:
    """A token that `is_valid` accepts for the same secret; different at each call."""
    proof = _proof(secret)
    pad = os.urandom(len(proof))
    return base64.urlsafe_b64encode(pad + _xor(pad, proof)).decode()


def is_valid(secret: bytes, token: str | None) -> bool:
    """Whether `token` was made for `secret`."""
    if not secret or not token or len(token) > 200:
        return False
    try:
        raw = base64.urlsafe_b64decode(token.encode())
    except (binascii.Error, ValueError):
        return False
    half = len(raw) // 2
    return hmac.compare_digest(_xor(raw[:half], raw[half:]), _proof(secret))


def _proof(secret: bytes) -> bytes:
    return hmac.new(secret, b"csrf", hashlib.sha256).digest()


def _xor(left: bytes, right: bytes) -> bytes:
    size = min(len(left), len(right))
    both = int.from_bytes(left[:size]) ^ int.from_bytes(right[:size])
    return both.to_bytes(size)
