"""The control plane's use cases: what people, scripts and agents can ask for, over the ports of the rooms below."""

from counterpoint.control.acting import as_stored, people_only
from counterpoint.control.agreeing import Agreeing
from counterpoint.control.configuring import Configuring, moment_of
from counterpoint.control.declaring import Declaring
from counterpoint.control.doctoring import Doctor
from counterpoint.control.plane import Control
from counterpoint.control.registry import Registry

__all__ = [
    "Agreeing",
    "Configuring",
    "Control",
    "Declaring",
    "Doctor",
    "Registry",
    "as_stored",
    "moment_of",
    "people_only",
]
