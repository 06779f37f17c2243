"""The search of the help centre asks its indexes: on PostgreSQL by words that begin with their tenant, on SQLite by an
index of titles and tags beside that of all words."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

PARTS = ("title", "heads", "words")
OWN = (
    "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
    "OR (SELECT current_setting('mpanel.across', true)) = 'on')"
)
POLICIES = {
    "tenant_adds": f"FOR INSERT WITH CHECK {OWN}",
    "tenant_changes": f"FOR UPDATE USING {OWN}",
    "tenant_drops": f"FOR DELETE USING {OWN}",
    "found_numbers": "FOR SELECT USING (true)",
}
HEADS, LIKE_OURS = "kb_search_heads", "tokenize='unicode61 remove_diacritics 0', prefix='2 3 4'"
MARK = "right(replace(tenant_id::text, '-', ''), 8) || '-'"
MARKED = f"{MARK} || word"
BARE = f"substr(word, length({MARK}) + 1)"


def upgrade() -> None:
    op.drop_index("ix_kb_pages_number", "kb_pages")
    op.create_index("ix_kb_pages_number", "kb_pages", ["number", "tenant_id", "views", "id"])
    if op.get_bind().dialect.name != "postgresql":
        op.execute(f"CREATE VIRTUAL TABLE {HEADS} USING fts5(tenant, title, tags, {LIKE_OURS})")
        op.execute(f"INSERT INTO {HEADS} (rowid, tenant, title, tags) SELECT rowid, tenant, title, tags FROM kb_search")
        return
    op.execute("ALTER TABLE kb_search SET (toast_tuple_target = 128)")
    _rewrite(MARKED, fastupdate="off")
    op.execute("DROP POLICY tenant_only ON kb_search")
    for name, rule in POLICIES.items():
        op.execute(f"CREATE POLICY {name} ON kb_search {rule}")


def downgrade() -> None:
    op.drop_index("ix_kb_pages_number", "kb_pages")
    op.create_index("ix_kb_pages_number", "kb_pages", ["number"])
    if op.get_bind().dialect.name != "postgresql":
        op.execute(f"DROP TABLE {HEADS}")
        return
    for name in POLICIES:
        op.execute(f"DROP POLICY {name} ON kb_search")
    op.execute(f"CREATE POLICY tenant_only ON kb_search USING {OWN}")
    op.execute("ALTER TABLE kb_search RESET (toast_tuple_target)")
    _rewrite(BARE, fastupdate="on")


def _rewrite(word: str, *, fastupdate: str) -> None:
    """Each word of every tenant anew, and the indexes after them: made at once they are smaller."""
    for part in PARTS:
        op.execute(f"DROP INDEX ix_kb_search_{part}")
    op.execute(sa.text("SELECT set_config('mpanel.across', 'on', true)"))
    made = ", ".join(
        f"{part} = array_to_tsvector(ARRAY(SELECT {word} FROM unnest(tsvector_to_array({part})) AS word))"
        for part in PARTS
    )
    op.execute(f"UPDATE kb_search SET {made}")
    op.execute(sa.text("SELECT set_config('mpanel.across', '', true)"))
    for part in PARTS:
        op.execute(f"CREATE INDEX ix_kb_search_{part} ON kb_search USING gin ({part}) WITH (fastupdate = {fastupdate})")
