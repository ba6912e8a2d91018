"""Passwords, tokens and signatures."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from anyio import CapacityLimiter, to_thread
from jose import jwt
from passlib.context import CryptContext
from standardwebhooks import Webhook

from app.config import HOUR, settings
from app.errors import BadSignature, NotAuthenticated, WrongApiKey, WrongAudience

_SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
DELETED = "!deleted"  # as NO_PASSWORD, of an account that was deleted
NO_PASSWORD = "!"  # noqa: S105 - matches no password: nobody can log in until one is set

API_KEY = "mbk_"  # what an API key begins with, so that a leaked one can be found
_API_KEY = re.compile(API_KEY + r"([1-9][0-9]{0,8})_([1-9][0-9]{0,8})_([0-9A-Za-z_\-]{43})", re.ASCII)
_LONGEST_TOKEN = 1000  # characters; ours have about 250

_passwords = CryptContext(
    schemes=["argon2", "unix_disabled"], argon2__memory_cost=19456, argon2__time_cost=2, argon2__parallelism=1
)
_hashing = CapacityLimiter(2)  # hashes at once; each takes 19 MB and a core


@dataclass(frozen=True, slots=True)
class Token:
    """A verified token: its audience and account, the digest that its session is stored under, and its expiry in Unix time."""

    audience: str
    account_id: int
    session: str
    expires: int


def hash_now(password: str) -> str:
    """Hash a password with argon2 in this thread."""
    return str(_passwords.hash(password))


async def hash_password(password: str) -> str:
    """Hash a password with argon2 in a thread; at most two are hashed at once."""
    return await to_thread.run_sync(hash_now, password, limiter=_hashing)


async def password_matches(password: str, stored: str | None) -> bool:
    """Whether the password matches its stored hash. Without an account (`stored` is None) it takes as long and is False."""
    return await to_thread.run_sync(_matches, password, stored, limiter=_hashing)


def _matches(password: str, stored: str | None) -> bool:
    if stored in (None, NO_PASSWORD, DELETED):
        _passwords.dummy_verify()
        return False
    return bool(_passwords.verify(password, stored))


def new_token(audience: str, account_id: int, now: int) -> tuple[str, str]:
    """A signed token (RFC 7519) issued at the Unix time `now`, and the digest of its id, which the database stores."""
    token_id = secrets.token_urlsafe(24)
    claims = {"sub": str(account_id), "aud": audience, "jti": token_id, "exp": now + settings.token_hours * HOUR}
    return jwt.encode(claims, settings.token_key, algorithm="HS256"), _digest(token_id)


def read_token(token: str, audience: str, now: int) -> Token:
    """Verify a token; raises NotAuthenticated if it is not ours or has expired, and WrongAudience."""
    found = _live(token, now)
    if found.audience != audience:
        raise WrongAudience
    return found


def _live(token: str, now: int) -> Token:
    if len(token) > _LONGEST_TOKEN:
        raise NotAuthenticated
    try:
        found = _verified(token)
    except Exception:  # the libraries raise many types for malformed tokens
        raise NotAuthenticated from None
    if found.expires <= now:
        raise NotAuthenticated
    return found


@lru_cache(maxsize=10_000)
def _verified(token: str) -> Token:
    """Verify a signature. Results are cached, and expiry is checked by the caller each time.

    A refused token raises, so the cache holds only tokens that we signed.
    """
    options = {"require_exp": True, "verify_aud": False}  # read_token answers a wrong audience with 403
    claims = jwt.decode(token, settings.token_key, algorithms=["HS256"], options=options)
    return Token(str(claims["aud"]), int(claims["sub"]), _digest(claims["jti"]), int(claims["exp"]))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its holder gives it: the account and the key that it says it is of, and the digest of its secret part."""

    account_id: int
    key_id: int
    digest: str


def new_api_key(account_id: int, key_id: int) -> tuple[str, str]:
    """A new key, and the digest of its secret part, which the database stores."""
    secret = secrets.token_urlsafe(32)
    return f"{API_KEY}{account_id}_{key_id}_{secret}", _digest(API_KEY + secret)


def read_api_key(key: str) -> ApiKey:
    """Read a key, which the database has to prove; raises WrongApiKey if it is not of that form."""
    found = _API_KEY.fullmatch(key)
    if found is None:
        raise WrongApiKey
    return ApiKey(int(found[1]), int(found[2]), _digest(API_KEY + found[3]))


def fingerprint(*parts: bytes) -> str:
    """A keyed digest (HMAC-SHA256) of a request's parts. It is keyed, so that no password can be guessed from it."""
    message = b"".join(len(part).to_bytes(8) + part for part in parts)
    return hmac.new(settings.token_key.encode(), message, hashlib.sha256).hexdigest()


def verify_signature(body: bytes, headers: Mapping[str, str]) -> None:
    """Check a Standard Webhooks signature with each of the platform's secrets; raises BadSignature."""
    signed = {name: headers.get(name, "") for name in _SIGNED}
    for secret in settings.platform_secrets:
        try:
            _webhook(secret).verify(body, signed, json_parse=False)
            return
        except Exception:  # noqa: S112 - the library raises many types for malformed headers
            continue
    raise BadSignature


@lru_cache
def _webhook(secret: str) -> Webhook:
    return Webhook(secret)


def _digest(token_id: str) -> str:
    return hashlib.sha256(token_id.encode()).hexdigest()
