"""Who did what, to which record, and when: written once, never changed."""

ADDRESSES = {"admin": ("/admin/audit",), "api": ("/api/admin/audit",)}
