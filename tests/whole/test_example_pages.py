"""The example site's lists in pages: all of them there and back, in every order, on each database."""

from __future__ import annotations

from tests.kit.example_site import run_at_example_site

PAGES = """
import os, re
os.environ["MORE_RESOURCES"] = "episodes,audiobooks"
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django_spotify_sync.models import AlbumTrack, SavedAlbum, SavedTrack, Show
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.sync.tracks import sorting
from demo.library import make_account
from pages import collections, listings
from pages.views import library
call_command("migrate", verbosity=0)
setup_test_environment()  # which lets a test see what a template was given
account = make_account("ada", 120)
SavedTrack.objects.filter(pk__in=SavedTrack.objects.order_by("pk").values("pk")[:60]).update(added_at=None)
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
def page(address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    text = answer.content.decode()
    named = re.findall('href="([?][^"]*)">(First|Back|Next|Last)<', text)
    links = {name: link.replace("&amp;", "&") for link, name in named}
    where = re.search('aria-current="page">(Page [^<]*)<', text)
    return [row.pk for row in answer.context["listing"].rows], links, where and where[1]
def walk(path, query):
    rows, links, where = first = page(path + query)
    seen = [rows]
    while "Next" in links:
        rows, links, where = page(path + links["Next"])
        seen.append(rows)
    last = where
    back = [rows]
    while "Back" in links:
        rows, links, where = page(path + links["Back"])
        back.insert(0, rows)
    keys = [key for rows in seen for key in rows]
    assert back == seen, (path, query)
    assert len(keys) == len(set(keys))
    if "Last" in first[1]:
        rows, links, where_last = page(path + first[1]["Last"])
        assert rows == keys[-len(rows):] and "Next" not in links and where_last == last, (rows, links, where_last)
        assert page(path + links["First"])[0] == seen[0]
    return keys, last, where
print(*walk("/tracks/", "?sort=latest")[1:], len(walk("/tracks/", "")[0]), sep="|")
def all_orders():
    return {sort: walk("/tracks/", f"?sort={sort}")[0] for sort in listings.TRACK_ORDERS}
before = all_orders()
sorting.LONG = 100
assert sorting.refresh_sort_keys(account, is_whole=True, using="default") == 120
print(all_orders() == before, {len(keys) for keys in before.values()})
reversed_ones = [before["latest"][:60] == before["earliest"][:60][::-1], before["longest"][::-1] == before["shortest"]]
library.CARDS_PER_PAGE = library.ITEMS_PER_PAGE = 5
cards = [("/playlists/", listings.PLAYLIST_ORDERS), ("/artists/", listings.ARTIST_ORDERS)]
print(reversed_ones, [len(walk(path, f"?sort={sort}")[0]) > 5 for path, orders in cards for sort in orders])
print(len(walk("/playlists/ada-0/", "")[0]) > 5)
Show.objects.filter(pk__in=Show.objects.order_by("pk").values("pk")[:3]).update(total_episodes=7)
SavedAlbum.objects.filter(pk__in=SavedAlbum.objects.order_by("pk").values("pk")[:7]).update(added_at=None)
for resource, kind in collections.COLLECTIONS.items():
    keys = {sort: walk(f"/{resource}/", f"?sort={sort}")[0] for sort in kind.orders}
    dated = LIBRARY[resource].of(account.pk).filter(added_at__isnull=False).count()
    by_date = keys["latest"][:dated], keys["earliest"][:dated]
    print(resource, {len(found) for found in keys.values()}, dated, by_date[0] == by_date[1][::-1])
on_it = AlbumTrack.objects.filter(album__spotify_id="ada-0").order_by("position")
print(walk("/albums/ada-0/", "")[0] == [row.pk for row in on_it], on_it.count() > 5)
of_another_order = "?sort=title&" + page("/tracks/")[1]["Next"][1:]
for odd in ("?cursor=x", "?page=7", "?cursor=last&page=x", of_another_order, "?sort=none"):
    rows, links, where = page("/tracks/" + odd)
    print(where, end="|")
print()
SavedTrack.objects.filter(account=account).order_by("-pk").first().delete()
gone = page("/tracks/")[1]["Next"]
SavedTrack.objects.exclude(pk__in=page("/tracks/")[0]).delete()
print(len(page("/tracks/" + gone)[0]), page("/tracks/" + gone)[1:])
listings.MOST_COUNTED = 3
print("More than 3 found" in client.get("/tracks/?q=e").content.decode())
"""


def test_every_page_is_found_there_and_back(database):
    done = run_at_example_site(PAGES, database)

    assert done.stdout.splitlines() == [
        "Page 3 of 3|Page 1 of 3|120",
        "True {120}",
        "[True, True] [True, True, True, True, True]",
        "True",
        "albums {12} 5 True",
        "shows {6} 6 True",
        "episodes {6} 6 True",
        "audiobooks {6} 6 True",
        "True True",
        "Page 1 of 3|Page 3 of 3|Page 3 of 3|Page 1 of 3|Page 1 of 3|",
        "50 ({}, None)",
        "True",
    ], done.stderr
