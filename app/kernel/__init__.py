"""Ground floor: what every room stands on. Knows no feature by name."""
