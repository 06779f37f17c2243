"""The blog: posts that staff write, that publish themselves at their time, and that everybody reads."""

ADDRESSES = {"public": ("/blog",), "api": ("/api/marketing/blog", "/api/v1/blog")}
