"""The operator: makes the brands that share the installation, and switches them off, on and away."""

ADDRESSES = {"admin": ("/admin/tenants",)}
