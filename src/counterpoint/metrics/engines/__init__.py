"""Engines that reduce rows to sufficient statistics."""
