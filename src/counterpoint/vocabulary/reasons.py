"""Why a parameter has the value it has: OpenFeature's reasons, and nothing else."""

from enum import StrEnum


class Reason(StrEnum):
    """Reason of one evaluation, as OpenFeature names them.

    STATIC: the baseline default. TARGETING_MATCH: a baseline rule matched. SPLIT: an experiment's variant set it.
    DEFAULT: in an experiment whose variant leaves it alone, or not in its audience. DISABLED: stopped or killed.
    STALE: from a snapshot older than its declared maximum age. ERROR: the experiment could not be evaluated.
    """

    STATIC = "STATIC"
    DEFAULT = "DEFAULT"
    TARGETING_MATCH = "TARGETING_MATCH"
    SPLIT = "SPLIT"
    DISABLED = "DISABLED"
    CACHED = "CACHED"
    STALE = "STALE"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"
