"""The house keeps its own rules (HOUSE.md): budgets, storeys, marks, addresses, tables, words."""

import re
from collections import Counter
from dataclasses import fields
from importlib.util import find_spec
from inspect import getsource

import pytest
import sqlalchemy as sa

from app.config import NAMES
from app.features import load_tables
from app.kernel import db, events, tenancy
from app.kernel.access import access_of
from tests.support import house
from tests.support import stores as schema
from tests.support.house import ROOT, grep, name_of, python_files, templates
from tools import routes, tidy

# --- budgets ---

LONG_FILES: dict[str, str] = {}
"""Files over the budget, with the reason."""
LONG_FUNCTIONS: dict[str, str] = {}
"""`file:function` over the budget, with the reason."""
LONG_TEMPLATES: dict[str, str] = {}
LINES, LINES_OF_TESTS = 300, 450
"""A file of tests is a list of sentences, read one at a time: it may be longer."""
TRUSTED = {"templates/messages/mail/_layout.html": "our own mail.css, which the inliner reads"}
"""Templates that print something unescaped, and what it is."""
RAW = {
    "app/features/audit/lines.py": "writes the log's rows with one statement that was made once; each names its tenant",
    "app/features/audit/sealing.py": "reads the log's rows as they lie there, by statements that name the tenant",
    "app/features/audit/verifying.py": "the same, over all seals of one tenant",
    "app/features/audit/listing.py": "leads the store to one index; each part of its statements names the tenant",
    "app/features/ops/picture.py": "asks Alembic for the revision, which wants a connection",
    "app/features/ops/service.py": "asks Alembic for the revision, which wants a connection",
    "app/features/tenants/service.py": "reads its own table, which belongs to nobody, by name",
}
"""Rooms that go past the session, and what for."""


def but_for(exceptions: dict[str, str], found: list[str]) -> list[str]:
    """What was found outside the files that have a reason."""
    return [line for line in found if line.partition(":")[0] not in exceptions]


def test_no_file_is_longer_than_300_lines():
    found = {name_of(path): len(path.read_text().splitlines()) for path in python_files("app", "tests", "tools")}

    allowed = {name: LINES_OF_TESTS if "/test_" in name else LINES for name in found}

    assert {name: lines for name, lines in found.items() if lines > allowed[name] and name not in LONG_FILES} == {}


def test_no_function_is_longer_than_40_lines():
    found = {
        f"{name_of(path)}:{name}": lines
        for path in python_files("app", "tests", "tools", "migrations")
        for name, lines in house.functions(path)
        if lines > 40
    }

    assert {name: lines for name, lines in found.items() if name not in LONG_FUNCTIONS} == {}


def test_no_template_is_longer_than_150_lines():
    found = {name_of(path): len(path.read_text().splitlines()) for path in templates()}

    assert {name: lines for name, lines in found.items() if lines > 150 and name not in LONG_TEMPLATES} == {}


# --- words ---


def test_only_the_kernel_catches_everything():
    outside = [path for path in python_files("app") if "kernel" not in path.parts]

    assert grep(outside, r"except\s*(\(?\s*(Base)?Exception\b|:)") == []


def test_only_the_clock_asks_what_time_it_is():
    outside = [path for path in python_files("app") if path.name != "clock.py"]

    assert grep(outside, r"datetime\.(now|utcnow|today)\(|date\.today\(") == []


def test_no_room_goes_round_the_session():
    """Nor round the tenant: a bare table beside an entity in one statement is not filtered on SQLite."""
    rooms = python_files("app/features")

    assert (
        but_for(RAW, grep(rooms, r"exec_driver_sql|\.connection\(\)|sqlite3|psycopg|\.__table__|from_statement")) == []
    )


def test_money_is_never_a_float():
    rooms = python_files("app/features")

    assert grep(rooms, r"\w*(minor|amount|price|total)\w*\s*[*/]\s*\d+\.\d|float\(\w*(minor|amount|price|total)") == []


def test_no_template_trusts_words_or_bears_script_and_style():
    drawn = [path for path in templates() if "mail" not in path.parts]

    assert but_for(TRUSTED, grep(templates(), r"\|\s*safe\b|Markup\(|autoescape\s+false")) == []
    assert grep(drawn, r"\sstyle\s*=|<style|<script(?![^>]*\bsrc=)(?![^>]*application/(json|ld\+json))") == []
    assert grep(drawn, r"\son[a-z]+\s*=\s*[\"']|hx-on|hx-vals=[\"']js:|javascript:") == []


def test_no_template_loads_anything_foreign():
    drawn = [path for path in templates() if "mail" not in path.parts]

    assert grep(drawn, r"(src|href|srcset|action)\s*=\s*[\"'](https?:)?//") == []


def test_nothing_is_put_off():
    found = grep(python_files("app", "migrations") + templates(), r"(?i)\b(TODO|FIXME|XXX|coming soon|lorem ipsum)\b")

    assert found == []


def test_no_tracked_file_names_a_registry_or_a_machine():
    assert tidy.faults() == []


def test_every_setting_is_explained_in_the_readme():
    readme = (ROOT / "README.md").read_text()

    assert [name for name in NAMES if f"`{name}`" not in readme] == []


def test_every_setting_that_is_read_is_listed():
    read = set(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|PORT|HOST)"', (ROOT / "app/config.py").read_text()))

    assert read - {"FLASK_DEBUG"} == set(NAMES)
    assert grep([path for path in python_files("app") if path.name != "config.py"], r"os\.environ\[|getenv\(") == []


# --- rooms ---


def test_every_room_says_what_it_is_for():
    for room in house.rooms():
        words = __import__(f"app.features.{room}", fromlist=["_"]).__doc__ or ""
        assert len(words.splitlines()) == 1, room


def test_a_door_draws_its_own_templates():
    wrong = []
    for path in python_files("app/features"):
        door = path.stem.split("_")[0]
        if door not in house.DOORS:
            continue
        for name in re.findall(r'["\']([a-z_]+/[a-z_]+/[\w/]+\.html)["\']', path.read_text()):
            if not name.startswith(f"{path.parent.name}/{door}/") or not (ROOT / "templates" / name).exists():
                wrong.append(f"{name_of(path)}: {name}")

    assert wrong == []


@pytest.mark.parametrize("room", house.rooms())
def test_every_door_has_its_tests_and_a_stranger_at_it(room):
    missing = []
    for door in house.DOORS:
        if find_spec(f"app.features.{room}.{door}") is None:
            continue
        file = ROOT / "tests" / room / f"test_{door}.py"
        if not file.exists() or not re.search(r"def test_\w*(stranger|nobody|everybody|foreign)\w*", file.read_text()):
            missing.append(name_of(file))

    assert missing == []


# --- routes ---


def test_every_route_says_who_may_come_in(panel_app):
    assert [route.address for route in routes.routes_of(panel_app) if route.access is None] == []


OPEN_TO_STAFF_AS_SOMEBODY = {
    "POST /client/account": "contact and address of the customer",
    "POST /client/impersonation/end": "the way back",
    "POST /client/services/<uuid:subscription_id>/cancellation": "what a customer asks for on the telephone",
    "POST /client/services/<uuid:subscription_id>/keeping": "the same taken back",
    "POST /sign-out": "ends both logins",
}
"""What staff may change while they see the portal as somebody, and why. Never passwords, factors, e-mail, people, keys,
consent or money."""


def test_staff_who_see_the_portal_as_somebody_only_read(panel_app):
    marked = {
        f"{method} {rule.rule}"
        for rule in panel_app.url_map.iter_rules()
        if access_of(panel_app.view_functions[rule.endpoint]).impersonated
        for method in rule.methods - {"HEAD", "OPTIONS", "GET"}
    }

    assert marked == set(OPEN_TO_STAFF_AS_SOMEBODY)


def test_every_address_leads_to_the_file_its_name_promises(panel_app):
    wrong = {
        route.address: route.module
        for route in routes.routes_of(panel_app)
        if not route.module.startswith(("app.doors.", "app.kernel."))
        and (promised := house.promised_file(route.address)) != route.module
        and not route.module.startswith(f"{promised}_")
    }

    assert wrong == {}


def test_every_prefix_has_one_owner():
    owners = Counter(
        prefix for room in house.rooms() for prefixes in house.addresses(room).values() for prefix in prefixes
    )

    assert [prefix for prefix, count in owners.items() if count > 1] == []


def test_every_declared_prefix_is_used(panel_app):
    used = [route.address for route in routes.routes_of(panel_app)]
    declared = [prefix for room in house.rooms() for prefixes in house.addresses(room).values() for prefix in prefixes]

    assert [prefix for prefix in declared if not any(address.startswith(prefix) for address in used)] == []


def test_nothing_is_changed_by_a_get(panel_app):
    """The door gives a GET a unit of work that cannot write, so it is enough that no verb hides in an address."""
    verbs = re.compile(r"/(delete|remove|create|update|cancel|end|revoke|send|resend|run)(/|$)")

    assert [r.address for r in routes.routes_of(panel_app) if r.method == "GET" and verbs.search(r.address)] == []


def test_the_list_of_routes_is_up_to_date(panel_app):
    assert (ROOT / "docs/routes.md").read_text() == routes.page(panel_app), "run `make routes`"


# --- tables ---

PLATFORM_TABLES = {
    "tenants": "the brands themselves",
    "scheduled_jobs": "work of the installation, over all tenants",
    "job_runs": "the claimed slots of that work",
    "limit_counters": "hashes and numbers",
    "heartbeats": "which processes of the installation are alive",
    "isolation_runs": "what the check of the walls between tenants found",
}
"""Tables without a tenant, and why."""


def test_every_table_belongs_to_a_tenant_or_says_why_not():
    tables = load_tables().tables.values()
    owned = {table.name for table in tenancy.tenant_tables()}

    assert {table.name for table in tables} - owned == set(PLATFORM_TABLES)
    assert {table.name for table in tables if "tenant_id" in table.c} - owned == set()


def test_every_foreign_key_has_an_index():
    bare = []
    for table in load_tables().tables.values():
        leads = [[column.name for column in index.columns] for index in table.indexes]
        leads += [
            [column.name for column in key.columns] for key in table.constraints if isinstance(key, sa.UniqueConstraint)
        ]
        leads.append([column.name for column in table.primary_key.columns])
        for key in table.foreign_key_constraints:
            wanted = set(key.column_keys)
            if not any(set(lead[: len(wanted)]) == wanted for lead in leads):
                bare.append(f"{table.name}({', '.join(key.column_keys)})")

    assert bare == []


def test_foreign_keys_between_tenants_tables_carry_the_tenant():
    owned = {table.name for table in tenancy.tenant_tables()}
    loose = [
        f"{table.name}({', '.join(key.column_keys)})"
        for table in tenancy.tenant_tables()
        for key in table.foreign_key_constraints
        if key.referred_table.name in owned and "tenant_id" not in key.column_keys
    ]

    assert loose == []


def test_every_reason_to_look_across_tenants_is_used_and_listed():
    code = "\n".join(path.read_text() for path in python_files("app"))
    used = set(re.findall(r'across_tenants\("([^"]+)"\)', code))

    assert used == set(tenancy.REASONS)


@pytest.mark.both_stores
def test_the_migrations_make_what_the_models_describe(stores, store):
    assert schema.drift(stores.fresh(store)) == []


@pytest.mark.both_stores
def test_the_migrated_store_refuses_what_the_guards_say(stores, store):
    """Triggers and row-level security are no part of what Alembic compares."""
    by_hand = stores.empty(store)
    engine = db.make_engine(by_hand)
    schema.create_all(engine)
    engine.dispose()

    assert _beyond_tables(stores.fresh(store)) == _beyond_tables(by_hand)


@pytest.mark.both_stores
def test_the_migrations_can_be_undone_and_done_again(stores, store):
    url = stores.empty(store)
    engine = db.make_engine(url)
    schema.migrate(engine)
    schema.migrate(engine, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    schema.migrate(engine)
    engine.dispose()

    assert schema.drift(url) == []


def _beyond_tables(url: str) -> list[tuple[str, ...]]:
    asked = {
        "sqlite": ("SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name",),
        "postgresql": (
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
            "SELECT tablename || policyname, coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies ORDER BY 1",
            "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
            "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1",
            "SELECT relname, relpersistence::text FROM pg_class WHERE relkind = 'r' AND relpersistence = 'u' ORDER BY 1",
        ),
    }
    engine = db.make_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for text in asked[engine.dialect.name] for row in connection.exec_driver_sql(text)]
    engine.dispose()
    return [(name, " ".join(text.split())) for name, text in found]


# --- events ---


def test_every_event_shows_an_example_of_what_it_sends():
    wrong = []
    for name, event in events.REGISTRY.items():
        sent = {events._camel(field.name) for field in fields(event)}
        if not re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", name) or set(event.example) != sent:
            wrong.append(f"{name}: {sorted(set(event.example) ^ sent)}")

    assert wrong == []


def test_reactions_say_who_listens_on_one_page():
    elsewhere = grep([path for path in python_files("app") if path.name != "reactions.py"], r"\bevents\.wire\(")

    assert elsewhere == []
    assert "def wire" in getsource(events)
