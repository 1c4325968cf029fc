"""The example site shows of a list that others read as well no more than its visitor was last shown."""

from __future__ import annotations

from tests.kit.example_site import run_at_example_site

#: Ada's and Grace's pages of a list that both have, which Ada's sync has renamed and filled since Grace's.
PAGES = """
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django_spotify_sync.models import AccountPlaylist, PlaylistItem
from demo.library import make_account
call_command("migrate", verbosity=0)
ada, grace = make_account("ada", 30), make_account("grace", 30)
shared = AccountPlaylist.objects.filter(account=ada).order_by("position")[0].playlist
AccountPlaylist.objects.create(
    account=grace, playlist=shared, position=99, can_read_items=True, seen_details=0, seen_contents=0
)
shared.name, shared.description, shared.total = "veiled-name", "veiled-words", 4321
shared.image_url = "https://i.scdn.co/image/veiled"
shared.owner_id = shared.owner_name = "veiled-owner"
shared.details_version = shared.contents_version = 1
shared.items_read_by = ada.pk
shared.save()
AccountPlaylist.objects.filter(account=ada, playlist=shared).update(seen_details=1, seen_contents=1)
PlaylistItem.objects.create(
    playlist=shared, position=99, kind="local", title="veiled-item", is_playable=False
)
for account in (ada, grace):
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
    for page in ("/playlists/", "/playlists/?q=VEILED", "/playlists/?sort=name", "/playlists/?sort=longest"):
        text = client.get(page).content.decode()
        print("veiled" in text or "4321" in text or "4,321" in text, end=" ")
    pages = [client.get(f"/playlists/{shared.spotify_id}/?page={n}").content.decode() for n in (1, 2)]
    print(any("veiled" in text for text in pages), "4,321" in pages[0], end=" ")
    print('quiet-text">by ' in pages[0], "not available" in pages[0] + pages[1])
"""


def test_nobody_sees_what_only_others_were_shown(database: str) -> None:
    done = run_at_example_site(PAGES, database)

    adas, graces = (line.split() for line in done.stdout.splitlines())
    assert (adas[:7], set(graces)) == (["True"] * 7, {"False"}), done.stderr
