"""R-02: stopping and starting the panel loses nothing and sends nothing twice."""

import pytest

from tests.conftest import PanelMaker
from tests.faults.drills import restart
from tests.support.mail import MailServer

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]


def test_a_restart_loses_no_mail_and_sends_none_twice(make_panel: PanelMaker, mail_server: MailServer) -> None:
    restart(make_panel(SMTP_URL=mail_server.url), mail_server, rows=300, restarts=2)
