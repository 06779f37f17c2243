"""The statements of the outbox, each made once per table: they take rows that are due, and settle a row in hand.

Core statements, since building and synchronising ORM ones costs five times the work itself.
"""

from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from app.kernel import tenancy
from app.kernel.columns import Id


@cache
def claiming(model: type[Any], in_lane: bool = False) -> Any:
    """The statement that takes what is due, made once; with `in_lane` only what is for the receiver `lane`."""
    table = _table(model)
    order = [table.c[name] for name in model.outbox_order]
    open_states = table.c.state.in_([sa.literal_column("'waiting'"), sa.literal_column("'leased'")])
    due = (
        sa.select(table.c.id)
        .where(open_states, table.c.next_at <= sa.bindparam("due_at", type_=table.c.next_at.type))
        .where(*(_lane(table, model) == sa.bindparam("lane", type_=Id()) for _ in range(in_lane)))
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


@cache
def due_lanes(model: type[Any]) -> Any:
    """The statement that finds the receivers for whom something is due, and whose they are: from one to the next in
    the index, so that it costs the same however much waits for each. Made once."""
    table = _table(model)
    lane = _lane(table, model)
    open_states = table.c.state.in_([sa.literal_column("'waiting'"), sa.literal_column("'leased'")])
    some = sa.select(lane).where(open_states).order_by(lane).limit(1)
    walk = sa.select(some.scalar_subquery().label("lane")).cte("walk", recursive=True)
    following = some.where(lane > walk.c.lane).correlate(walk).scalar_subquery()
    walk = walk.union_all(sa.select(following).where(walk.c.lane.is_not(None)))
    is_due = sa.exists().where(
        lane == walk.c.lane, open_states, table.c.next_at <= sa.bindparam("due_at", type_=table.c.next_at.type)
    )
    of = sa.select(table.c.tenant_id).where(lane == walk.c.lane, open_states).limit(1).correlate(walk)
    found = sa.select(walk.c.lane, of.scalar_subquery()).where(walk.c.lane.is_not(None), is_due)
    return tenancy.named(found, "a sweep looks over all tenants; each row is then seen to in its own")


def _lane(table: sa.Table, model: type[Any]) -> Any:
    return table.c[model.outbox_lane]


def _table(model: type[Any]) -> sa.Table:
    return cast("sa.Table", model.__table__)
