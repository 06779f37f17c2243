"""The installation itself: is it alive, is it ready, what runs, what waits."""

ADDRESSES = {
    "public": ("/healthz", "/readyz", "/metrics"),
    "api": ("/api/v1/__debug", "/api/health", "/api/live", "/api/ready"),
}
