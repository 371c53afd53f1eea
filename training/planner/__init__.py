"""Teaches the planner's second reader from labelled hypotheses of the reference surface."""
