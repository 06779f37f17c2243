"""The staff's list of articles."""

from app.features.kb.models import Article, Category
from app.features.kb.service import KIND
from app.kernel.lists import Choice, Exact, Join, Listing, Search, Sort, Words

ARTICLES = Listing(
    name="articles",
    here="/admin/kb",
    model=Article,
    columns=(
        Article.id, Article.title, Article.slug, Article.state, Article.published_at, Article.publish_at, Category.name,
        Article.changed_at, Article.created_at,
    ),
    joins=(Join(Category, Category.id == Article.category_id, outer=True),),
    search=Search("q", Words(KIND, Article.id)),
    filters=(
        Choice(
            "state",
            {
                "draft": Article.state == "draft",
                "review": Article.state == "review",
                "published": Article.state == "published",
                "scheduled": Article.publish_at.is_not(None),
                "archived": Article.state == "archived",
            },
        ),
        Exact("topic", Article.category_id),
    ),
    sorts={
        "changed": Sort("Last changed first", Article.changed_at, is_falling=True),
        "newest": Sort("Newest first", Article.created_at, is_falling=True),
        "title": Sort("By title", Article.title_key),
    },
)  # fmt: skip
