"""The same checks as JSON under `/api`."""

from app.features.ops import service
from app.features.ops.schemas import DebugOut, ReadyOut, StatusOut
from app.kernel import clock
from app.kernel.access import platform
from app.kernel.api import ApiRoutes
from app.kernel.errors import Unavailable

routes = ApiRoutes("ops", prefix="/api", tag="Operations")


@routes.get("/v1/__debug")
@platform()
def debug() -> DebugOut:
    """Say that the panel answers, and what time it is."""
    return DebugOut(timestamp=clock.now())


@routes.get("/health")
@platform()
def health() -> StatusOut:
    """Say that the panel answers."""
    return StatusOut()


@routes.get("/live")
@platform()
def live() -> StatusOut:
    """Say that this process is alive."""
    return StatusOut()


@routes.get("/ready", errors=(Unavailable,))
@platform()
def ready() -> ReadyOut:
    """Say whether requests can be answered: 200, else 503."""
    if not service.readiness().is_ready:
        raise Unavailable("The panel is not ready.", retry_after=5)
    return ReadyOut()
