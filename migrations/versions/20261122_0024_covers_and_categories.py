"""Posts have a cover; categories of the blog are rows; testimonials count how often they were put in other words."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns
from app.kernel import clock
from app.kernel.ids import new_id

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLE = "blog_categories"
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COVER = "fk_blog_posts_tenant_id_cover_id"


def _id(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, app.kernel.columns.Id(length=16), nullable=nullable)


def _row_security(table: str) -> tuple[str, ...]:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING "
        "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
        "OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def upgrade() -> None:
    _add_covers()
    op.add_column("testimonials", sa.Column("revision", NUMBER, nullable=False, server_default="1"))
    categories = op.create_table(
        TABLE,
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        _id("tenant_id"),
        _id("id"),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{TABLE}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{TABLE}_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f(f"uq_{TABLE}_tenant_id_key")),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f(f"uq_{TABLE}_tenant_id_name_key")),
        info={"tenant_owned": True},
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in _row_security(TABLE):
            op.execute(statement)
        op.execute("SELECT set_config('mpanel.across', 'on', true)")
    _take_over(categories)


def _add_covers() -> None:
    """The picture and its words. SQLite builds the table anew for the foreign key; it bears no trigger."""
    with op.batch_alter_table("blog_posts") as batch:
        batch.add_column(_id("cover_id", nullable=True))
        batch.add_column(sa.Column("cover_alt", sa.Text(), nullable=False, server_default=""))
        batch.create_foreign_key(op.f(COVER), "stored_files", ["tenant_id", "cover_id"], ["tenant_id", "id"])
    op.create_index("ix_blog_posts_cover_id", "blog_posts", ["tenant_id", "cover_id"])


def _take_over(categories: sa.Table) -> None:
    """A row for each category that posts have, whatever their state. Posts of one key get one spelling."""
    posts = sa.table(
        "blog_posts",
        sa.column("tenant_id", app.kernel.columns.Id(length=16)),
        sa.column("category", sa.Text()),
        sa.column("category_key", sa.Text()),
    )
    session = op.get_bind()
    wanted = sa.select(posts.c.tenant_id, posts.c.category_key, sa.func.max(posts.c.category))
    found = session.execute(
        wanted.where(posts.c.category_key != "").group_by(posts.c.tenant_id, posts.c.category_key)
    ).all()
    for tenant_id, key, name in found:
        made = {"id": new_id(), "tenant_id": tenant_id, "created_at": clock.now()}
        session.execute(sa.insert(categories).values(**made, name=name, name_key=key, key=key))
        mine = (posts.c.tenant_id == tenant_id, posts.c.category_key == key, posts.c.category != name)
        session.execute(sa.update(posts).where(*mine).values(category=name))


def downgrade() -> None:
    """Posts keep the names of their categories. Covers are shown no more; their pictures stay kept for the posts."""
    op.drop_column("testimonials", "revision")
    op.drop_table(TABLE)
    op.drop_index("ix_blog_posts_cover_id", "blog_posts")
    with op.batch_alter_table("blog_posts") as batch:
        batch.drop_constraint(op.f(COVER), type_="foreignkey")
        batch.drop_column("cover_alt")
        batch.drop_column("cover_id")
