"""A chart's numbers stand in an attribute of its page: whatever the words in them, they stay inside it."""

import html
import json
import re

from flask import Flask

HOSTILE = "'\"><script>alert(1)</script> onload='x' &#39; &quot; \\ \u2028 O'Neill"


def test_no_word_leaves_the_attribute_that_holds_a_charts_data(panel_app: Flask) -> None:
    data = {"x": [1], "prefix": HOSTILE, "series": [{"label": HOSTILE, "data": [2]}]}
    table = {"head": ["Day", HOSTILE], "rows": [["1", HOSTILE]]}

    page = panel_app.jinja_env.from_string("{{ ui.chart('c', data, label, table) }}")
    drawn = page.render(data=data, label=HOSTILE, table=table)

    (kept,) = re.findall(r"data-chart='([^']*)'", drawn)
    assert json.loads(html.unescape(kept)) == data
    assert "<script" not in drawn
    assert drawn.count("onload='") == 0
