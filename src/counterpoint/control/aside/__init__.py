"""What is set aside on a surface: holdouts through their lives, domains, free space."""

from counterpoint.control.aside.holdout_life import Listener, Reminders, StoredReadouts
from counterpoint.control.aside.promises import Promises
from counterpoint.control.aside.setting_aside import SettingAside

__all__ = [
    "Listener",
    "Promises",
    "Reminders",
    "SettingAside",
    "StoredReadouts",
]
