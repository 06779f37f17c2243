"""The knowledge base: articles that staff write and everybody reads, and the search that finds them."""

ADDRESSES = {"public": ("/help",), "api": ("/api/kb",)}
