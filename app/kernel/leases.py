"""The two statements of the outbox, each made once per table: one takes rows that are due, one settles a row in hand.

Core statements, since building and synchronising ORM ones costs five times the work itself.
"""

from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from app.kernel import tenancy


@cache
def claiming(model: type[Any]) -> Any:
    """The statement that takes what is due, made once."""
    table = _table(model)
    order = [table.c[name] for name in model.outbox_order]
    open_states = table.c.state.in_([sa.literal_column("'waiting'"), sa.literal_column("'leased'")])
    due = (
        sa.select(table.c.id)
        .where(open_states, table.c.next_at <= sa.bindparam("due_at", type_=table.c.next_at.type))
        .order_by(*order)
        .limit(sa.bindparam("most", type_=sa.Integer()))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    until: sa.BindParameter[Any] = sa.bindparam("until")
    token: sa.BindParameter[Any] = sa.bindparam("token")
    taken = {"state": "leased", "attempts": table.c.attempts + 1, "next_at": until, "lease_until": until}
    take = (
        sa.update(table)
        .where(table.c.id.in_(sa.select(due.c.id)))
        .values({**taken, "lease_token": token})
        .returning(table.c.id, table.c.tenant_id, table.c.attempts, *order)
    )
    return tenancy.named(take, "a sweep claims rows of all tenants; each is then seen to in its own")


@cache
def settling(model: type[Any], names: tuple[str, ...]) -> Any:
    """The statement that writes `names` into one row in hand, made once."""
    table = _table(model)
    mine = sa.update(table).where(
        table.c.id == sa.bindparam("mine_id"),
        table.c.tenant_id == sa.bindparam("mine_tenant"),
        table.c.lease_token == sa.bindparam("mine_token"),
        table.c.state == sa.literal_column("'leased'"),
    )
    new = mine.values({name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names})
    return tenancy.named(new, "the lease is of one row, and its tenant is compared")


def _table(model: type[Any]) -> sa.Table:
    return cast("sa.Table", model.__table__)
