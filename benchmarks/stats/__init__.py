"""Figures of the statistics room: cost per comparison, per many comparisons, per plan of looks."""
