"""The Home page of a music and podcast app: the reference surface, declared."""

from counterpoint.pages.home.declaration import HOME

__all__ = ["HOME"]
