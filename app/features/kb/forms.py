"""What comes in from the pages of the knowledge base. What each may be is `rules`' to say."""

from datetime import datetime
from typing import Any

from wtforms import DateTimeLocalField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from app.features.kb import rules, topics
from app.features.kb.models import Article
from app.features.kb.service import Words
from app.kernel import ids, moments
from app.kernel.errors import Invalid
from app.kernel.pages import PanelForm


class VoteForm(PanelForm):
    """Whether an article helped."""

    helpful = RadioField(
        "Did this solve it?",
        [InputRequired("Say yes or no.")],
        choices=[SelectChoice("yes", "Yes"), SelectChoice("no", "Not quite")],
    )
    comment = TextAreaField("What was missing, or what helped?", [Optional(), Length(max=rules.LONGEST_COMMENT)])

    @property
    def is_helpful(self) -> bool:
        """Yes."""
        return bool(self.helpful.data == "yes")


class ReviewForm(PanelForm):
    """What to tell the author of an article that is sent back."""

    note = TextAreaField("What is missing?", [Optional(), Length(max=rules.LONGEST_NOTE)])


class ArticleForm(PanelForm):
    """All that an author decides."""

    title = StringField("Title", [InputRequired("Give it a title.")])
    body = TextAreaField("Text in Markdown", [Optional()])
    slug = StringField("Address", [Optional()], description="Empty: made of the title.")
    category = SelectField("Topic", choices=[])
    tags = StringField("Tags", [Optional()], description="With commas between, such as imap, iphone.")
    summary = TextAreaField("For search engines", [Optional()], description="Empty: the beginning of the text.")
    seo_title = StringField("Title there", [Optional()], description="Empty: the title.")
    publish_at = DateTimeLocalField("Publish at", [Optional()], format=moments.TYPED)
    revision = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = (SelectChoice(str(topic.id), topic.name) for topic in topics.every())
        self.category.choices = [SelectChoice("", "None"), *known]

    @classmethod
    def of(cls, article: Article, zone: str) -> "ArticleForm":
        """Filled in as the article stands."""
        form = cls(
            formdata=None, title=article.title, body=article.body, slug=article.slug, summary=article.summary,
            seo_title=article.seo_title, category=str(article.category_id or ""), tags=", ".join(article.tags),
            revision=str(article.revision),
        )  # fmt: skip
        form.publish_at.data = moments.on_clock(article.publish_at, zone)
        return form

    @property
    def words(self) -> Words:
        """What was written."""
        return Words(
            title=self.title.data or "",
            body=self.body.data or "",
            summary=self.summary.data or "",
            seo_title=self.seo_title.data or "",
            tags=rules.split(self.tags.data or ""),
            slug=self.slug.data or "",
            category_id=ids.parse_id(self.category.data or ""),
        )

    @property
    def seen(self) -> int:
        """The revision that was open while this was written."""
        text = str(self.revision.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def moment(self, zone: str) -> datetime:
        """When it is to be published, in UTC.

        Raises:
            Invalid: none was chosen, or a year that nobody means.
        """
        at = moments.of_clock("publish_at", self.publish_at.data, zone)
        if at is None:
            raise Invalid.field("publish_at", "Say when.")
        return at


class TopicForm(PanelForm):
    """What a topic is called."""

    name = StringField("Name", [InputRequired("Give it a name.")])
    description = StringField(
        "In a few words", [Optional()], description="Under the name, such as: Mailboxes, phones, spam."
    )
    icon = SelectField("Drawing", choices=[SelectChoice(name, name.replace("-", " ")) for name in rules.ICONS])
    position = IntegerField(
        "Place", [InputRequired("0 is the first.")], default=0, description="The smaller, the further up."
    )
