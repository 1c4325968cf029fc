"""The journal in the admin: its lines, who may see them, and how they are found."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from django_spotify_sync.admin import changes
from django_spotify_sync.models import LibraryChange, SpotifyAccount, SyncRun
from tests.kit.administering import address, text_of
from tests.kit.browsing import browser_of
from tests.kit.changes import write_change
from tests.kit.libraries import EPOCH, account_of

pytestmark = pytest.mark.django_db

ID = "4uLU6hMCjMI75M1A2tKUQC"


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, display_name="Ada")


@pytest.fixture
def run(account: SpotifyAccount) -> SyncRun:
    return SyncRun.objects.create(
        account=account, resource="tracks", trigger="user", finished_at=EPOCH
    )


def found(staff: Client, **query: Any) -> list[str]:
    page = staff.get(address(LibraryChange, "changelist"), query)
    assert page.status_code == 200
    return [change.title for change in page.context["cl"].result_list]


def test_a_line_says_what_happened_to_what_where_and_when(
    staff: Client, account: SpotifyAccount, run: SyncRun
) -> None:
    change = write_change(
        account,
        "A song",
        "removed",
        resource="playlists",
        playlist_spotify_id="road",
        playlist_name="For the road",
        run=run,
    )

    rows = text_of(staff, LibraryChange, "changelist")
    page = text_of(staff, LibraryChange, "change", change.pk)

    for text in (rows, page):
        assert "A song" in text
        assert "Somebody, Somebody else" in text
        assert 'is-plain">removed<' in text
        assert "For the road" in text
        assert f'<a href="{address(SpotifyAccount, "change", account.pk)}">Ada</a>' in text
        assert f'<a href="{address(SyncRun, "change", run.pk)}">#{run.pk}</a>' in text
    assert "https://open.spotify.com/playlist/road" in page


def test_what_was_likely_withdrawn_is_no_longer_available(
    staff: Client, account: SpotifyAccount
) -> None:
    write_change(account, "A song", "removed", likely_withdrawn=True)

    rows = text_of(staff, LibraryChange, "changelist")

    assert 'is-bad">no longer available<' in rows
    assert ">removed</span>" not in rows


def test_an_import_is_its_number_and_leads_nowhere(staff: Client, account: SpotifyAccount) -> None:
    change = write_change(account, "", "imported", count=10_000, spotify_id="", subtitle="")

    rows = text_of(staff, LibraryChange, "changelist")
    page = text_of(staff, LibraryChange, "change", change.pk)

    assert "10,000" in rows
    assert 'rel="noreferrer"' not in page
    assert address(SyncRun, "changelist") not in rows.partition('id="result_list"')[2]


def test_lines_are_filtered(
    staff: Client, account: SpotifyAccount, other_user: Any, run: SyncRun
) -> None:
    write_change(account, "added")
    write_change(account, "gone", "removed", likely_withdrawn=True, run=run)
    write_change(account, "album", resource="albums", run=run)
    write_change(account_of(other_user), "hers")

    assert found(staff) == ["hers", "album", "gone", "added"]
    assert found(staff, account__id__exact=account.pk) == ["album", "gone", "added"]
    assert found(staff, run__id__exact=run.pk) == ["album", "gone"]
    assert found(staff, resource__exact="albums") == ["album"]
    assert found(staff, kind__exact="removed") == ["gone"]
    assert found(staff, likely_withdrawn__exact="1") == ["gone"]


@pytest.mark.parametrize(
    "asked", [ID, f"spotify:track:{ID}", f"https://open.spotify.com/track/{ID}?si=abc"]
)
def test_a_spotify_id_is_looked_up_and_not_searched_for(
    staff: Client, account: SpotifyAccount, asked: str
) -> None:
    for spotify_id in (ID, "another"):
        write_change(account, spotify_id, spotify_id=spotify_id)

    with CaptureQueriesContext(connection) as captured:
        assert found(staff, q=asked) == [ID]

    assert not [one for one in captured if " LIKE " in one["sql"].upper()]


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("blue", ["Kind of Blue", "Blue Train"]),
        ("BLUE train", ["Blue Train"]),
        ('"of blue"', ["Kind of Blue"]),
        ("green", []),
    ],
)
def test_words_are_searched_in_titles_as_they_were(
    staff: Client, account: SpotifyAccount, words: str, titles: list[str]
) -> None:
    for title in ("Blue Train", "Kind of Blue"):
        write_change(account, title, "removed")

    assert found(staff, q=words) == titles


def test_no_filter_counts_the_whole_journal(staff: Client, account: SpotifyAccount) -> None:
    write_change(account)

    with CaptureQueriesContext(connection) as captured:
        assert "Show counts" not in text_of(staff, LibraryChange, "changelist", _facets="True")

    counting = [one["sql"] for one in captured if "COUNT(" in one["sql"]]
    assert counting
    assert [sql for sql in counting if "LIMIT" not in sql] == []


# On other pages


def test_a_run_shows_its_last_changes_and_where_all_are(
    staff: Client, account: SpotifyAccount, run: SyncRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "SHOWN", 2)
    write_change(account, "of another run")
    for title in ("first", "second", "third"):
        write_change(account, f"{title} <song>", playlist_name="For the road", run=run)

    page = text_of(staff, SyncRun, "change", run.pk)

    assert page.index("third &lt;song&gt;") < page.index("second &lt;song&gt;")
    assert "first &lt;song&gt;" not in page
    assert "of another run" not in page
    assert "For the road" in page
    link = (
        f'{address(LibraryChange, "changelist")}?run__id__exact={run.pk}">all changes of this run<'
    )
    assert link in page


def test_a_run_that_changed_nothing_has_no_list(staff: Client, run: SyncRun) -> None:
    assert "all changes of this run" not in text_of(staff, SyncRun, "change", run.pk)


def test_an_account_leads_to_its_changes(staff: Client, account: SpotifyAccount) -> None:
    page = text_of(staff, SpotifyAccount, "change", account.pk)

    assert f'{address(LibraryChange, "changelist")}?account__id__exact={account.pk}"' in page


# Who may see them


@pytest.fixture
def helper(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("helper", is_staff=True)


def permit(helper: Any, codename: str) -> Client:
    """Return the browser of the helper, who has this permission and no other."""
    helper.user_permissions.set([Permission.objects.get(codename=codename)])
    return browser_of(type(helper).objects.get(pk=helper.pk))


def test_staff_without_the_permission_sees_no_change_anywhere(
    helper: Any, account: SpotifyAccount, run: SyncRun
) -> None:
    change = write_change(account, "ada-song", run=run)
    client = permit(helper, "view_syncrun")

    refused = [
        client.get(address(LibraryChange, "changelist")),
        client.get(address(LibraryChange, "change", change.pk)),
        client.get(address(LibraryChange, "history", change.pk)),
    ]
    page = client.get(address(SyncRun, "change", run.pk))

    assert [answer.status_code for answer in refused] == [403] * 3
    assert page.status_code == 200
    assert "ada-song" not in page.content.decode()
    assert "all changes" not in page.content.decode()


def test_staff_with_the_permission_sees_changes(
    helper: Any, account: SpotifyAccount, run: SyncRun
) -> None:
    write_change(account, "ada-song", run=run)

    rows = text_of(permit(helper, "view_librarychange"), LibraryChange, "changelist")
    helper.user_permissions.add(Permission.objects.get(codename="view_syncrun"))
    page = text_of(browser_of(type(helper).objects.get(pk=helper.pk)), SyncRun, "change", run.pk)

    assert "ada-song" in rows
    assert "ada-song" in page


def test_who_is_no_staff_is_sent_to_sign_in(user: Any, account: SpotifyAccount) -> None:
    write_change(account, "ada-song")

    for client in (browser_of(), browser_of(user)):
        answer = client.get(address(LibraryChange, "changelist"))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("admin:login"))
