"""How a tenant looks: its name, its colours, the words and addresses under every page and mail."""

ADDRESSES = {"public": ("/brand",)}
