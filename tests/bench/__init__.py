"""The goals of speed, measured beside references in one run: `make bench`."""
