"""Passwords, tokens and signatures."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from anyio import CapacityLimiter, to_thread
from jose import jwt
from passlib.context import CryptContext
from standardwebhooks import Webhook

from app.config import HOUR, settings
from app.errors import BadSignature, NotAuthenticated, WrongAudience

_SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
NO_PASSWORD = "!"  # noqa: S105 - matches no password: an account that nobody logs in to until one is set

_LONGEST_TOKEN = 1000  # characters; ours have about 250

_passwords = CryptContext(
    schemes=["argon2", "unix_disabled"], argon2__memory_cost=19456, argon2__time_cost=2, argon2__parallelism=1
)
_hashing = CapacityLimiter(2)  # each hash takes 19 MB and a core


@dataclass(frozen=True, slots=True)
class Token:
    """What a verified token says: whose it is, and the digest under which its session is stored."""

    audience: str
    account_id: int
    session: str
    expires: int


def hash_now(password: str) -> str:
    """The argon2 hash of a password, made in this thread."""
    return str(_passwords.hash(password))


async def hash_password(password: str) -> str:
    """The argon2 hash of a password; at most two are made at once."""
    return await to_thread.run_sync(hash_now, password, limiter=_hashing)


async def password_matches(password: str, stored: str | None) -> bool:
    """Whether it is the password; takes as long when there is no such account (`stored` is None)."""
    return await to_thread.run_sync(_matches, password, stored, limiter=_hashing)


def _matches(password: str, stored: str | None) -> bool:
    if stored is None or stored == NO_PASSWORD:
        _passwords.dummy_verify()
        return False
    return bool(_passwords.verify(password, stored))


def new_token(audience: str, account_id: int, now: int) -> tuple[str, str]:
    """A signed token, and the digest of its id, which is what the database keeps."""
    token_id = secrets.token_urlsafe(24)
    claims = {"sub": str(account_id), "aud": audience, "jti": token_id, "exp": now + settings.token_hours * HOUR}
    return jwt.encode(claims, settings.token_key, algorithm="HS256"), _digest(token_id)


def read_token(token: str, audience: str, now: int) -> Token:
    """The token, if it is ours and not expired; raises NotAuthenticated or WrongAudience."""
    found = _live(token, now)
    if found.audience != audience:
        raise WrongAudience
    return found


def _live(token: str, now: int) -> Token:
    if len(token) > _LONGEST_TOKEN:
        raise NotAuthenticated
    try:
        found = _verified(token)
    except Exception:  # the libraries raise many kinds for what strangers make up, all of them mean no
        raise NotAuthenticated from None
    if found.expires <= now:
        raise NotAuthenticated
    return found


@lru_cache(maxsize=10_000)
def _verified(token: str) -> Token:
    """A signature once verified stays so; expiry is looked at again each time.

    What is refused raises, so it is not kept: only tokens that we signed ever are.
    """
    options = {"require_exp": True, "verify_aud": False}  # the audience is told apart later: another one's is 403
    claims = jwt.decode(token, settings.token_key, algorithms=["HS256"], options=options)
    return Token(str(claims["aud"]), int(claims["sub"]), _digest(claims["jti"]), int(claims["exp"]))


def fingerprint(*parts: bytes) -> str:
    """A keyed digest of what a request says: equal for equal requests, and nothing to guess a password from."""
    message = b"".join(len(part).to_bytes(8) + part for part in parts)
    return hmac.new(settings.token_key.encode(), message, hashlib.sha256).hexdigest()


def verify_signature(body: bytes, headers: Mapping[str, str]) -> None:
    """Check a Standard Webhooks signature against each secret in force; raises BadSignature."""
    signed = {name: headers.get(name, "") for name in _SIGNED}
    for secret in settings.platform_secrets:
        try:
            _webhook(secret).verify(body, signed, json_parse=False)
            return
        except Exception:  # noqa: S112 - the library raises many kinds for malformed headers, all of them mean no
            continue
    raise BadSignature


@lru_cache
def _webhook(secret: str) -> Webhook:
    return Webhook(secret)


def _digest(token_id: str) -> str:
    return hashlib.sha256(token_id.encode()).hexdigest()
