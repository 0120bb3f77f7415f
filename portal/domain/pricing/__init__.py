"""The price timetable: what a service costs from which day on."""

# First, because a renewal of the lifecycle agrees a price here: whoever comes in by this door finds both whole.
import portal.domain.lifecycle  # noqa: F401
