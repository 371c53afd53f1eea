"""Measures rollups and the analysis of tables."""
