"""Measures the event log."""
