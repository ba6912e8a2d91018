"""Reads the settings once, when the app is imported."""

import re
from typing import Any

from pydantic import ValidationError

from app.config.definitions import Settings
from app.config.error import ConfigurationError


def read() -> tuple[Settings, list[tuple[str, str]]]:
    """The settings, and the faults of those that are invalid: (name, message) each.

    An invalid setting stands at its default, so that the others can be checked too.
    """
    defaults: dict[str, Any] = {}
    faults: list[tuple[str, str]] = []
    while True:
        try:
            return Settings(**defaults), faults
        except ValidationError as wrong:
            for fault in wrong.errors(include_input=False, include_url=False):
                names = [str(name) for name in fault["loc"][:1]] or _settings_named_in(fault["msg"])
                name = names[0].upper()
                faults.append((name, fault["msg"].removeprefix("Value error, ").removeprefix(f"{name} ")))
                defaults |= {name: Settings.model_fields[name].default for name in names}


def _settings_named_in(message: str) -> list[str]:
    """The settings that a message names because they contradict each other."""
    return [name for name in map(str.lower, re.findall("[A-Z_0-9]+", message)) if name in Settings.model_fields]


def require_sense() -> None:
    """Raise ConfigurationError when a setting is invalid, since nothing may run on its default."""
    if faults:
        raise ConfigurationError("; ".join(f"{name}: {said}" for name, said in faults))


settings, faults = read()
