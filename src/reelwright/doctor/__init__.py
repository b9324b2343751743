"""`reelwright doctor`: is this machine fit for the service with these settings, and what would help."""

from reelwright.doctor.examine import examine
from reelwright.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine"]
