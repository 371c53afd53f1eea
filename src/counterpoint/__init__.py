"""Counterpoint: experimentation for personalized surfaces, from a hypothesis to a decision."""

__all__ = ["__version__"]

__version__ = "0.1.0"
