"""`/admin/kb`: staff write, look over, publish and learn."""

from app.features.kb import service
from app.features.kb.service import Words
from tests.kb.factories import make_published, make_topic


def test_smoke(as_sam, tenant):
    t = make_topic()
    a = make_published(category_id=t.id)
    service.save(a, Words(title="X", body="## a\n\nb"), seen=a.revision)
    for p in (
        "",
        "/new",
        f"/{a.id}",
        f"/{a.id}/versions",
        f"/{a.id}/versions/1",
        f"/{a.id}/versions/2",
        "/topics",
        f"/topics/{t.id}",
        "/figures",
    ):
        r = as_sam.get("/admin/kb" + p)
        assert r.status_code == 200, p
