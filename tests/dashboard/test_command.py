"""`mpanel figures`: the kept figures are proved, and made anew, by a command."""

import sqlalchemy as sa

from app.kernel import db


def test_the_command_finds_a_wrong_figure_and_makes_it_anew(make_panel):
    panel = make_panel()
    panel.command("demo", "--customers", "3")
    assert panel.command("figures", "check").stdout == "The kept figures agree with the records.\n"
    engine = db.make_engine(panel.database_url)
    with engine.execution_options(panel_write=True).begin() as connection:
        connection.execute(sa.text("UPDATE daily_figures SET orders = orders + 1 WHERE orders > 0"))
        connection.execute(sa.text("UPDATE figure_deltas SET amount = amount + 1 WHERE name = 'orders'"))
    engine.dispose()

    wrong = panel.command("figures", "check", check=False)
    assert wrong.returncode == 1
    assert " orders: kept " in wrong.stdout
    assert "mpanel figures rebuild" in wrong.stderr

    assert "operator: " in panel.command("figures", "rebuild").stdout
    assert panel.command("figures", "check").stdout == "The kept figures agree with the records.\n"
