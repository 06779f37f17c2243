"""What the blog tells about people: who wrote what. The text is the house's."""

from app.features.blog.models import Post
from app.kernel.personal import Held

HELD = (
    Held(
        "posts",
        Post,
        ("title", "slug", "author_name", "created_at", "published_at"),
        of_person=lambda who: Post.author_id == who,
        erased=lambda: {"author_name": "", "author_id": None},
    ),
)
