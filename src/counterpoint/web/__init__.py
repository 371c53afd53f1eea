"""The web pages: experiments and their results, and the surface as a listener sees it, drawn on the server."""

from counterpoint.web.ports import Control, Delivery, Platform
from counterpoint.web.site import mount_web

__all__ = ["Control", "Delivery", "Platform", "mount_web"]
