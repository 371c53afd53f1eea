"""Figures of orchestration: what durability costs, and how long an approved launch takes to run."""
