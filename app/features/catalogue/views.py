"""The database view `hosting_plans`: hosting products with their monthly price, for readers of plain SQL."""

_SELECT = (
    "SELECT products.id, products.tenant_id, products.slug, products.name, products.description, products.category, "
    "products.features, products.storage_gb, products.bandwidth_gb, products.websites, products.mailboxes, "
    "products.featured, products.active, products.stock, prices.amount_minor AS price_minor, prices.currency, "
    "'monthly' AS billing_cycle, products.created_at FROM products "
    "LEFT JOIN prices ON prices.tenant_id = products.tenant_id AND prices.product_id = products.id "
    "AND prices.cycle = 'monthly' "
    "WHERE products.category LIKE '%%-hosting' AND products.archived_at IS NULL"
)

# security_invoker: row-level security of the tables holds for whoever reads the view, not for its owner.
VIEWS: dict[str, list[str]] = {
    "sqlite": [
        "DROP VIEW IF EXISTS hosting_plans",
        f"CREATE VIEW hosting_plans AS {_SELECT}",
    ],
    "postgresql": [
        f"CREATE OR REPLACE VIEW hosting_plans WITH (security_invoker = true) AS {_SELECT}",
    ],
}
"""Data definition statements by dialect, to be run after the tables; each may be run again."""
