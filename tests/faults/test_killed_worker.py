"""R-01: a worker killed while it delivers loses no mail."""

import pytest

from tests.conftest import PanelMaker
from tests.faults.drills import kill_workers
from tests.support.mail import MailServer

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]


def test_a_killed_worker_loses_no_mail(make_panel: PanelMaker, mail_server: MailServer) -> None:
    kill_workers(make_panel(SMTP_URL=mail_server.url), mail_server, rows=300, kills=6, within=120)
