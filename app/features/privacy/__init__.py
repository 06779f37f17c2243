"""Privacy: the copy of what is held about somebody, erasing it, and how long things are kept."""

ADDRESSES = {"api": ("/api/v1/privacy",)}
