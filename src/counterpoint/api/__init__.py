"""HTTP: parse a request once, call one function of the platform, answer with its document or with one error shape."""

from counterpoint.api.application import create_app
from counterpoint.api.hosts import Hosts
from counterpoint.api.ports import Control, Delivery, Platform

__all__ = ["Control", "Delivery", "Hosts", "Platform", "create_app"]
