"""What customers rent: a plan, its price and cycle, and where it stands."""

ADDRESSES = {"client": ("/client/services",), "admin": ("/admin/subscriptions",)}
