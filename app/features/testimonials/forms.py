"""What comes in from the pages of testimonials. What each may be is `rules`' to say."""

from typing import Any

from wtforms import BooleanField, FileField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.features.testimonials.models import Testimonial
from app.features.testimonials.rules import MOST_STARS
from app.kernel import words
from app.kernel.pages import PanelForm


class TestimonialForm(PanelForm):
    """What somebody said."""

    name = StringField("Name", [InputRequired("Say whose words they are.")])
    title = StringField("What they do", [Optional()])
    company = StringField("Company", [Optional()])
    quote = TextAreaField("Their words", [InputRequired("Write down what they said.")])
    stars = RadioField(
        "Stars",
        choices=[SelectChoice(str(count), words.plural(count, "star")) for count in range(MOST_STARS, 0, -1)],
        validators=[InputRequired("1 to 5 stars.")],
    )
    photo = FileField("Photo", [Optional()], description="PNG, JPEG or WebP, at most 5 MiB. Shown round.")
    without_photo = BooleanField("Take the photo away")
    is_featured = BooleanField("Featured: shown large, before the others")

    @classmethod
    def of(cls, row: Testimonial) -> "TestimonialForm":
        """The form filled with what there is."""
        form = cls(obj=row)
        form.stars.data = str(row.stars)
        return form

    @property
    def fields(self) -> dict[str, Any]:
        """The answers as the service takes them."""
        found = {name: self.data[name] or "" for name in ("name", "title", "company", "quote")}
        return found | {"stars": int(self.stars.data), "is_featured": self.is_featured.data}
