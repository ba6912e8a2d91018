"""Settings, from the environment or `.env`, read here and nowhere else."""

import base64
import binascii
import os
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg2.extensions import make_dsn
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app import networks

HOUR, DAY = 3600, 86400


class ConfigurationError(Exception):
    """The settings do not make a service; says what is missing and how to mend it."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where uploaded files lie when S3 is configured."""

    endpoint: str
    name: str
    access_key: str
    secret_key: str
    region: str


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    database_url: str | None = None
    db_host: str | None = None
    db_port: int = 5432
    db_user: str | None = None
    db_pwd: str | None = None
    db_name: str | None = None
    database_replica_url: str | None = None
    replica_patience: float = Field(1, ge=0, le=60)
    data_dir: Path = Path("var")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    processes: int = Field(1, ge=1, le=64)
    log_dir: Path = Path("var/log")
    run_dir: Path = Path("var/run")
    frp_server_addr: str | None = None
    frp_server_port: int = Field(7000, ge=1, le=65535)
    frp_token: str | None = None
    frp_remote_port: int | None = Field(None, ge=1, le=65535)

    proxy_port: int | None = Field(None, ge=1, le=65535)
    proxy_peers: str = "127.0.0.1,::1"
    trusted_proxies: str = ""

    secret_key: str | None = None
    platform_secret: str | None = None
    token_hours: int = Field(72, ge=1)
    cors_origins: str = ""
    timezone: str = "Asia/Shanghai"

    s3_endpoint: str | None = None
    s3_bucket: str | None = None
    s3_access_key: str | None = None
    s3_secret_key: str | None = None
    s3_region: str = "us-east-1"

    auto_receive_days: int = Field(10, ge=0, le=3650)
    answer_hours: int = Field(48, ge=0, le=87600)
    auto_agree: bool = False
    return_days: int = Field(7, ge=0, le=3650)
    return_receive_days: int = Field(10, ge=0, le=3650)
    after_sale_days: int = Field(7, ge=0, le=3650)
    ship_hours: int = Field(48, ge=0, le=87600)

    webhook_allow_private: bool = False

    pool_size: int = Field(10, ge=1)
    threads: int = Field(4, ge=1)
    statement_seconds: int = Field(10, ge=1, le=600)
    frozen_seconds: int = Field(60, ge=10, le=3600)

    log_format: Literal["json", "text"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_token: str | None = None

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _lower(cls, name: Any) -> Any:
        return name.lower() if isinstance(name, str) else name

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"TIMEZONE is not a time zone: {name}; write it as Asia/Shanghai") from None
        return name

    @field_validator("proxy_peers", "trusted_proxies")
    @classmethod
    def _known_networks(cls, text: str) -> str:
        networks.parsed(text)
        return text

    @model_validator(mode="after")
    def _a_port_of_its_own(self) -> "Settings":
        if self.proxy_port == self.port:
            raise ValueError("PROXY_PORT must be another one than PORT: each connection to it begins with a PROXY header")
        return self

    @model_validator(mode="after")
    def _connections_beside_the_threads(self) -> "Settings":
        if self.pool_size <= self.threads:
            raise ValueError("POOL_SIZE must be more than THREADS: each thread holds one connection, requests use the others")
        return self

    @model_validator(mode="after")
    def _longer_than_a_statement(self) -> "Settings":
        if self.frozen_seconds <= 3 * self.statement_seconds:
            raise ValueError(
                "FROZEN_SECONDS must be more than three times STATEMENT_SECONDS, which one of the worker's may take"
            )
        return self

    @model_validator(mode="after")
    def _replica_of_a_database(self) -> "Settings":
        if self.database_replica_url is not None and self.embedded:
            raise ValueError("DATABASE_REPLICA_URL is set but no database: set DATABASE_URL, or DB_HOST and its siblings")
        return self

    @property
    def embedded(self) -> bool:
        """True when no database is configured, so the service keeps its own in `data_dir`."""
        return self.database_url is None and self.db_host is None

    def configured_database(self) -> str:
        """The configured database as a libpq connection string; raises ConfigurationError when a key is missing."""
        if self.database_url is not None:
            return _for_libpq(self.database_url)
        missing = [key for key in ("db_user", "db_pwd", "db_name") if getattr(self, key) is None]
        if missing:
            names = ", ".join(key.upper() for key in missing)
            raise ConfigurationError(f"DB_HOST is set but not {names}: set them, or DATABASE_URL alone")
        dsn: str = make_dsn(host=self.db_host, port=self.db_port, user=self.db_user, password=self.db_pwd, dbname=self.db_name)
        return dsn

    def configured_replica(self) -> str:
        """The configured replica as a libpq connection string."""
        return _for_libpq(self.database_replica_url or "")

    @cached_property
    def token_key(self) -> str:
        """The key that signs tokens, 32 bytes or more; raises ConfigurationError."""
        key = self.secret_key or self._kept_secret("SECRET_KEY", "", "any random text of 32 bytes or more")
        if len(key.encode()) < 32:
            raise ConfigurationError("SECRET_KEY is shorter than 32 bytes: make one with `openssl rand -base64 48`")
        return key

    @cached_property
    def platform_secrets(self) -> list[str]:
        """The secrets that `/platform` calls may be signed with; raises ConfigurationError."""
        text = self.platform_secret or self._kept_secret("PLATFORM_SECRET", "whsec_", "whsec_ and 24 bytes or more in base64")
        found = [part.strip() for part in text.split(",") if part.strip()]
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

    @property
    def bucket(self) -> Bucket | None:
        """The configured bucket, or None when files lie in `data_dir`; raises ConfigurationError when a part is missing."""
        names = ("s3_endpoint", "s3_bucket", "s3_access_key", "s3_secret_key")
        given = [getattr(self, name) for name in names]
        if not any(given):
            return None
        if not all(given):
            missing = ", ".join(name.upper() for name, value in zip(names, given, strict=True) if not value)
            raise ConfigurationError(f"S3 is configured but not {missing}: set them all, or none to keep files in DATA_DIR")
        return Bucket(*[*given, self.s3_region])

    @property
    def tunnelled(self) -> bool:
        """True when frpc makes the API public; raises ConfigurationError when only a part of what it needs is given."""
        if not self.frp_server_addr and not self.frp_token:
            return False
        names = ("frp_server_addr", "frp_token", "frp_remote_port", "proxy_port")
        needed = {name: getattr(self, name) for name in names}
        missing = [name.upper() for name, value in needed.items() if not value]
        if missing:
            raise ConfigurationError(f"frp is configured but not {', '.join(missing)}: set them, or neither address nor token")
        return True

    def _kept_secret(self, name: str, prefix: str, form: str) -> str:
        """A secret made once and kept in `data_dir`, mode 600; only where the embedded database is used."""
        if not self.embedded:
            raise ConfigurationError(f"{name} is not set: with a configured database it must be ({form})")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        path = self.data_dir / name.lower()
        made = prefix + base64.b64encode(secrets.token_bytes(36)).decode()
        draft = self.data_dir / f".{name.lower()}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(made)
        try:
            os.link(draft, path)
        except FileExistsError:
            made = path.read_text().strip()
        finally:
            draft.unlink()
        return made


def _for_libpq(url: str) -> str:
    return url.replace("postgresql+psycopg2://", "postgresql://", 1)


def _read() -> tuple[Settings, list[tuple[str, str]]]:
    """The settings, and what is wrong with those that make no sense: they stand at their defaults, to look at the rest."""
    instead: dict[str, Any] = {}
    wrongs: list[tuple[str, str]] = []
    while True:
        try:
            return Settings(**instead), wrongs
        except ValidationError as wrong:
            for fault in wrong.errors(include_input=False, include_url=False):
                names = [str(name) for name in fault["loc"][:1]] or _named_in(fault["msg"])
                name = names[0].upper()
                wrongs.append((name, fault["msg"].removeprefix("Value error, ").removeprefix(f"{name} ")))
                instead |= {name: Settings.model_fields[name].default for name in names}


def _named_in(message: str) -> list[str]:
    """The settings that a message speaks of, which do not go together."""
    return [name for name in map(str.lower, re.findall("[A-Z_0-9]+", message)) if name in Settings.model_fields]


def require_sense() -> None:
    """Raise ConfigurationError when some settings make no sense: nothing may run on their defaults."""
    if faults:
        raise ConfigurationError("; ".join(f"{name}: {said}" for name, said in faults))


settings, faults = _read()
