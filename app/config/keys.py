"""The secrets that the service signs and verifies with: given in the settings, or made once and kept in DATA_DIR."""

import base64
import binascii
import os
import secrets
from pathlib import Path

from app.config.error import ConfigurationError


def token_key(given: str) -> str:
    """The key that signs tokens; raises ConfigurationError when it is shorter than 32 bytes."""
    if len(given.encode()) < 32:
        raise ConfigurationError("SECRET_KEY is shorter than 32 bytes: make one with `openssl rand -base64 48`")
    return given


def platform_secrets(given: str) -> list[str]:
    """The comma-separated secrets, each `whsec_` and 24 bytes or more in base64; raises ConfigurationError."""
    found = [part.strip() for part in given.split(",") if part.strip()]
    for secret in found:
        try:
            raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise ConfigurationError("PLATFORM_SECRET is not base64: write it as whsec_<base64>") from None
        if len(raw) < 24:
            raise ConfigurationError("PLATFORM_SECRET is shorter than 24 bytes: `openssl rand -base64 32`")
    if not found:
        raise ConfigurationError("PLATFORM_SECRET is empty: write it as whsec_<base64>")
    return found


def kept(data_dir: Path, name: str, prefix: str = "") -> str:
    """The secret kept in `data_dir` under `name`, in lower case and with mode 600; it is made at the first call.

    Processes that start together all get the same one: only the first link to the file succeeds.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / name.lower()
    made = prefix + base64.b64encode(secrets.token_bytes(36)).decode()
    draft = data_dir / f".{name.lower()}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(made)
    try:
        os.link(draft, path)
    except FileExistsError:
        made = path.read_text().strip()
    finally:
        draft.unlink()
    return made
