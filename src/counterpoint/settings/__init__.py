"""Settings: the environment, read once, into one frozen value."""

from counterpoint.settings.read import Settings, read_settings

__all__ = ["Settings", "read_settings"]
