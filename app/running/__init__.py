"""The processes: web, worker, and the supervisor that keeps them."""
