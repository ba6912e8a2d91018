"""Every setting with its default, and what the service derives from them. `.env.example` explains each to its reader."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from psycopg2.extensions import make_dsn
from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.config import keys
from app.config.error import ConfigurationError
from app.config.field_types import LOWER_CASE, HttpUrl, Networks, Timezone

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where uploaded files are kept when S3 is configured."""

    endpoint: str
    name: str
    access_key: str
    secret_key: str
    region: str


class Settings(BaseSettings):
    """The settings by their names in lower case. Times are in the unit that the name says."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    database_url: str | None = None
    db_host: str | None = None
    db_port: int = 5432
    db_user: str | None = None
    db_pwd: str | None = None
    db_name: str | None = None
    database_replica_url: str | None = None
    replica_patience: float = Field(1, ge=0, le=60)
    migrate: bool = True
    data_dir: Path = Path("var")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    processes: int = Field(1, ge=1, le=64)
    worker: bool = True
    log_dir: Path = Path("var/log")
    run_dir: Path = Path("var/run")
    frp_server_addr: str | None = None
    frp_server_port: int = Field(7000, ge=1, le=65535)
    frp_token: str | None = None
    frp_remote_port: int | None = Field(None, ge=1, le=65535)

    proxy_port: int | None = Field(None, ge=1, le=65535)
    proxy_peers: Networks = "127.0.0.1,::1"
    trusted_proxies: Networks = ""

    secret_key: str | None = None
    platform_secret: str | None = None
    token_hours: int = Field(72, ge=1)
    cors_origins: str = ""
    timezone: Timezone = "Asia/Shanghai"

    s3_endpoint: str | None = None
    s3_bucket: str | None = None
    s3_access_key: str | None = None
    s3_secret_key: str | None = None
    s3_region: str = "us-east-1"

    auto_receive_days: int = Field(10, ge=0, le=3650)
    answer_hours: int = Field(48, ge=0, le=87600)
    auto_agree: bool = False
    consent_hours: int = Field(72, ge=0, le=87600)
    return_days: int = Field(7, ge=0, le=3650)
    return_receive_days: int = Field(10, ge=0, le=3650)
    after_sale_days: int = Field(7, ge=0, le=3650)
    ship_hours: int = Field(48, ge=0, le=87600)

    unused_file_days: int = Field(30, ge=0, le=3650)

    webhook_allow_private: bool = False

    pool_size: int = Field(10, ge=1)
    threads: int = Field(4, ge=1)
    statement_seconds: int = Field(10, ge=1, le=600)
    frozen_seconds: int = Field(60, ge=10, le=3600)

    log_format: Annotated[Literal["json", "text"], LOWER_CASE] = "json"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], LOWER_CASE] = "info"
    metrics_token: str | None = None

    otel_exporter_otlp_endpoint: HttpUrl = ""
    otel_exporter_otlp_traces_endpoint: HttpUrl = ""
    otel_exporter_otlp_protocol: Literal["http/protobuf"] = "http/protobuf"
    otel_sdk_disabled: Annotated[str, LOWER_CASE] = "false"
    otel_traces_exporter: Annotated[Literal["otlp", "none"], LOWER_CASE] = "otlp"

    @model_validator(mode="after")
    def _ports_differ(self) -> "Settings":
        if self.proxy_port == self.port:
            raise ValueError("PROXY_PORT must be another one than PORT: each connection to it begins with a PROXY header")
        return self

    @model_validator(mode="after")
    def _pool_exceeds_threads(self) -> "Settings":
        if self.pool_size <= self.threads:
            raise ValueError("POOL_SIZE must be more than THREADS: each thread holds one connection, requests use the others")
        return self

    @model_validator(mode="after")
    def _frozen_exceeds_statements(self) -> "Settings":
        if self.frozen_seconds <= 3 * self.statement_seconds:
            raise ValueError(
                "FROZEN_SECONDS must be more than three times STATEMENT_SECONDS, which one of the worker's may take"
            )
        return self

    @model_validator(mode="after")
    def _replica_needs_a_database(self) -> "Settings":
        if self.database_replica_url is not None and self.embedded:
            raise ValueError("DATABASE_REPLICA_URL is set but no database: set DATABASE_URL, or DB_HOST and its siblings")
        return self

    @property
    def embedded(self) -> bool:
        """Whether no database is configured, so that the service runs its own in `data_dir`."""
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
        return keys.token_key(self.secret_key or self._kept("SECRET_KEY", "", "any random text of 32 bytes or more"))

    @cached_property
    def platform_secrets(self) -> list[str]:
        """The secrets that `/platform` calls may be signed with; raises ConfigurationError."""
        form = "whsec_ and 24 bytes or more in base64"
        return keys.platform_secrets(self.platform_secret or self._kept("PLATFORM_SECRET", "whsec_", form))

    @property
    def bucket(self) -> Bucket | None:
        """The configured bucket; None when files are kept in `data_dir`. Raises ConfigurationError when a part is missing."""
        names = ("s3_endpoint", "s3_bucket", "s3_access_key", "s3_secret_key")
        given = [getattr(self, name) for name in names]
        if not any(given):
            return None
        if not all(given):
            missing = ", ".join(name.upper() for name, value in zip(names, given, strict=True) if not value)
            raise ConfigurationError(f"S3 is configured but not {missing}: set them all, or none to keep files in DATA_DIR")
        return Bucket(*[*given, self.s3_region])

    @property
    def trace_endpoint(self) -> str | None:
        """The URL that traces are sent to; None when they are off."""
        if self.otel_sdk_disabled == "true" or self.otel_traces_exporter == "none":
            return None
        whole, base = self.otel_exporter_otlp_traces_endpoint, self.otel_exporter_otlp_endpoint
        return whole or (f"{base.rstrip('/')}/v1/traces" if base else None)

    @property
    def tunnelled(self) -> bool:
        """Whether frpc makes the API public; raises ConfigurationError when a part of its settings is missing."""
        if not self.frp_server_addr and not self.frp_token:
            return False
        names = ("frp_server_addr", "frp_token", "frp_remote_port", "proxy_port")
        needed = {name: getattr(self, name) for name in names}
        missing = [name.upper() for name, value in needed.items() if not value]
        if missing:
            raise ConfigurationError(f"frp is configured but not {', '.join(missing)}: set them, or neither address nor token")
        return True

    def _kept(self, name: str, prefix: str, form: str) -> str:
        if not self.embedded:
            raise ConfigurationError(f"{name} is not set: with a configured database it must be ({form})")
        return keys.kept(self.data_dir, name, prefix)


def _for_libpq(url: str) -> str:
    return url.replace("postgresql+psycopg2://", "postgresql://", 1)
