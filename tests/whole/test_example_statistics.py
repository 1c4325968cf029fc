"""The pictures of a library at the example site: what they show, and what they leave out."""

from __future__ import annotations

from tests.kit.example_site import run_at_example_site

STATISTICS = """
from datetime import date, timedelta
import django; django.setup()
from django.utils import timezone
from pages.views.statistics import MOST_MONTHS, Bar, Picture, _over_time
today = timezone.now().date()
last_year, this_month = date(today.year - 1, 12, 1), today.replace(day=1)
few = _over_time([(last_year, 5), (this_month, 2)])
print(few.key, few.gist == f"Most: Dec {today.year - 1}, 5", few.bars[-1].label == f"{today:%b %Y} so far")
many = _over_time([(date(2000 + at // 12, 1 + at % 12, 1), 1) for at in range(MOST_MONTHS + 1)] + [(this_month, 2)])
print(many.key, [(bar.label, bar.count) for bar in many.bars[:-1]], many.bars[-1].label == f"{today.year} so far")
print(repr(_over_time([]).gist))
for kind in ("bars", "columns"):
    print([Picture("albums", kind, "", "", [Bar("", n) for n in counts]).says_something for counts in ([4, 4], [4, 3])])
"""


def test_pictures_show_what_can_be_told_apart(tmp_path):
    done = run_at_example_site(STATISTICS, f"sqlite:///{tmp_path}/site.sqlite3")

    assert done.stdout.splitlines() == [
        "Month True True",
        "Year [('2000', 12), ('2001', 12), ('2002', 12), ('2003', 1)] True",
        "''",
        "[False, True]",
        "[True, True]",
    ], done.stderr
