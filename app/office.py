"""The commands of an operator that need the house. Each is one call; `cli` loads them when one is asked for."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from app import demo as sample
from app import setup
from app.features.accounts import service as accounts
from app.features.api_keys import service as api_keys
from app.features.audit import facts as audit_facts
from app.features.audit import verifying
from app.features.billing import ledger
from app.features.dashboard import truth
from app.features.payments import service as payments
from app.features.tenants import service as tenants
from app.isolation import command as isolation_check
from app.kernel import db, schedule, tenancy
from app.running import checks, ground
from app.running.ground import operator, operators_house, panel
from app.running.plain import Failure, WrongGiven, plainly, settings


@click.group()
def main() -> None:
    """All of them; `cli` shows them beside its own."""


@main.command()
@click.option("--quiet", is_flag=True, help="Say nothing where nothing is wrong.")
@plainly
def migrate(quiet: bool) -> None:
    """Bring the database to the newest revision. Of several at once, one migrates and the others wait."""
    ground.migrate(settings())
    if not quiet:
        click.echo("The database is at the newest revision.")


@main.command()
@click.option(
    "--demo", "with_demo", is_flag=True, help="Load a small demo into an empty panel, and print how to try it."
)
@plainly
def init(with_demo: bool) -> None:
    """Make the first tenant, its owner and the plans, from the environment. Safe to repeat."""
    found = settings()
    ground.migrate(found)
    with panel(found):
        for line in setup.initialise(found, with_demo=with_demo):
            click.echo(line)


@main.command()
@click.option("--customers", default=12, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=1, show_default=True, type=int, help="Others for another one.")
@plainly
def demo(customers: int, seed: int) -> None:
    """Load years of believable history: customers, about ten invoices each, payments, services, tasks.

    Brings the demo of a seed to so many customers; those who are here already
    stay as they are. Written in bulk, in one transaction: stopped, it leaves
    nothing. An idle core writes about 15,000 rows a second, and a customer has
    125 of them: 10,000 customers take a minute and a half and 0.6 GB of disk,
    100,000 about 20 minutes and 6.3 GB.
    """
    with operators_house() as found:
        if found.smtp_url is not None:
            raise Failure("SMTP_URL is set, and the demo's people would be written to: load it without a mail server")
        began = time.monotonic()

        def tell(done: int, rows: int) -> None:
            rate = rows / max(time.monotonic() - began, 0.001)
            click.echo(
                f"\r{done:,} of {customers:,} customers, {rows:,} rows, {rate:,.0f} a second ", nl=False, err=True
            )

        login, written = sample.load(customers, seed=seed, tell=tell)
    if not login.made:
        click.echo("All of them are here already; another --seed makes others.")
        return
    click.echo(err=True)
    people = "1 customer" if login.made == 1 else f"{login.made:,} customers"
    click.echo(f"{people}. One to sign in as: {login.email}   {login.password}")
    click.echo(f"{written.invoices:,} invoices, {written.rows:,} rows.")


@main.group()
def owner() -> None:
    """The owner of the installation."""


@owner.command("reset")
@click.option("--email", help="Whose access to restore; the first owner's by default.")
@plainly
def reset_owner(email: str | None) -> None:
    """Let a lost owner in again: prints a link for a new password, good for one hour."""
    with operator():
        user, link = accounts.reset_owner(email)
        address = user.email
    click.echo(f"A new password for {address}, within an hour:\n{link}")


@main.group("api-key")
def api_key() -> None:
    """Keys for programs."""


@api_key.command("create")
@click.option("--name", required=True)
@click.option("--scope", "scopes", required=True, multiple=True, help="May be given several times.")
@click.option("--collected", is_flag=True, help="What it sells is paid: the site takes the money itself.")
@plainly
def create_api_key(name: str, scopes: tuple[str, ...], *, collected: bool) -> None:
    """Make a key and print it, and nothing else. It is never shown again."""
    with operator():
        _row, secret = api_keys.create(name, scopes=list(scopes), payments="collected" if collected else "")
    click.echo(secret)


@main.group()
def jobs() -> None:
    """Scheduled work."""


@jobs.command("list")
@plainly
def list_jobs() -> None:
    """What runs when, and what came of it."""
    with panel():
        schedule.install()
        with db.transaction(write=False):
            rows = schedule.listed()
        click.echo(f"{'NAME':28} {'WHEN':16} {'ZONE':10} {'NEXT':20} {'LAST':20} OUTCOME")
        for row in rows:
            last = f"{row.last_run_at:%Y-%m-%d %H:%M:%S}" if row.last_run_at else "never"
            outcome = " ".join(filter(None, [row.last_outcome, row.last_error])) or "-"
            missed = f" ({row.last_missed} missed before)" if row.last_missed else ""
            next_run = f"{row.next_run_at:%Y-%m-%d %H:%M:%S}"
            click.echo(f"{row.name:28} {row.cron:16} {row.zone:10} {next_run:20} {last:20} {outcome}{missed}")


@jobs.command("run")
@click.argument("name")
@click.option("--at", metavar="TIME", help="The slot to run, as 2026-11-20T02:00 (UTC unless it says otherwise).")
@plainly
def run_job(name: str, at: str | None) -> None:
    """Run scheduled work now. A slot that has run already is not run again."""
    moment = _moment(at) if at else None
    with panel():
        schedule.install()
        try:
            slot = schedule.claim_now(name, moment)
        except schedule.UnknownJob as problem:
            raise Failure(f"there is no scheduled work named {name}; `mpanel jobs list` shows all") from problem
        if slot is None:
            click.echo("That slot has run already.")
            return
        outcome = schedule.perform(slot)
    click.echo(outcome)
    sys.exit(0 if outcome == "done" else 1)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise WrongGiven("--at must be a time such as 2026-11-20T02:00") from problem
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


@main.group("ledger")
def ledger_group() -> None:
    """The books."""


@ledger_group.command("check")
@plainly
def check_ledger() -> None:
    """Prove that the ledger balances and agrees with invoices, credit and payments. Exit code 1 when it does not."""
    with panel(), tenancy.across_tenants("operator"), db.transaction(write=False):
        found = [*ledger.check(), *payments.check()]
    for sentence in found:
        click.echo(sentence)
    if found:
        raise Failure(f"{len(found)} things are wrong in the ledger")
    click.echo("The ledger balances and agrees with invoices, credit and payments.")


@main.group()
def figures() -> None:
    """The kept sums behind the staff's first page and the reports."""


@figures.command("rebuild")
@plainly
def rebuild_figures() -> None:
    """Make the kept figures of every tenant anew from the records. Payments and orders wait for it meanwhile."""
    with panel():
        for slug, count in truth.rebuild_all():
            click.echo(f"{slug}: {count:,} figures kept.")


@figures.command("check")
@plainly
def check_figures() -> None:
    """Compare the kept figures of every tenant with the records. Exit code 1 when they differ."""
    with panel():
        differences = list(truth.check_all())
    for slug, line in differences:
        click.echo(f"{slug}: {line}")
    if differences:
        raise Failure("the kept figures differ from the records; `mpanel figures rebuild` makes them anew")
    click.echo("The kept figures agree with the records.")


@main.group()
def audit() -> None:
    """The audit log."""


_TENANT = click.option("--tenant", "slug", default="", help="Only this one, by its short name.")


@audit.command("verify")
@_TENANT
@plainly
def verify_audit(slug: str) -> None:
    """Prove that no row of the audit log was altered, removed or inserted. Exit code 1 when one was."""
    wrong = 0
    with panel():
        for tenant_id, name in tenants.named_so(slug):
            with tenancy.as_tenant(tenant_id):
                found = verifying.verify()
                audit_facts.keep(found)
            wrong += len(found.findings)
            click.echo(f"{name}: {found.summary}")
            for finding in found.findings:
                click.echo(f"  {finding.kind}: {finding.text}")
    if wrong:
        raise Failure(f"{wrong} findings: the audit log is not as it was written")


@audit.command("anchor")
@_TENANT
@click.option("--reason", required=True, help="Such as: played back from the backup of 3 March. Stands in the log.")
@plainly
def anchor_audit(slug: str, reason: str) -> None:
    """Take the log as it is now for true, after a backup was played back or the file of anchors was lost."""
    with panel():
        for tenant_id, name in tenants.named_so(slug):
            with tenancy.as_tenant(tenant_id):
                number = audit_facts.anchor_anew(reason)
            click.echo(f"{name}: {f'anchored at segment {number}.' if number else 'nothing is sealed yet.'}")


@main.group()
def isolation() -> None:
    """The walls between tenants and between customers."""


@isolation.command("check")
@click.option("--only", default="", metavar="ROUTE", help="One route: an address, or `GET /admin/orders`.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, writable=True), help="Write all of it there too.")
@click.option("--store", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option(
    "--database-url", help="A PostgreSQL database beside which a scratch one is made; DATABASE_URL by default."
)
@plainly
def check_isolation(only: str, json_file: str | None, store: str, database_url: str | None) -> None:
    """Try every route with everybody's ids, on a scratch database. Exit code 1 when anything leaks.

    Nothing of the installation is read or changed, but that the result of a whole run is kept for /admin/ops.
    """
    report = isolation_check.run(only, store, database_url)
    for finding in report.findings:
        click.echo(str(finding))
    click.echo(report.summary)
    if json_file:
        Path(json_file).write_text(report.write())
    if not only and not isolation_check.keep(report):
        click.echo("Not kept for /admin/ops: there is no migrated database here.", err=True)
    sys.exit(1 if report.findings else 0)


@main.command()
def doctor() -> None:
    """Check the installation; each line says ok or what is wrong. Exit code 1 when something is."""
    found = checks.run(settings())
    for check in found:
        click.echo(f"{'ok     ' if check.is_fine else 'PROBLEM'}  {check.name}: {check.text}")
    sys.exit(0 if all(check.is_fine for check in found) else 1)
