"""Which surfaces this platform composes pages for: the others have values, experiments and analysis."""

from counterpoint.errors import NotFound
from counterpoint.pages import HOME

PAGED = frozenset({HOME.surface})
"""Surfaces whose page is declared, in `counterpoint.pages`."""


def has_page(surface: str) -> bool:
    """Return whether a page is declared for `surface`."""
    return surface in PAGED


def check_paged(surface: str) -> None:
    """Refuse to compose a page that nobody declared.

    Raises:
        NotFound: `no_page`.
    """
    if not has_page(surface):
        raise NotFound(
            "no_page",
            f"no page is declared for surface '{surface}'",
            where="surface",
            fix="ask for its values with resolve, and compose the page where they are read",
            facts={"surface": surface, "paged": sorted(PAGED)},
        )
