"""A spec as a person would write it."""

import yaml

from counterpoint.web.ports import Document


def spec_text(spec: Document) -> str:
    """Return a spec as YAML, without the fields that say nothing."""
    said = {key: each for key, each in spec.items() if each not in (None, [], {}, False)}
    return str(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=100))
