"""Tenants never see each other: fail closed.

A statement on a tenant's table without a tenant set raises; with one set, rows of others do not exist. On PostgreSQL
row-level security says it a second time. Platform-wide work says so by name with `across_tenants(why)`; the reasons
that are allowed are listed in `REASONS`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NewType, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, MappedColumn, ORMExecuteState, Session, mapped_column, with_loader_criteria
from sqlalchemy.orm.session import SessionTransaction
from sqlalchemy.sql.visitors import iterate

from app.kernel import db
from app.kernel.db import PanelSession, Record

Across = NewType("Across", str)

REASONS = {
    "key": "find the tenant of an API key by its hash",
    "schedule": "scheduled work runs over all tenants, then sets each",
    "sweep": "the outbox is claimed over all tenants, then each row's tenant is set",
    "buffer": "what was gathered from all tenants is written at once; each row names its tenant",
    "operator": "the installation's own commands and checks",
    "metrics": "figures of the whole installation, without names",
}
"""Why a piece of work may look over all tenants. A reason that is not here is refused."""


class NoTenant(RuntimeError):
    """A tenant's table was touched while no tenant was set."""


class ForeignTenant(RuntimeError):
    """A row was about to be written for, or to point into, another tenant."""


class UnnamedStatement(RuntimeError):
    """A Core or textual statement did not say that it minds the tenant itself."""


_scope: ContextVar[UUID | Across | None] = ContextVar("tenant", default=None)


def current() -> UUID:
    """The tenant that is set.

    Raises:
        NoTenant: none is, or work is running across all of them.
    """
    scope = _scope.get()
    if not isinstance(scope, UUID):
        raise NoTenant("no tenant is set")
    return scope


def is_set() -> bool:
    """Whether one tenant is set."""
    return isinstance(_scope.get(), UUID)


@contextmanager
def as_tenant(tenant_id: UUID) -> Iterator[None]:
    """Do what is inside for one tenant."""
    with _scoped(tenant_id):
        yield


@contextmanager
def across_tenants(reason: str) -> Iterator[None]:
    """Do what is inside over all tenants; `reason` is a key of `REASONS`."""
    if reason not in REASONS:
        raise NoTenant(f"{reason!r} is no reason to look across tenants")
    with _scoped(cast(Across, reason)):
        yield


@contextmanager
def _scoped(scope: UUID | Across) -> Iterator[None]:
    token = _scope.set(scope)
    _tell_store()
    try:
        yield
    finally:
        _scope.reset(token)
        _tell_store()


def _tell_store() -> None:
    """Let row-level security follow a change of tenant inside a running transaction."""
    found = db.session() if db.has_session() else None
    if found is not None and found.in_transaction() and found.is_active:
        found.info["tenant_unsaid"] = _has_failed(found.connection())
        if not found.info["tenant_unsaid"]:
            _set_store_tenant(found.connection())


def _tell_store_late(current_session: Session) -> None:
    """Say what could not be said while a failed statement waited for its roll-back."""
    if current_session.info.pop("tenant_unsaid", False):
        _set_store_tenant(current_session.connection())


def _has_failed(connection: sa.Connection) -> bool:
    """Whether PostgreSQL takes nothing but a roll-back on this connection."""
    if connection.dialect.name != "postgresql":
        return False
    return bool(cast("Any", connection.connection.driver_connection).info.transaction_status.name == "INERROR")


def _set_store_tenant(connection: sa.Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    scope = _scope.get()
    connection.exec_driver_sql(
        "SELECT set_config('mpanel.tenant', %s, true), set_config('mpanel.across', %s, true)",
        (str(scope) if isinstance(scope, UUID) else "", "on" if isinstance(scope, str) else ""),
    )


class TenantRecord(Record):
    """A row that belongs to one tenant. The tenant is stamped when it is first flushed."""

    __abstract__ = True

    tenant_id: Mapped[UUID] = mapped_column(db.Id(), sa.ForeignKey("tenants.id"), index=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        table = cls.__dict__.get("__table__")
        if table is None:
            return
        table.info["tenant_owned"] = True
        table.append_constraint(sa.UniqueConstraint("tenant_id", "id"))
        for column in list(table.columns):
            target = column.info.get("tenant_key")
            if target is None:
                continue
            pointed = [f"{target}.tenant_id", f"{target}.id"]
            table.append_constraint(sa.ForeignKeyConstraint(["tenant_id", column.name], pointed))
            if column.info["indexed"]:
                sa.Index(f"ix_{table.name}_{column.name}", table.c.tenant_id, column)


def tenant_key(
    table: str, *, nullable: bool = False, index: bool = True, stays: bool = False, **kwargs: Any
) -> MappedColumn[Any]:
    """A column that points to a row of `table` in the same tenant, by a composite foreign key, indexed. With `stays` to
    that row for good, also when two rows of `table` become one (`features/merging`)."""
    info = {"tenant_key": table, "indexed": index, "stays": stays}
    return mapped_column(db.Id(), nullable=nullable, info=info, **kwargs)


def named(statement: sa.Executable, why: str) -> Any:
    """Mark a Core or textual statement as minding the tenant itself; `why` says how."""
    return statement.execution_options(panel_named=why)


@event.listens_for(PanelSession, "after_begin")
def _begin_with_tenant(_session: Session, _transaction: SessionTransaction, connection: sa.Connection) -> None:
    _set_store_tenant(connection)


@event.listens_for(PanelSession, "do_orm_execute")
def _keep_to_tenant(state: ORMExecuteState) -> None:
    if not state.session.info["write"] and (state.is_insert or state.is_update or state.is_delete):
        raise db.ReadOnlyUnit("a reading unit of work may not write")
    _tell_store_late(state.session)
    if state.execution_options.get("panel_named"):
        return
    if not state.is_orm_statement:
        raise UnnamedStatement("a Core or textual statement must be wrapped in tenancy.named()")
    scope = _scope.get()
    if isinstance(scope, str):
        return
    if scope is None:
        if _touches_tenants(state):
            raise NoTenant("no tenant is set")
        return
    if state.is_insert:
        _check_bulk_insert(state, scope)
        return
    if state.is_update:
        _check_bulk_update(state)
    # An eager join has no filter but this. Other rows keep none: they would bear one more each time they are read anew.
    every = {"include_aliases": True, "propagate_to_loaders": any(one.relationships for one in state.all_mappers)}
    mine = with_loader_criteria(TenantRecord, lambda row: row.tenant_id == scope, **every)
    state.statement = state.statement.options(mine)


def _touches_tenants(state: ORMExecuteState) -> bool:
    """Whether a tenant's table stands anywhere in the statement, however deep."""
    if any(issubclass(mapper.class_, TenantRecord) for mapper in state.all_mappers):
        return True
    parts = iterate(cast("sa.ClauseElement", state.statement))
    return any(isinstance(part, sa.Table) and part.info.get("tenant_owned") for part in parts)


def _check_bulk_insert(state: ORMExecuteState, scope: UUID) -> None:
    """A bulk insert names the tenant of each row itself; it may only be the one that is set."""
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, TenantRecord):
        return
    statement: Any = state.statement
    given: Any = state.parameters
    rows = given if isinstance(given, list) else [given or {}]
    named_here = _value_of(statement._values or {})
    if any(row.get("tenant_id", named_here) != scope for row in rows):
        raise ForeignTenant(f"a bulk insert into {mapper.class_.__name__} names another tenant")
    conflict: Any = getattr(statement, "_post_values_clause", None)
    if hasattr(conflict, "update_values_to_set"):
        targets = {getattr(target, "key", target) for target in conflict.inferred_target_elements or ()}
        if "tenant_id" not in targets:
            raise UnnamedStatement("an upsert that may hit another tenant's row must be wrapped in tenancy.named()")


def _check_bulk_update(state: ORMExecuteState) -> None:
    """A bulk update takes the tenant's criteria, unless it goes by primary key; and no row changes hands."""
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, TenantRecord):
        return
    if isinstance(state.parameters, list):
        raise UnnamedStatement("a bulk update by primary key knows no tenant; change the rows or use WHERE")
    if any(getattr(column, "key", column) == "tenant_id" for column in cast("Any", state.statement)._values or {}):
        raise ForeignTenant("a row does not change its tenant")


def _value_of(values: Any) -> Any:
    """What an insert's VALUES say of `tenant_id`, if they say it plainly."""
    for column, value in values.items():
        if getattr(column, "key", column) == "tenant_id":
            return value.value if isinstance(value, sa.BindParameter) else value
    return None


@db.admits
def _is_own(row: object) -> bool:
    """Rows that another tenant's work left in the session's identity map are not handed over."""
    scope = _scope.get()
    return not isinstance(scope, UUID) or not isinstance(row, TenantRecord) or row.tenant_id == scope


@event.listens_for(PanelSession, "loaded_as_persistent")
def _refuse_foreign_rows(current_session: Session, row: object) -> None:
    """The last net: a row of another tenant never enters a session that has one set."""
    if not _is_own(row):
        current_session.expunge(row)
        raise ForeignTenant(f"{type(row).__name__} belongs to another tenant")


@event.listens_for(TenantRecord, "refresh", propagate=True)
def _refuse_foreign_refresh(row: TenantRecord, _context: Any, _names: Any) -> None:
    """Loading a known row anew goes by its primary key alone, without any criteria."""
    if not _is_own(row):
        raise ForeignTenant(f"{type(row).__name__} belongs to another tenant")


@event.listens_for(PanelSession, "transient_to_pending")
def _stamp_when_added(_session: Session, row: object) -> None:
    """The tenant of a new row is the one that was set when it was added, whichever is set at the flush."""
    scope = _scope.get()
    if isinstance(row, TenantRecord) and row.tenant_id is None and isinstance(scope, UUID):
        row.tenant_id = scope


@event.listens_for(PanelSession, "before_flush")
def _stamp_and_check(current_session: Session, _context: Any, _instances: Any) -> None:
    _tell_store_late(current_session)
    scope = _scope.get()
    for row in (*current_session.new, *current_session.dirty, *current_session.deleted):
        if not isinstance(row, TenantRecord):
            continue
        if row.tenant_id is None and isinstance(scope, UUID):
            row.tenant_id = scope
        if scope is None:
            raise NoTenant("no tenant is set")
        if isinstance(scope, UUID) and row.tenant_id != scope:
            raise ForeignTenant(f"{type(row).__name__} belongs to another tenant")


def tenant_tables() -> list[sa.Table]:
    """Every table whose rows belong to a tenant."""
    return [table for table in Record.metadata.sorted_tables if table.info.get("tenant_owned")]


def row_security(table: str) -> list[str]:
    """The PostgreSQL statements that keep one tenant's rows of `table` from another's sight."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING "
        "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
        "OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    ]
