"""What the hosting company's marketing site asks of the panel and posts to it."""

ADDRESSES = {"api": ("/api/marketing-api", "/api/marketing")}
