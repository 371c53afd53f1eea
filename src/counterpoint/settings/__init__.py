"""Settings: the environment, read once, into one frozen value."""

from counterpoint.settings.planner import OFFLINE, PlannerSettings
from counterpoint.settings.read import ROLES, ROLLUP_ENGINES, Settings, control_url, read_settings

__all__ = ["OFFLINE", "ROLES", "ROLLUP_ENGINES", "PlannerSettings", "Settings", "control_url", "read_settings"]
