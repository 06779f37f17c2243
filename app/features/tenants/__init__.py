"""Tenants: the brands that share this installation, each with its own customers, money and name."""

ADDRESSES = {"admin": ("/admin/settings",)}
