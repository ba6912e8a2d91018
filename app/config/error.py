"""What is raised when the service cannot run on its settings."""


class ConfigurationError(Exception):
    """The settings do not make a service; the message says what is missing and how to mend it."""
