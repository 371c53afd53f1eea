"""The schema's history, one file per revision; released ones never change."""
