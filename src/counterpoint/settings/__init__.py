"""Settings: the environment, read once, into one frozen value."""

from counterpoint.settings.planner import OFFLINE, PlannerSettings
from counterpoint.settings.read import ROLES, Settings, control_url, read_settings

__all__ = ["OFFLINE", "ROLES", "PlannerSettings", "Settings", "control_url", "read_settings"]
