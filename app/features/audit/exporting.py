"""Lists that leave as files: read in short reads while they are sent, and logged with who took what."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response

from app.features.audit import service
from app.kernel import exports, tenancy
from app.kernel.exports import Cell
from app.kernel.lists import Listing


def export(
    listing: Listing,
    head: Sequence[str],
    cells: Callable[[Any], Sequence[Cell]],
    given: Mapping[str, str],
    *,
    resource_type: str,
    zone: str = "UTC",
) -> Response:
    """What the list shows, whole, as CSV or XLSX; `given` is the form that says which and how.

    What was searched for may name somebody and is not logged; which filters were on is.

    Raises:
        Invalid: another kind of file is asked for.
    """
    asked, kind = listing.read(given, zone=zone), given.get("as", "csv")
    rows = map(cells, listing.export(asked, tenant_id=tenancy.current()))
    answer = exports.send(listing.name, head, rows, kind=kind)
    searched = listing.search.name if listing.search else ""
    filters = {name: said for name, said in asked.hidden if name != searched}
    after = {"what": listing.name, "as": kind, "filters": filters}
    service.record("DATA_EXPORTED", resource_type=resource_type, resource_id=None, after=after)
    return answer
