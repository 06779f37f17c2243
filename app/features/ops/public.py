"""`/healthz`, `/readyz`, `/metrics`: for balancers and Prometheus."""

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.config import current as settings
from app.features.ops import service
from app.kernel import metrics
from app.kernel.access import platform
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, visitor

routes = PageRoutes("ops_public")


@routes.get("/healthz")
@platform()
def alive() -> ResponseReturnValue:
    """This process answers. Asks nobody else."""
    return jsonify(status="ok")


@routes.get("/readyz")
@platform()
def ready() -> ResponseReturnValue:
    """Requests can be answered: 200, else 503. Only insiders learn what is missing."""
    found = service.readiness()
    details = found.details() if _is_insider() else {}
    answer = jsonify(status="ready" if found.is_ready else "not ready", **details)
    answer.status_code = 200 if found.is_ready else 503
    if not found.is_ready:
        answer.headers["Retry-After"] = "5"
    return answer


@routes.get("/metrics")
@platform()
def figures() -> ResponseReturnValue:
    """Figures for Prometheus; for strangers there is nothing here."""
    if not _is_insider():
        raise NotFound()
    return Response(metrics.text(), content_type=metrics.CONTENT_TYPE)


def _is_insider() -> bool:
    found = settings()
    return service.is_insider(
        visitor(), dict(request.headers), token=found.metrics_token, networks=found.metrics_networks
    )
