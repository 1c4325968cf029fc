"""The example site's shelves for albums, shows, episodes and audiobooks, and its page of one album."""

from __future__ import annotations

from tests.kit.example_site import run_at_example_site

BEGIN = """
import os, re
os.environ["MORE_RESOURCES"] = "episodes,audiobooks"
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django_spotify_sync.models import *
from demo.library import make_account
call_command("migrate", verbosity=0)
def visitor(account):
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
    return client
def text(client, page):
    answer = client.get(page)
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)
"""

ALBUM = (
    BEGIN
    + """
ada, grace = make_account("ada", 40), make_account("grace", 10)
album = SavedAlbum.objects.get(account=ada, spotify_id="ada-0").album
AlbumTrack.objects.all().delete()
tracks = list(Track.objects.filter(spotify_id__startswith="ada-").order_by("pk")[:5])
for at, track in enumerate(reversed(tracks)):
    track.disc_number, track.track_number = 1 + at // 3, 1 + at % 3
    track.save()
    AlbumTrack.objects.create(album=album, track=track, position=at)
SavedTrack.objects.filter(account=ada, track__in=tracks[2:]).delete()
SavedTrack.objects.create(account=grace, track=tracks[4], spotify_id=tracks[4].spotify_id, rank=1)
Album.objects.filter(pk=album.pk).update(total_tracks=7, release_date="1981-12", label="Quay Records")
page = text(visitor(ada), "/albums/ada-0/")
rows = re.findall('<li class="track of-album">(.*?)</li>', page, re.DOTALL)
print([[n for n, track in enumerate(tracks) if f"/track/{track.spotify_id}\\"" in row] for row in rows])
print(["saved</span>" in row for row in rows], "2 of 7 tracks saved" in page)
print(re.findall('Disc [0-9]', page), re.findall('class="number">([0-9]*)<', page))
print("2 more tracks of this album come" in page, "Dec 1981" in page, "Quay Records" in page)
Album.objects.filter(pk=album.pk).update(total_tracks=5)
print("come with the next sync" in text(visitor(ada), "/albums/ada-0/"))
said = "withdrawn, or is not out yet"
print(said in text(visitor(ada), "/albums/ada-0/"), said in text(visitor(ada), "/albums/ada-1/"))
print("Its tracks are not here yet" in text(visitor(ada), "/albums/ada-1/"))
print(text(visitor(grace), "/albums/ada-0/"), text(visitor(ada), "/albums/none/"))
"""
)


def test_an_album_shows_its_tracks_in_order_and_which_of_them_are_saved(database):
    done = run_at_example_site(ALBUM, database)

    assert done.stdout.splitlines() == [
        "[[4], [3], [2], [1], [0]]",
        "[False, False, False, True, True] True",
        "['Disc 1', 'Disc 2'] ['1', '2', '3', '1', '2']",
        "True True True",
        "False",
        "True False",
        "True",
        "404 404",
    ], done.stderr


CARDS = (
    BEGIN
    + """
ada, grace = make_account("ada", 60), make_account("grace", 0)
pages = ("albums", "shows", "episodes", "audiobooks")
for page, model in zip(pages, (SavedAlbum, SavedShow, SavedEpisode, SavedAudiobook)):
    model.objects.update(is_available=True)
    first = model.objects.order_by("pk").first()
    model.objects.filter(pk=first.pk).update(is_available=False)
    model.objects.create(account=ada, spotify_id="never-seen-alive")
    shown = text(visitor(ada), f"/{page}/")
    print(shown.count("not available"), "never-seen-alive" in shown, end=" ")
    print("here yet" in shown, "here yet" in text(visitor(grace), f"/{page}/"), end=" ")
    print("Nothing found" in text(visitor(ada), f"/{page}/?q=qqq"), end=" ")
    overview = text(visitor(ada), "/")
    count = re.search(f'id="count-{page}">([0-9]+)<', overview)[1]
    print(int(count) == model.objects.filter(account=ada).count() - 1, f'href="/{page}/"' in overview)
from django.conf import settings
settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following"]
print([text(visitor(ada), f"/{page}/") for page in pages], [f"/{page}/" in text(visitor(ada), "/") for page in pages])
SpotifyAccount.objects.update(status="disconnected")
print(visitor(ada).get("/albums/ada-0/")["Location"], Client(HTTP_HOST="127.0.0.1").get("/shows/")["Location"])
"""
)


def test_each_shelf_says_what_is_on_it_and_what_is_not(database):
    done = run_at_example_site(CARDS, database)

    *kinds, without, left = done.stdout.splitlines()
    assert kinds == ["1 False False True True True True"] * 4, done.stderr
    assert without == "['404', '404', '404', '404'] [False, False, False, False]"
    assert left == "/ /sign-in/?next=/shows/"


NARROW = (
    BEGIN
    + """
from django_spotify_sync.models import SyncRun
from pages.views import syncing
syncing.queue = lambda *runs: None  # nobody works here
ada = make_account("ada", 1)
SyncRun.objects.all().delete()
scope = "user-library-read user-follow-read"
SpotifyToken.objects.create(account=ada, sealed=b"", expires_at=ada.authorized_at, scope=scope)
client = visitor(ada)
print(client.post("/sync/episodes/").status_code, client.post("/sync/").status_code)
print(sorted(SyncRun.objects.values_list("resource", flat=True)))
SyncRun.objects.all().delete()
page = text(client, "/")
for resource in ("shows", "episodes"):
    shelf = re.search(f'<section class="shelf card" id="shelf-{resource}".*?</section>', page, re.DOTALL)[0]
    print("does not cover this" in shelf, "Connect again" in shelf, f"sync-{resource}" in shelf)
"""
)


def test_what_was_not_agreed_to_is_said_and_left_out(database):
    done = run_at_example_site(NARROW, database)

    assert done.stdout.splitlines() == [
        "302 302",
        "['albums', 'audiobooks', 'following', 'playlists', 'shows', 'tracks']",
        "False False True",
        "True True False",
    ], done.stderr
