"""Revisions in order; a new one is a new file."""
