"""The rooms: one folder a feature, one file a door."""
