"""The reference surface and a small real catalogue, shipped so that everything works from the first minute."""

from counterpoint.bootstrap.reference.loading import REFERENCE_SURFACE, load_reference_content, surface_files

__all__ = ["REFERENCE_SURFACE", "load_reference_content", "surface_files"]
