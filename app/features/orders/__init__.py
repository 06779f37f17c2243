"""Sales: every one is an order, with its lines, its invoice and the subscriptions it starts."""

ADDRESSES = {"admin": ("/admin/orders",)}
