"""`/testimonials`: what customers say, for everybody."""

from app.features.testimonials import service
from app.kernel import tenancy
from tests.testimonials.factories import make_testimonial


def test_everybody_sees_what_is_approved_and_nothing_else(client, tenant):
    make_testimonial("Ada Approved")
    make_testimonial("Wim Waiting", approved=False)
    service.reject(make_testimonial("Rex Rejected"))
    service.archive(make_testimonial("Arch Archived"))

    text = client.get("/testimonials").text

    assert "Ada Approved" in text
    assert not any(name in text for name in ("Wim", "Rex", "Arch"))


def test_a_foreign_house_has_its_own(client, tenant, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        make_testimonial("Theo Theirs")

    assert "Theo" not in client.get("/testimonials").text


def test_featured_ones_come_first_and_the_others_in_their_order(client, tenant):
    for name in ("First", "Second", "Third"):
        make_testimonial(name)
    star = make_testimonial("Star", is_featured=True)
    service.move(make_testimonial("Last"), "top")

    text = client.get("/testimonials").text

    places = [text.index(f">{name}<") for name in (star.name, "Last", "First", "Second", "Third")]
    assert places == sorted(places)


def test_words_stay_words(client, tenant):
    make_testimonial("<b>Eve</b>", quote='<img src=x onerror=alert(1)> & "more"', company="</figcaption>")

    text = client.get("/testimonials").text

    assert "&lt;img src=x onerror=alert(1)&gt; &amp; &#34;more&#34;" in text
    assert "<b>Eve" not in text


def test_pages_that_make_no_sense_are_the_first(client, tenant, queries):
    for number in range(30):
        make_testimonial(f"Person {number:02}")

    assert "Page 1 of 2" in client.get("/testimonials").text
    assert "Person 29" in client.get("/testimonials?page=2").text
    for page in ("-1", "0", "999999999", "abc", "２", "1e9", "'"):
        assert "Person 00" in client.get("/testimonials", query_string={"page": page}).text
    with queries(max=15):
        client.get("/testimonials")
