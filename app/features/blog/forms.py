"""What comes in from the pages of the blog. What each may be is `rules`' to say."""

from datetime import datetime
from typing import Any

from wtforms import DateTimeLocalField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from app.features.blog.models import Post, PostTag
from app.kernel import moments
from app.kernel.pages import PanelForm

FIELDS = ("title", "slug", "excerpt", "body", "category", "author_name", "meta_title", "meta_description")


class PostForm(PanelForm):
    """A post. Times are the tenant's."""

    title = StringField("Title", [InputRequired("Give it a title.")])
    body = TextAreaField("Text", [Optional()])
    slug = StringField("Address", [Optional()], description="Empty: made of the title.")
    excerpt = TextAreaField("Summary", [Optional()], description="For lists and the feed. Empty: how the text begins.")
    category = StringField("Category", [Optional()])
    tags = StringField("Tags", [Optional()], description="With commas between.")
    author_name = StringField("Author", [Optional()], description="As readers see it. Empty: you.")
    meta_title = StringField("Title for search engines", [Optional()], description="Empty: the title.")
    meta_description = TextAreaField("For search engines", [Optional()], description="Empty: the summary.")
    scheduled_for = DateTimeLocalField("Publishes itself on", [Optional()], format=moments.TYPED)
    revision = HiddenField()

    @classmethod
    def of(cls, post: Post, tags: list[PostTag], zone: str) -> "PostForm":
        """The form filled with what there is."""
        form = cls(obj=post)
        form.tags.data = ", ".join(tag.name for tag in tags)
        form.scheduled_for.data = moments.on_clock(post.scheduled_for, zone)
        return form

    @property
    def fields(self) -> dict[str, Any]:
        """The answers as the service takes them, without when it publishes itself."""
        found: dict[str, Any] = {name: self.data[name] or "" for name in FIELDS}
        return found | {"tags": (self.tags.data or "").split(",")}

    @property
    def revision_seen(self) -> int | None:
        """Which one the person saw when the form was drawn."""
        text = self.revision.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None

    def moment(self, zone: str) -> datetime | None:
        """When it publishes itself.

        Raises:
            Invalid: a year that nobody means.
        """
        return moments.of_clock("scheduled_for", self.scheduled_for.data, zone)
