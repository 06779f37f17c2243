"""R-01, R-02 and R-33 in full. `make soak`."""

import pytest

from tests.conftest import PanelMaker
from tests.faults.conftest import make_keys
from tests.faults.drills import kill_workers, reload_under_load, restart
from tests.support.mail import MailServer
from tests.support.redis import Redis

pytestmark = pytest.mark.slow


@pytest.mark.both_stores
@pytest.mark.parametrize("bell", ["sqlite", "redis"])
def test_a_hundred_kills_lose_no_mail_of_ten_thousand(
    make_panel: PanelMaker, mail_server: MailServer, redis_server: Redis, bell: str
) -> None:
    environment = {"REDIS_URL": redis_server.url} if bell == "redis" else {}
    panel = make_panel(SMTP_URL=mail_server.url, **environment)

    kill_workers(panel, mail_server, rows=10_000, kills=100, within=1200)


@pytest.mark.both_stores
def test_twenty_restarts_lose_no_mail_of_two_thousand_and_send_none_twice(
    make_panel: PanelMaker, mail_server: MailServer
) -> None:
    restart(make_panel(SMTP_URL=mail_server.url), mail_server, rows=2_000, restarts=20)


@pytest.mark.both_stores
def test_twenty_reloads_at_fifty_requests_a_second_lose_none(make_panel: PanelMaker) -> None:
    panel = make_panel()

    reload_under_load(panel, make_keys(panel, 4), reloads=20, pause=0.08)
