"""Settings, from the environment or `.env`. Nothing but this package reads them."""

from app.config.definitions import DAY, HOUR, MINUTE, Bucket, Settings
from app.config.error import ConfigurationError
from app.config.reading import faults, require_sense, settings

__all__ = ["DAY", "HOUR", "MINUTE", "Bucket", "ConfigurationError", "Settings", "faults", "require_sense", "settings"]
