"""`mpanel isolation check`: tries every route with everybody's ids on a scratch database, and names what leaks.

What a new route needs stands in `said.py`; what a new table needs is one of it, made by the hooks of its room's
`specimen.py`: `in_house(tag)` for what a tenant has, `of_account(account, tag)` for what a customer has. Which of its
rows everybody may see stands there too: `SHOWN`, by table, a condition in SQL.
"""
