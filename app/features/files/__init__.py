"""Pictures that people bring, kept as our own bytes: what shows them, and what nobody uses any more."""

ADDRESSES = {"admin": ("/admin/files",), "public": ("/files",), "api": ("/api/v1/files",)}
