"""What the example site says of a sync that goes on, waits, was forgotten or fell silent, and of the next one."""

from __future__ import annotations

from tests.kit.example_site import run_at_example_site

#: Asks for the overview and one shelf as each state of a run has them.
STATES = """
import re
from datetime import timedelta
import django; django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from pages.progress import LONG_QUEUED
from pages.shelves import LATE
call_command("migrate", verbosity=0)
now = timezone.now()
account = SpotifyAccount.objects.create(
    user=User.objects.create(username="ada"), spotify_id="ada", authorized_at=now,
    reauthorize_by=now + timedelta(days=180),
)
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
minute = timedelta(minutes=1)
def plain(part):
    return " ".join(re.sub("<[^>]*>", " ", part).split())
def shelf(resource="tracks", **run):
    SyncRun.objects.all().delete()
    if run:
        SyncRun.objects.create(account=account, resource=resource, trigger="user", **run)
    text = client.get(f"/shelf/{resource}/", headers={"HX-Request": "true"}).content.decode()
    state = re.search('data-status="(.*?)"', text)
    return (
        plain(re.search('id="count-.*?>(.*?)</p>', text, re.DOTALL)[1]),
        state and state[1],
        plain(re.search('class="run">(.*?)role="status"', text, re.DOTALL)[1].rpartition("<p")[0]),
        plain(re.search('id="said-.*?>(.*?)</p>', text, re.DOTALL)[1]),
        re.findall('hx-trigger="every (.*?)"', text),
        "aria-disabled" in text, "data-turning" in text, "<progress" in text,
    )
def tell(*said):
    print(*said, sep="|")
tell(*shelf())
tell(*shelf(status="queued"))
tell(*shelf(status="queued", created_at=now - LONG_QUEUED - 40 * minute))
alive = {"status": "running", "started_at": now - 10 * minute, "heartbeat_at": now}
tell(*shelf(**alive, done=300, total=1234))
tell(*shelf("playlists", **alive, done=300, total=1234))
tell(*shelf(**alive | {"heartbeat_at": now - 20 * minute}, done=300, total=1234))
paused = {"status": "waiting", "reason": "quota_exceeded", "resume_at": now + 121 * minute, "started_at": now}
tell(*shelf(**paused, done=50, total=100))
done = {"started_at": now, "finished_at": now}
tell(*shelf(status="succeeded", **done, created=1234, unchanged=5, requests=30))
SyncState.objects.create(account=account, resource="tracks", full_at=now, next_sync_at=now + 90 * minute)
skipped = {"null_item": 5, "no_id": 2, "unreadable_list": 1}
tell(*shelf("playlists", status="succeeded", **done, created=3184, skipped=8, skipped_reasons=skipped))
tell(*shelf(status="succeeded", **done)[:1])
def next_sync():
    found = re.search('id="next-sync">(.*?)</p>', client.get("/").content.decode(), re.DOTALL)
    return found and plain(found[1]), found and re.findall('datetime="(.*?)"', found[1])
soon = now + 90 * minute
tell(next_sync() == (f"The next sync by itself: {soon:%-d %b %Y, %H:%M} UTC .", [f"{soon:%Y-%m-%dT%H:%M:%S.%f}+00:00"]))
for overdue in (minute, LATE + minute):
    SyncState.objects.update(next_sync_at=now - overdue)
    tell(next_sync()[0])
SyncState.objects.update(next_sync_at=None)
tell(next_sync()[0])
"""


def test_each_state_of_a_run_is_told_from_the_others(database):
    done = run_at_example_site(STATES, database)

    assert done.returncode == 0, done.stderr
    lines = [line.split("|") for line in done.stdout.splitlines()]
    counts = [line[0] for line in lines[:10]]
    nothing_yet = "— not counted yet"
    assert counts == [
        *[nothing_yet] * 3,
        "300",  # counts up while nothing is written
        nothing_yet,  # items are counted there, and not playlists
        "300",
        "50",
        nothing_yet,
        nothing_yet,
        "0",  # read, and there was nothing
    ]
    states = [line[1] for line in lines[:9]]
    assert states == [
        "None",
        "queued",
        "stuck",
        "running",
        "running",
        "stuck",
        "waiting",
        "succeeded",
        "succeeded",
    ]
    shown = [line[2] for line in lines[:9]]
    assert shown[1] == "Waiting for its turn…"
    assert shown[2].startswith(
        "It has waited for 42 minutes, and nothing has begun. This site is very busy"
    )
    assert shown[3].startswith("Reading from Spotify… 300 of 1,234 tracks 6 of 25 pages")
    assert "left" in shown[3]
    assert shown[5].startswith(
        "Nothing was heard of it for 20 minutes. Whatever read it seems to have stopped."
    )
    assert "left" not in shown[5]
    assert shown[6].startswith(
        "Paused. What Spotify allows this app for today is used up. 50 of 100 tracks"
    )
    assert "UTC" in shown[6]
    assert shown[7].endswith("1,234 new")
    assert "3,184 new lists and items 8 cannot be shown Spotify has a place" in shown[8]
    assert shown[8].count("Spotify has a place in the list") == 1
    assert shown[8].endswith("Some playlists are shown to their owners alone.")

    said = [line[3] for line in lines[:9]]
    assert said[3] == "Saved tracks: Reading from Spotify…"
    assert said[6].endswith("At least 50% is here.")
    assert said[7] == "Saved tracks: In step with Spotify: 1,234 new"
    assert [line[4] for line in lines[:9]] == [
        "[]",
        "['600ms']",
        "['5s']",
        "['600ms']",
        "['600ms']",
        "['5s']",
        "['5s']",
        "[]",
        "[]",
    ]
    disabled, turning, bars = ([line[at] == "True" for line in lines[:7]] for at in (5, 6, 7))
    assert disabled == [
        False,
        True,
        True,
        True,
        True,
        False,
        True,
    ]  # who fell silent may be asked anew
    assert turning == [False, False, False, True, True, False, False]
    assert bars == [False, True, False, True, True, False, True]

    assert [line[0] for line in lines[10:]] == [
        "True",
        "The next sync by itself begins within minutes.",
        lines[12][0],
        "None",
    ]
    assert lines[12][0].startswith(
        "Nothing is synced by itself at the moment. The next sync was to come at"
    )


ASKING = """
from datetime import timedelta
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django.utils import timezone
from django_spotify_sync.models import SyncRun
from demo.library import make_account
import pages.views.syncing as syncing
call_command("migrate", verbosity=0)
setup_test_environment()  # which lets a test see what a template was given
syncing.queue = lambda *runs: None
account = make_account("ada", 3)
SyncRun.objects.all().delete()
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
def ask():
    return [str(one) for one in client.post("/sync/", follow=True).context["messages"]]
print(ask(), SyncRun.objects.count())
print(ask(), SyncRun.objects.count())
text = client.get("/").content.decode()
print('<button class="button second" aria-disabled="true">' in text, 'content="2"' in text)
SyncRun.objects.update(status="waiting", resume_at=timezone.now() + timedelta(hours=2), reason="rate_limited")
print(ask(), SyncRun.objects.count(), 'content="15"' in client.get("/").content.decode())
"""


def test_who_asks_for_what_is_under_way_is_told_so(database):
    done = run_at_example_site(ASKING, database)

    assert done.stdout.splitlines() == [
        "[] 5",
        "['All of it is under way already.'] 5",
        "True True",
        "['All of it is paused, and goes on by itself at the time that stands beside it.'] 5 True",
    ], done.stderr


HISTORY = """
import re
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_spotify_sync.models import SyncRun
from demo.library import make_account
call_command("migrate", verbosity=0)
account = make_account("ada", 3)
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
def renews():
    text = client.get("/syncs/?page=1").content.decode()
    return re.findall('<ol class="runs" id="runs" hx-get="(.*?)" hx-select="#runs"', text), "http-equiv" in text
SyncRun.objects.update(finished_at=timezone.now(), status="succeeded")
print(renews())
SyncRun.objects.create(account=account, resource="tracks", trigger="user")
print(renews())
"""


def test_the_history_renews_itself_while_something_goes_on(database):
    done = run_at_example_site(HISTORY, database)

    assert done.stdout.splitlines() == [
        "([], False)",
        "(['/syncs/?page=1'], True)",
    ], done.stderr
