"""`/help`: what everybody reads, finds and says."""

from tests.kb.factories import make_published, make_topic

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


def test_it(client, tenant):
    t = make_topic("E-mail")
    make_published(category_id=t.id, tags=("imap",))
    make_published("Other mail", category_id=t.id)
    for p in (
        "/help",
        "/help?q=mail",
        "/help/search?q=mail",
        "/help/search?q=zzzz",
        "/help/search?q=ipohne",
        "/help/topics/e-mail",
        "/help/tags/imap",
        "/help/feed.xml",
        "/help/sitemap.xml",
        "/help/set-up-mail-on-iphone",
        "/help/set-up-mail-on-iphone/vote",
        "/help/set-up-mail-on-iphone/vote?helpful=no",
    ):
        r = client.get(p, headers=BROWSER)
        print(p, r.status_code, len(r.data))
        assert r.status_code == 200
