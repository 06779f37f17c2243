"""Posts of the blog with their tags and addresses, and testimonials."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("blog_posts", "blog_slugs", "blog_tags", "testimonials")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("scheduled_for IS NOT NULL")


def _id(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, app.kernel.columns.Id(length=16), nullable=nullable)


def _moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, app.kernel.columns.UtcDateTime(timezone=True), nullable=nullable)


def _number(name: str) -> sa.Column:
    return sa.Column(name, NUMBER, nullable=False)


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _row_security(table: str) -> tuple[str, ...]:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING "
        "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
        "OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def _of_a_tenant(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    )


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def upgrade() -> None:
    _make_posts()
    _make_parts_of_posts()
    _make_testimonials()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in _row_security(table):
                op.execute(statement)


def _make_posts() -> None:
    op.create_table(
        "blog_posts",
        _text("slug"),
        _text("title"),
        sa.Column("title_key", app.kernel.columns.Code(), nullable=False),
        *[_text(name) for name in ("excerpt", "summary", "body", "html")],
        sa.Column("contents", app.kernel.columns.JSON, nullable=False),
        _text("category"),
        _text("category_key"),
        _id("author_id", nullable=True),
        *[_text(name) for name in ("author_name", "meta_title", "meta_description")],
        _number("reading_minutes"),
        *[_moment(name) for name in ("published_at", "first_published_at", "scheduled_for", "archived_at")],
        _moment("changed_at", nullable=False),
        _moment("dated_at", nullable=False),
        _number("views"),
        _number("revision"),
        *_of_a_tenant("blog_posts"),
        _points("blog_posts", "author_id", "users"),
        sa.CheckConstraint("scheduled_for IS NULL OR published_at IS NULL", name=op.f("ck_blog_posts_state")),
        sa.UniqueConstraint("tenant_id", "slug", name=op.f("uq_blog_posts_tenant_id_slug")),
        info={"tenant_owned": True},
    )
    sorted_by = {
        "author": ["author_id", "dated_at"],
        "category": ["category_key", "dated_at"],
        "changed": ["changed_at"],
        "dated": ["dated_at"],
        "title": ["title_key"],
        "views": ["views"],
    }
    for name, columns in sorted_by.items():
        op.create_index(f"ix_blog_posts_{name}", "blog_posts", ["tenant_id", *columns, "id"])
    op.create_index(
        "ix_blog_posts_due", "blog_posts", ["scheduled_for"], sqlite_where=WAITING, postgresql_where=WAITING
    )


def _make_parts_of_posts() -> None:
    op.create_table(
        "blog_slugs",
        _id("post_id"),
        _text("slug"),
        *_of_a_tenant("blog_slugs"),
        _points("blog_slugs", "post_id", "blog_posts"),
        sa.UniqueConstraint("tenant_id", "slug", name=op.f("uq_blog_slugs_tenant_id_slug")),
        info={"tenant_owned": True},
    )
    op.create_index("ix_blog_slugs_post_id", "blog_slugs", ["tenant_id", "post_id"])
    op.create_table(
        "blog_tags",
        _id("post_id"),
        _text("name"),
        _text("key"),
        *_of_a_tenant("blog_tags"),
        _points("blog_tags", "post_id", "blog_posts"),
        sa.UniqueConstraint("tenant_id", "post_id", "key", name=op.f("uq_blog_tags_tenant_id_post_id_key")),
        info={"tenant_owned": True},
    )
    op.create_index("ix_blog_tags_key", "blog_tags", ["tenant_id", "key", "post_id"])


def _make_testimonials() -> None:
    op.create_table(
        "testimonials",
        *[_text(name) for name in ("name", "title", "company", "quote")],
        _number("stars"),
        _id("photo_id", nullable=True),
        sa.Column("is_featured", sa.Boolean(), nullable=False),
        _number("position"),
        *[_moment(name) for name in ("approved_at", "rejected_at", "archived_at")],
        *_of_a_tenant("testimonials"),
        _points("testimonials", "photo_id", "stored_files"),
        sa.CheckConstraint("approved_at IS NULL OR rejected_at IS NULL", name=op.f("ck_testimonials_decided")),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_testimonials_stars")),
        info={"tenant_owned": True},
    )
    op.create_index("ix_testimonials_newest", "testimonials", ["tenant_id", "created_at", "id"])
    op.create_index("ix_testimonials_photo_id", "testimonials", ["tenant_id", "photo_id"])
    op.create_index("ix_testimonials_position", "testimonials", ["tenant_id", "position", "id"])
    op.create_index("ix_testimonials_stars", "testimonials", ["tenant_id", "stars", "id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
