"""Figures of assignment and configuration: what one decision costs, alone and beside its peers."""
