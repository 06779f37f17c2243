"""Secrets: made, hashed, derived and sealed, each in one way.

Tokens and keys are random and stored as SHA-256. Passwords are argon2id.
Secrets that must be read again are sealed with Fernet. Links that let somebody
in are HMACs of their row's id, so that the mail can be written later, and
again, without the token ever being stored.
"""

import base64
import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Callable
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# OWASP Password Storage Cheat Sheet: argon2id with t=2, m=19 MiB, p=1.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_IN_FLIGHT = threading.BoundedSemaphore(os.cpu_count() or 1)
PASSWORD_MAX_BYTES = 1024


class _Keys:
    """What `configure` has derived from the installation's secret."""

    link: bytes = b""
    box: MultiFernet | None = None


def configure(secret_key: str) -> None:
    """Derive the working keys from the installation's secret."""
    _Keys.link = _derive(secret_key, b"link")
    _Keys.box = MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(secret_key, b"box")))])


def _derive(secret_key: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"mpanel/" + purpose).derive(secret_key.encode())


def new_token(size: int = 32) -> str:
    """A random URL-safe token of `size` bytes."""
    return secrets.token_urlsafe(size)


def digest(token: str) -> bytes:
    """What is stored instead of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()


def link_token(purpose: str, row_id: UUID) -> str:
    """The token of a link that lets somebody in, computed from its row."""
    return base64.urlsafe_b64encode(mac(purpose, row_id.bytes)).rstrip(b"=").decode()


def mac(purpose: str, message: bytes) -> bytes:
    """Proof that this installation wrote `message` for `purpose`: HMAC-SHA-256."""
    return hmac.new(_Keys.link, purpose.encode() + b"\0" + message, hashlib.sha256).digest()


def seal(plain: bytes) -> bytes:
    """`plain`, encrypted for this installation."""
    assert _Keys.box is not None, "crypto is not configured"
    return _Keys.box.encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """What `seal` was given.

    Raises:
        ValueError: it was sealed by another key, or altered.
    """
    assert _Keys.box is not None, "crypto is not configured"
    try:
        return _Keys.box.decrypt(sealed)
    except InvalidToken as problem:
        raise ValueError("sealed with another key, or altered") from problem


def new_data_key() -> bytes:
    """A key for AES-GCM, 256 bits."""
    return AESGCM.generate_key(256)


def encrypt(key: bytes, plain: bytes, context: bytes) -> bytes:
    """AES-GCM with a fresh nonce in front; `context` is bound to it, not stored."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, context)


def decrypt(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """What `encrypt` was given, under the same key and context."""
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], context)


def opener(key: bytes) -> Callable[[bytes, bytes], bytes]:
    """`decrypt` under one key, for many: half of its time goes into setting the key up."""
    cipher = AESGCM(key)
    return lambda sealed, context: cipher.decrypt(sealed[:12], sealed[12:], context)


def hash_password(password: str) -> str:
    """The argon2id hash. About 20 ms of one core: call it before the transaction begins."""
    with _IN_FLIGHT:
        return _HASHER.hash(password)


_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$Gmxsrq5Upj2lQH7CS5eGVg$"  # a random word that nobody kept, hashed as above
    "Dp/RHShQUhjITO5iIjCGVXQucH0UfeWW9txWAOlMklc"
)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`. Takes as long when there is none."""
    with _IN_FLIGHT:
        try:
            return _HASHER.verify(stored or _NOBODY, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False
