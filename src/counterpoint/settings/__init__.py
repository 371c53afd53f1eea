"""Settings: the environment, read once, into one frozen value."""

from counterpoint.settings.read import ROLES, Settings, control_url, read_settings

__all__ = ["ROLES", "Settings", "control_url", "read_settings"]
