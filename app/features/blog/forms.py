"""What comes in from the pages of the blog. What each may be is `rules`' to say."""

from datetime import datetime
from typing import Any
from uuid import UUID

from wtforms import DateTimeLocalField, FileField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.features.blog.models import Post, PostTag
from app.features.files import service as files
from app.kernel import ids, moments
from app.kernel.errors import Invalid
from app.kernel.pages import PanelForm

FIELDS = ("title", "slug", "excerpt", "body", "category", "cover_alt", "author_name", "meta_title", "meta_description")


class PostForm(PanelForm):
    """A post. Times are the tenant's."""

    title = StringField("Title", [InputRequired("Give it a title.")])
    body = TextAreaField("Text", [Optional()])
    slug = StringField("Address", [Optional()], description="Empty: made of the title.")
    excerpt = TextAreaField("Summary", [Optional()], description="For lists and the feed. Empty: how the text begins.")
    category = StringField("Category", [Optional()])
    tags = StringField("Tags", [Optional()], description="With commas between.")
    cover = FileField("Another picture", [Optional()], description="PNG, JPEG or WebP, at most 5 MiB.")
    cover_id = RadioField("Pictures that are kept", [Optional()], choices=[], validate_choice=False)
    cover_alt = StringField("What it shows", [Optional()], description="For those who do not see it.")
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
        form.cover_id.data = str(post.cover_id or "")
        form.scheduled_for.data = moments.on_clock(post.scheduled_for, zone)
        return form

    @property
    def fields(self) -> dict[str, Any]:
        """The answers as the service takes them, without when it publishes itself and a picture that was sent."""
        found: dict[str, Any] = {name: self.data[name] or "" for name in FIELDS}
        return found | {"tags": (self.tags.data or "").split(",")}

    @property
    def cover_chosen(self) -> UUID | None:
        """Which of the pictures that are kept is the cover.

        Raises:
            Invalid: this is none.
        """
        chosen = ids.parse_id(self.cover_id.data or "")
        if chosen is None and self.cover_id.data:
            raise Invalid.field("cover_id", "There is no such picture.")
        return chosen

    def offer(self, post: Post | None) -> None:
        """The pictures to choose from: the post's own, those of its text, and the last that were brought."""
        named = files.named_in(self.body.data or "") | (
            {post.cover_id} if post is not None and post.cover_id else set()
        )
        self.cover_id.choices = [
            SelectChoice("", "None"),
            *(SelectChoice(str(file.id), file.name) for file in files.to_choose_from(named)),
        ]

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


class CategoryForm(PanelForm):
    """What a category is called."""

    name = StringField("Name", [InputRequired("Give it a name.")])


class DeletionForm(PanelForm):
    """Where the posts of a category go that is deleted."""

    instead = SelectField("Its posts stand under", [Optional()], choices=[])
