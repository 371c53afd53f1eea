"""What may name a surface, an experiment, a variant, a parameter or a metric."""

import re

_KEY = re.compile(r"[a-z][a-z0-9_]*([.-][a-z0-9_]+)*")
MAX_KEY_LENGTH = 128
KEY_RULE = f"lower-case letters, digits, '_', '-' and '.', starting with a letter, at most {MAX_KEY_LENGTH} characters"


def is_key(text: str) -> bool:
    """Return whether `text` may name something; `KEY_RULE` says in words what is allowed."""
    return len(text) <= MAX_KEY_LENGTH and _KEY.fullmatch(text) is not None


def key_like(text: str) -> str | None:
    """Return the key that `text` was meant to be, `Podcasts second!` as `podcasts-second`; None when there is none."""
    plain = re.sub(r"[^a-z0-9_.]+", "-", text.lower())
    plain = re.sub(r"[.-]{2,}", "-", plain).lstrip("0123456789_.-")[:MAX_KEY_LENGTH].rstrip(".-")
    return plain if is_key(plain) else None


def decision_attribute(experiment: str) -> str:
    """Return the attribute in which another flag system is told a unit's variant of `experiment`.

    A key's dots become colons, which no key has: JsonLogic reads a dot as a level, and two keys must not meet.
    """
    return f"counterpoint_{experiment.replace('.', ':')}"
