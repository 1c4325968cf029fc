"""The example site's journal, its large losses, and its history of syncs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from django_spotify_sync.models import LargeLoss, LibraryChange, LostRow, SpotifyAccount
from tests.kit.api import run_of
from tests.kit.browsing import browser_of
from tests.kit.changes import write_change
from tests.kit.example_pages import show_example_pages
from tests.kit.libraries import EPOCH, account_of, own, put, save, track_of
from tests.kit.losing import loss_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> SpotifyAccount:
    show_example_pages(settings, monkeypatch)
    return account_of(user)


def text(client: Client, page: str, status: int = 200) -> str:
    answer = client.get(page)
    assert answer.status_code == status, page
    return re.sub(r"\s+", " ", answer.content.decode())


def names(page: str) -> list[str]:
    return re.findall(r'<p class="name">(?:<a [^>]*>)?<bdi>(.*?)</bdi>', page)


def test_changes_stand_by_their_day_latest_first_with_covers(
    account: SpotifyAccount, ada: Client
) -> None:
    track = track_of("Gone")
    owned = own(account)
    write_change(account, "Came", seen_at=EPOCH)
    write_change(account, "Gone", "removed", spotify_id=track.spotify_id, seen_at=EPOCH)
    write_change(
        account,
        "Stands in a list",
        resource="playlists",
        seen_at=EPOCH + timedelta(days=1),
        playlist_spotify_id=owned.spotify_id,
        playlist_name="The list",
    )
    write_change(account, "", "imported", count=1234, spotify_id="", seen_at=EPOCH)

    page = text(ada, "/changes/")

    assert re.findall(r'<h2 id="day-([\d-]+)"', page) == ["2024-05-02", "2024-05-01"]
    assert names(page) == ["Stands in a list", "Gone", "Came"]
    assert page.count('src="https://i.example/album"') == 1
    assert f"/playlists/{owned.spotify_id}/" in page
    assert "First sync: 1,234" in page


def test_a_renamed_list_says_both_names_and_markup_is_text(
    account: SpotifyAccount, ada: Client
) -> None:
    write_change(account, "<b>New</b>", "renamed", resource="playlists", subtitle="Old")

    page = text(ada, "/changes/")

    assert "until then: <bdi>Old</bdi>" in page
    assert names(page) == ["&lt;b&gt;New&lt;/b&gt;"]


def test_they_are_filtered_and_paged_there_and_back(account: SpotifyAccount, ada: Client) -> None:
    run = run_of(account)
    for number in range(120):
        write_change(account, f"Track {number}", seen_at=EPOCH + timedelta(minutes=number))
    write_change(account, "An album", "removed", resource="albums", run=run)

    pages = [text(ada, "/changes/")]
    while link := re.search(r'rel="next" href="([^"]+)"', pages[-1]):
        pages.append(text(ada, "/changes/" + link[1].replace("&amp;", "&")))
    back = re.search(r'rel="prev" href="([^"]+)"', pages[-1])

    assert [len(names(page)) for page in pages] == [50, 50, 21]
    assert back
    assert names(text(ada, "/changes/" + back[1].replace("&amp;", "&"))) == names(pages[1])
    for query in ("resource=albums", "kind=removed", f"run={run.pk}"):
        assert names(text(ada, f"/changes/?{query}")) == ["An album"], query
    for query in ("resource=none", "kind=none", "run=x", "run=99", "cursor=x"):
        assert len(names(text(ada, f"/changes/?{query}"))) == 50, query
    assert "No such change was seen" in text(ada, "/changes/?kind=returned")


def test_a_page_of_the_journal_costs_the_same_whatever_is_on_it(
    account: SpotifyAccount, ada: Client, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        write_change(account, spotify_id=track_of().spotify_id)
    ada.get("/changes/")

    with django_assert_num_queries(7):  # session, user, account, losses, lines, covers, still here
        ada.get("/changes/")


def test_what_is_here_no_more_is_no_link(account: SpotifyAccount, ada: Client) -> None:
    owned = own(account)
    for spotify_id in (owned.spotify_id, "gone"):
        write_change(account, spotify_id, resource="playlists", spotify_id=spotify_id)
        write_change(account, resource="playlists", playlist_spotify_id=spotify_id)

    page = text(ada, "/changes/")

    assert page.count(f'href="/playlists/{owned.spotify_id}/"') == 2
    assert 'href="/playlists/gone/"' not in page


def test_nobody_sees_what_others_have_lost_or_may_decide_about_it(
    account: SpotifyAccount, other_user: Any
) -> None:
    account_of(other_user)
    run = run_of(account)
    write_change(account, "Mine", run=run)
    loss = loss_of(account)
    grace = browser_of(other_user)

    assert names(text(grace, "/changes/")) == names(text(grace, f"/changes/?run={run.pk}")) == []
    assert grace.get(f"/losses/{loss.run_id}/").status_code == 404
    assert grace.post(f"/losses/{loss.run_id}/", {"decision": "accept"}).status_code == 404
    assert not LargeLoss.objects.exclude(decision=None)


def test_a_large_loss_is_warned_of_where_one_looks_first(
    account: SpotifyAccount, ada: Client
) -> None:
    loss = loss_of(account)

    for page in ("/", "/syncs/", "/changes/"):
        shown = text(ada, page)
        assert f'data-loss="{loss.run_id}"' in shown, page
        assert "Followed artists: 3 seem to be gone at Spotify." in shown
        assert f'href="/losses/{loss.run_id}/"' in shown
        assert "Download first" in shown
        assert ">Keep them<" in shown


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("keep", "later syncs do not ask about them again"),
        ("accept", "the next sync removes them"),
    ],
)
def test_it_is_shown_and_decided_and_the_warning_goes(
    decision: str, said: str, account: SpotifyAccount, ada: Client
) -> None:
    address = f"/losses/{loss_of(account).run_id}/"
    assert names(text(ada, address)) == ["Band 0", "Band 1", "Band 2"]

    answer = ada.post(address, {"decision": decision})

    assert (answer.status_code, answer["Location"]) == (302, address)
    assert LargeLoss.objects.get().decision == decision
    shown = text(ada, address)
    assert said in shown
    assert f'value="{decision}"' not in shown
    assert "data-loss" not in text(ada, "/")


def test_what_is_settled_or_no_decision_is_refused(account: SpotifyAccount, ada: Client) -> None:
    loss = loss_of(account)
    address = f"/losses/{loss.run_id}/"
    assert ada.post(address, {"decision": "burn"}).status_code == 404
    LargeLoss.objects.update(settled_at=EPOCH)

    ada.post(address, {"decision": "keep"})

    shown = text(ada, address)
    assert "There is nothing left to decide" in shown
    assert 'name="decision"' not in shown
    assert ada.get(f"/losses/{run_of(account).pk}/").status_code == 404


@pytest.mark.parametrize(
    ("setting", "said"), [("second_run", "unless you keep them"), ("ask", "until you have decided")]
)
def test_what_happens_without_a_word_is_said(
    setting: str, said: str, account: SpotifyAccount, ada: Client, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_LARGE_LOSS = setting
    loss = loss_of(account)

    assert said in text(ada, "/")
    assert said in text(ada, f"/losses/{loss.run_id}/")


def test_old_runs_are_spoken_of_in_the_past_with_names_behind_their_counts(
    account: SpotifyAccount, ada: Client
) -> None:
    ended = {"finished_at": EPOCH, "created_at": EPOCH}
    wrote = run_of(account, status="succeeded", created=3, **ended)
    write_change(account, run=wrote)
    run_of(account, status="succeeded", **ended)
    run_of(account, status="failed", error_code="spotify_unavailable", **ended)
    run_of(account, status="failed", error_code="anything", **ended)
    run_of(account, status="partial", reason="drift", **ended)
    run_of(account, status="lost", reason="heartbeat", **ended)
    run_of(account, status="cancelled", reason="disconnected", **ended)

    page = text(ada, "/syncs/")

    for said in (
        "Brought in step with Spotify",
        "Found nothing changed",
        "Failed. Spotify did not answer.",
        "Failed. This site could not finish it.",
        "Only a part was certain. The library changed while it was read.",
        "Cut short. The worker went away.",
        "Cancelled. Spotify was disconnected meanwhile.",
    ):
        assert f"{said}<" in page
    for promised in ("next sync", "try again", "The last sync", "In step with Spotify<"):
        assert promised not in page
    assert re.findall(r'href="/changes/\?run=(\d+)"', page) == [str(wrote.pk)]
    assert "1 May 2024, 12:00 UTC" in page


def test_a_history_costs_the_same_however_long_it_is(
    account: SpotifyAccount, ada: Client, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        write_change(account, run=run_of(account, status="succeeded", finished_at=EPOCH))
    ada.get("/syncs/")

    with django_assert_num_queries(6):  # session, user, account, losses, count, runs
        ada.get("/syncs/")


def test_signed_out_one_is_asked_to_sign_in(account: SpotifyAccount) -> None:
    for page in ("/changes/", "/losses/1/", "/take/"):
        assert Client(HTTP_HOST="127.0.0.1").get(page)["Location"] == f"/sign-in/?next={page}"


def test_files_are_offered_of_all_of_a_shelf_and_of_a_list(
    account: SpotifyAccount, ada: Client
) -> None:
    owned = own(account)
    export = reverse("spotify_sync:export")

    def offered(query: str) -> list[str]:
        return [
            link.replace("&amp;", "&").removeprefix(f"{export}?")
            for link in re.findall(r'href="([^"]*)" download', text(ada, f"/take/{query}"))
        ]

    everything, tracks, one = map(
        offered, ("", "?resource=tracks", f"?playlist={owned.spotify_id}")
    )
    shows = offered("?resource=shows")

    assert "as=jsonl" in everything
    assert "as=exportify&resource=tracks&safe=1" in everything
    assert {link.partition("&")[0] for link in tracks} == {
        f"as={name}"
        for name in ("jsonl", "spotify-backup", "exportify", "exportify-net", "uris", "m3u8")
    }
    assert shows == ["as=jsonl&resource=shows", "as=uris&resource=shows"]
    assert f"as=uris&playlist={owned.spotify_id}" in one
    for link in {*everything, *tracks, *one}:
        assert ada.get(f"{export}?{link}").status_code == 200, link
    assert ada.get("/take/?playlist=nobodys").status_code == 404
    assert offered("?resource=none") == everything


def test_every_list_leads_to_its_own_files(account: SpotifyAccount, ada: Client) -> None:
    owned = own(account)
    put(owned)

    for page, what in (
        ("/tracks/", "resource=tracks"),
        ("/playlists/", "resource=playlists"),
        ("/artists/", "resource=following"),
        ("/albums/", "resource=albums"),
        (f"/playlists/{owned.spotify_id}/", f"playlist={owned.spotify_id}"),
    ):
        assert f'href="/take/?{what}"' in text(ada, page), page


def test_what_a_search_finds_can_be_taken_along_alone(
    account: SpotifyAccount, ada: Client, other_user: Any
) -> None:
    rain = [save(account, track=track_of(name)) for name in ("Rain", "More rain")]
    save(account, track=track_of("Sun"))
    save(account_of(other_user), track=track_of("Their rain"))

    tracks = text(ada, "/tracks/?q=rain&sort=title")
    link = re.search(r'href="(/take/\?found=1[^"]*)"', tracks)
    assert link
    offered = re.findall(r'href="([^"]*)" download', text(ada, link[1].replace("&amp;", "&")))
    uris = next(one for one in offered if "as=uris" in one).replace("&amp;", "&")
    answer = ada.get(uris)

    assert answer.getvalue().decode().split() == [str(one.track.uri) for one in reversed(rain)]
    assert answer["Content-Disposition"] == 'attachment; filename="found.txt"'
    assert len(offered) == 6
    assert ada.get("/take/found/?as=nothing").status_code == 404
    for narrowed in ("explicit=1", "released=1999", "q=rain&explicit=1"):
        assert ada.get(f"/take/found/?as=uris&{narrowed}").getvalue() == b"", narrowed
    assert "found=1" not in text(ada, "/tracks/")
    for page in ("/search/?q=rain", "/search/?q=rain&in=tracks"):
        assert 'href="/take/?found=1&amp;q=rain"' in text(ada, page), page
    assert "found=1" not in text(ada, "/search/?q=nowhere")


def test_so_can_the_tracks_of_a_loss_and_nobody_elses(
    account: SpotifyAccount, ada: Client, other_user: Any
) -> None:
    account_of(other_user)
    lost, *_ = save(account), save(account)
    run = run_of(account, reason="large_loss", finished_at=EPOCH)
    loss = LargeLoss.objects.create(
        run=run, account=account, resource="tracks", total=1, created_at=EPOCH
    )
    LostRow.objects.create(loss=loss, position=0, row_id=lost.pk)

    shown = text(ada, f"/losses/{run.pk}/")
    assert f'href="/take/?found=1&amp;loss={run.pk}"' in shown
    assert "What seemed to be gone" in text(ada, f"/take/?found=1&loss={run.pk}")
    address = f"/take/found/?as=uris&loss={run.pk}"
    assert ada.get(address).getvalue().decode().split() == [lost.track.uri]
    assert browser_of(other_user).get(address).getvalue() == b""
    assert ada.get("/take/found/?as=uris&loss=x").getvalue() == b""


def test_leaving_offers_them_first_and_ticks_no_loss(account: SpotifyAccount, ada: Client) -> None:
    page = text(ada, "/connection/leave/")

    assert 'href="/take/"' in page
    assert 'class="ticks"' not in page
    assert LibraryChange.objects.count() == 0
