"""The example site as a newcomer has it: its folder, an empty environment, and one command at a time."""

from __future__ import annotations

import ast
import gettext
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation.template import templatize

from django_spotify_sync.exceptions import (
    CacheUnavailable,
    ConnectError,
    RateLimited,
    SpotifySyncError,
    SpotifyUnavailable,
)
from django_spotify_sync.models.runs import Mode, Trigger
from django_spotify_sync.spotify.scopes import SCOPES
from tests.kit.words import words_of_operators

SOURCE = Path(__file__).parents[2] / "example_project"
DOCS = SOURCE.parent / "docs"
SET_BY_THE_TESTS = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "TEST_OVERRIDES"}

pytestmark = pytest.mark.timeout(180)


class Site:
    """A copy of the example project, so that nothing is left in the working tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def python(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the folder; ``more`` is added to the environment."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in SET_BY_THE_TESTS and not name.startswith("SPOTIFY_")
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**kept, **more},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def script(self, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run code of the site's on a database of its own, which is in ``folder``."""
        database = f"sqlite:///{folder}/site.sqlite3"
        return self.python(
            "-c", code, DJANGO_SETTINGS_MODULE="config.settings", DATABASE_URL=database
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("example") / "example_project"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("var", "__pycache__"))
    return Site(folder)


def test_check_finds_nothing(site):
    done = site.python("manage.py", "check", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr


BEHIND_TLS = {
    "SITE_URL": "https://music.example.org",
    "SPOTIFY_CLIENT_ID": "a-real-one",
    "SPOTIFY_CLIENT_SECRET": "a-real-secret",
    "REDIS_URL": "redis://:a-password@127.0.0.1:1/0",
}


def test_a_deployment_behind_tls_is_checked_without_a_word(site, tmp_path):
    shutil.copy(SOURCE.parent / "env.sample", tmp_path)
    site.python("gen_env.py", str(tmp_path))
    made = dict(re.findall(r"^(\w+_KEY)=(.+)$", (tmp_path / ".env").read_text(), re.MULTILINE))

    done = site.python(
        "manage.py", "check", "--deploy", "--fail-level", "WARNING", **BEHIND_TLS, **made
    )

    assert set(made) == {"DJANGO_SECRET_KEY", "FERNET_KEY"}
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("System check identified no issues")
    assert done.stderr == ""


def test_behind_tls_nothing_goes_by_http(site):
    done = site.python(
        "-c",
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from django.test import Client\n"
        "settings.CACHES = {'default': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}\n"
        "plain = Client(headers={'Host': 'music.example.org'})\n"
        "answer = plain.get('/sign-in/')\n"
        "print(answer.status_code, answer['Location'])\n"
        "safe = Client(headers={'Host': 'music.example.org', 'X-Forwarded-Proto': 'https'})\n"
        "answer = safe.get('/sign-in/')\n"
        "print(answer.status_code, answer['Strict-Transport-Security'])\n"
        "print(all(cookie['secure'] for cookie in answer.cookies.values()), len(answer.cookies))\n"
        "print(safe.post('/spotify/login/')['Location'])\n",
        DJANGO_SETTINGS_MODULE="config.settings",
        **BEHIND_TLS,
    )

    plain, safe, cookies, consent = done.stdout.splitlines()
    assert plain == "301 https://music.example.org/sign-in/"
    assert safe == "200 max-age=3600"
    assert cookies == "True 1"
    assert "redirect_uri=https%3A%2F%2Fmusic.example.org%2Fspotify%2Fcallback%2F" in consent


def test_migrate_passes_with_keys_that_are_made_once_and_are_the_owners_alone(site):
    keys = [site.folder / "var" / name for name in ("fernet_key.txt", "django_secret_key.txt")]

    done = site.python("manage.py", "migrate", "--verbosity", "0")
    made = [key.read_text() for key in keys]
    left = site.python("manage.py", "migrate", "--check")

    assert done.returncode == 0, done.stderr
    assert left.returncode == 0, left.stdout
    assert [key.read_text() for key in keys] == made
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)


def test_the_package_is_mounted_under_spotify(site):
    done = site.python(
        "-c",
        "import django; django.setup()\n"
        "from django.urls import resolve\n"
        "print(resolve('/spotify/account/').view_name)",
        DJANGO_SETTINGS_MODULE="config.settings",
    )

    assert done.stdout.strip() == "spotify_sync:account", done.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATABASE_URL": "mysql://u:hush@h/n"}, "DATABASE_URL names no database"),
        ({"DATABASE_URL": "postgres://u:hu/sh@h/n"}, "DATABASE_URL cannot be understood"),
        ({"SPOTIFY_CLIENT_SECRET": "hush"}, "SPOTIFY_CLIENT_ID is not"),
        ({"FERNET_KEY": "hush"}, "no Fernet key"),
        ({"SITE_URL": "http://music.example.org"}, "SITE_URL has to be like https://"),
        ({"SITE_URL": "https://music.example.org/shelf"}, "SITE_URL has to be like https://"),
    ],
)
def test_a_wrong_environment_is_named_and_not_repeated(site, environment, words):
    done = site.python("manage.py", "check", **environment)

    assert done.returncode
    assert words in done.stderr
    assert "hush" not in done.stderr


def test_the_demo_connects_syncs_all_three_times_and_ends(site):
    sizes = ["--tracks", "400", "--playlists", "11", "--items", "120", "--artists", "60"]
    sizes += ["--albums", "25", "--shows", "7"]

    done = site.python("manage.py", "demo", *sizes, SERVE="0")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "All 400 saved tracks, 11 playlists, 60 followed artists, 25 saved albums and 7 saved shows are here"
        in done.stdout
    )
    costs = re.findall(
        r"(1st|2nd|3rd) sync +([\d,]+) +([\d,]+) +(\d+) +[\d.]+$", done.stdout, re.MULTILINE
    )
    assert [label for label, *_ in costs] == ["1st", "2nd", "3rd"] * 5, done.stdout
    assert [unchanged for label, _, unchanged, _ in costs if label == "1st"] == ["0"] * 5
    again = [(written, requests) for label, written, _, requests in costs if label == "2nd"]
    assert again == [("0", "1"), ("0", "1"), ("0", "2"), ("0", "2"), ("0", "1")]
    assert all(written != "0" for label, written, *_ in costs[2:12:3] if label == "3rd")
    assert re.search(r"\d\d changes are in the journal", done.stdout)
    assert "Signed in with Spotify, without a password: Listener." in done.stdout
    for secret in ("FAKE_", "code=", "state="):
        assert secret not in done.stdout + done.stderr


def test_the_demo_does_not_pretend_to_be_the_real_spotify(site):
    done = site.python("manage.py", "demo", SERVE="0", SPOTIFY_CLIENT_ID="a-real-one")

    assert done.returncode
    assert "only a person can agree" in done.stderr


@pytest.mark.timeout(300)
def test_a_page_costs_the_same_few_queries_however_large_the_library(site):
    done = site.python(
        "manage.py", "measure_pages", "--json", "--tracks", "3000", "10000", "--times", "1"
    )

    assert done.returncode == 0, done.stderr
    small, large = (
        {
            re.sub(r"listener\d+", "listener", page): found["queries"]
            for page, found in json.loads(line)["pages"].items()
        }
        for line in done.stdout.splitlines()
    )
    # in both a search fills a page: one that does not asks once more, for rows without a date
    assert _but_for_search(small) == _but_for_search(large)
    assert small["tracks/"] == 7
    assert small["pictures/"] == 13
    assert small["albums/"] == 6
    assert small["albums/listener-0/"] == 13
    assert max(small.values()) <= 21
    assert max(large.values()) <= 21


def _but_for_search(pages: dict[str, int]) -> dict[str, int]:
    """Leave out the search over everything: it asks no more of a kind in which nothing was found."""
    return {page: queries for page, queries in pages.items() if not page.startswith("search/")}


def test_only_this_site_and_spotify_are_loaded_from(site):
    fake, real = (
        policy_of(site, **environment)
        for environment in ({"FAKE_SPOTIFY_PORT": "8765"}, {"SPOTIFY_CLIENT_ID": "a-real-one"})
    )

    assert fake["img-src"] == "'self' data: http://127.0.0.1:8765"
    assert real["img-src"] == "'self' data: https://*.scdn.co https://*.spotifycdn.com"
    assert fake["form-action"] == "'self' http://127.0.0.1:8765"
    assert real["form-action"] == "'self' https://accounts.spotify.com"
    for policy in (fake, real):
        assert policy["default-src"] == "'self'"
        assert "unsafe" not in str(policy)
        assert not {"script-src", "style-src", "connect-src"} & policy.keys()


def policy_of(site: Site, **environment: str) -> dict[str, str]:
    done = site.python(
        "-c",
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "print(Client(HTTP_HOST='127.0.0.1').get('/sign-in/')['Content-Security-Policy'])",
        DJANGO_SETTINGS_MODULE="config.settings",
        **environment,
    )
    assert done.returncode == 0, done.stderr
    parts = (part.strip().partition(" ") for part in done.stdout.split(";"))
    return {name: value for name, _, value in parts}


WHO_IS_IT = """
import django; django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django_spotify_sync.spotify.answers.profile import ProfileRow
from pages.signing_in import get_user
call_command("migrate", verbosity=0)
def who(spotify_id):
    return get_user(ProfileRow(spotify_id=spotify_id, spotify_account_id=None, display_name="boss", image_url=""), None)
User.objects.create_superuser("boss", password="boss")
User.objects.create_user("spotify:taken", password="a password")
print(who("ada"), who("ada") == who("ada"), who("ada").has_usable_password(), who("boss"), who("taken"), who("x" * 200))
"""


def test_a_new_listener_gets_a_user_of_their_own_and_nobody_elses(site, tmp_path):
    done = site.script(WHO_IS_IT, tmp_path)

    assert done.stdout.split() == [
        *("spotify:ada", "True", "False"),
        *("spotify:boss", "None", "None"),
    ], done.stderr


NOTICES = """
import re, django; django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_spotify_sync.models import SpotifyAccount
from demo.library import make_account
call_command("migrate", verbosity=0)
account = make_account("ada", 1)
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
for status, days in [
    ("connected", 31), ("connected", 29), ("connected", 8), ("connected", 6), ("connected", -1),
    ("suspect", 90), ("reauthorization_required", 90),
]:
    until = timezone.now() + timedelta(days=days, hours=1)
    SpotifyAccount.objects.update(status=status, reauthorize_by=until)
    for page in ("/", "/connection/"):
        print(*re.findall('data-notice="(.*?)"', client.get(page).content.decode()) or "-", end=" ")
"""


def test_every_page_speaks_of_a_grant_that_ends_or_ended(site, tmp_path):
    done = site.script(NOTICES, tmp_path)

    expected = ["-", "ahead", "ahead", "soon", "lost", "suspect", "lost"]
    assert done.stdout.split() == [notice for notice in expected for _ in range(2)], done.stderr


LEFT_OPEN = """
import re
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from demo.library import make_account
call_command("migrate", verbosity=0)
account = make_account("ada", 3)
SavedTrack.objects.create(account=account, rank=-1)
client = Client(HTTP_HOST="127.0.0.1")
part = {"HX-Request": "true"}
print("invalid", re.findall('aria-describedby="(.+?)"', client.post("/sign-in/").content.decode()))
print("told", re.findall('id="([^"]+_error)"', client.post("/sign-in/").content.decode()))
def ask(who):
    for address in ("/shelf/tracks/", "/tracks/"):
        page, piece = client.get(address), client.get(address, headers=part)
        print(who, page.status_code, page.get("Location"), piece.status_code, piece.get("HX-Refresh"))
ask("nobody")
client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
print("shelf", re.findall('id="count-tracks">([0-9]+)', client.get("/shelf/tracks/", headers=part).content.decode()))
SpotifyAccount.objects.update(status="disconnected")
ask("disconnected")
"""


REFUSED = """
import django; django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django_spotify_sync.models import SyncRun
from demo.library import make_account
call_command("migrate", verbosity=0)
asked = []
settings.SPOTIFY_SYNC_MAY_SYNC = lambda account, resource, trigger: asked.append((resource, str(trigger)))
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(make_account("ada", 3).user, backend="django.contrib.auth.backends.ModelBackend")
part = {"HX-Request": "true"}
print(client.post("/sync/tracks/").get("Location"), client.post("/sync/tracks/", headers=part).get("HX-Refresh"))
print("told", "does not allow that" in client.get("/").content.decode())
print(client.post("/sync/podcasts/").status_code, client.post("/sync/").get("Location"))
print(asked[:2], len(asked), SyncRun.objects.filter(status="queued").count())
"""


def test_the_site_s_own_hook_may_refuse_a_sync(site, tmp_path):
    done = site.script(REFUSED, tmp_path)

    assert done.stdout.splitlines() == [
        "/ true",
        "told True",
        "404 /",
        "[('tracks', 'user'), ('tracks', 'user')] 7 0",
    ], done.stderr


def test_a_page_that_was_left_open_is_loaded_anew_and_not_put_into_itself(site, tmp_path):
    done = site.script(LEFT_OPEN, tmp_path)

    fields = "['id_username_error', 'id_password_error']"
    assert done.stdout.splitlines() == [
        f"invalid {fields}",
        f"told {fields}",
        "nobody 302 /sign-in/?next=/shelf/tracks/ 200 true",
        "nobody 302 /sign-in/?next=/tracks/ 200 true",
        "shelf ['3']",
        "disconnected 302 / 200 true",
        "disconnected 302 / 200 true",
    ], done.stderr


@pytest.fixture(scope="module")
def words() -> Any:
    spec = importlib.util.spec_from_file_location("words", SOURCE / "pages" / "words.py")
    assert spec
    assert spec.loader
    words = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(words)
    return words


@pytest.mark.parametrize("kind", [CacheUnavailable, RateLimited, SpotifyUnavailable, ConnectError])
def test_every_way_that_connecting_fails_has_words(kind, words):
    codes = {error.code for error in descendants(kind)} - {ConnectError.code}

    assert codes <= words.SPOTIFY_ERRORS.keys()


def test_every_reason_of_a_run_has_words(words):
    table = (
        (DOCS / "explanation" / "runs.md").read_text().partition("## Reasons")[2].split("\n## ")[0]
    )
    rows = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    reasons = {code for row in rows for code in re.findall(r"`(\w+)`", row)} - {"reason"}

    assert reasons
    assert reasons <= words.REASONS.keys()
    assert set(Mode.values) == words.MODES.keys()
    assert set(Trigger.values) == words.TRIGGERS.keys()
    assert {scope for needed in SCOPES.values() for scope in needed} == words.SCOPES.keys()


@pytest.mark.parametrize("table", ["SPOTIFY_ERRORS", "FAILURES", "REASONS"])
def test_no_word_of_operators_is_on_a_page(words, table):
    for code, said in getattr(words, table).items():
        assert words_of_operators(str(said)) == [], code


def descendants(kind: type[SpotifySyncError]) -> Iterator[type[SpotifySyncError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from descendants(child)


# Languages


def catalog() -> dict[Any, str]:
    with (SOURCE / "locale/ru/LC_MESSAGES/django.mo").open("rb") as file:
        compiled: dict[Any, str] = gettext.GNUTranslations(file)._catalog
    return {key: text for key, text in compiled.items() if key}


def marked() -> set[str]:
    """Return all that is marked for translation, as catalogs name it, in Python and in templates."""
    found = set()
    for file in SOURCE.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            name = getattr(getattr(call, "func", None), "id", "")
            if name in {"_", "gettext", "ngettext", "pgettext"}:
                texts = [str(one.value) for one in call.args if isinstance(one, ast.Constant)]
                found.add("\x04".join(texts[:2]) if name == "pgettext" else texts[0])
    for file in SOURCE.rglob("*.html"):
        code = re.sub(r"^\s*#.*$", "", templatize(file.read_text()), flags=re.MULTILINE)
        quoted = r"""(?:u?'((?:[^'\\]|\\.)*)'|u?"((?:[^"\\]|\\.)*)")"""
        for single, double in re.findall(rf"\b(?:n?gettext|_)\(\s*{quoted}", code):
            found.add((single or double).replace("\\'", "'"))
    return found


def test_all_that_people_read_is_in_russian():
    translated = {key[0] if isinstance(key, tuple) else key for key in catalog()}

    assert len(translated) > 150
    assert sorted(marked() - translated) == []
    assert sorted(translated - marked()) == []


def test_the_russian_is_whole_and_compiled_from_what_stands_beside_it():
    source = (SOURCE / "locale/ru/LC_MESSAGES/django.po").read_text()
    entries = source.split("\n\n")[1:]
    strings = {
        text for text in re.findall(r'^msgstr(?:\[\d\])? "(.*)"$', source, re.MULTILINE) if text
    }

    assert "fuzzy" not in source
    assert 'msgstr ""\n\n' not in source.partition("\n\n")[2] + "\n\n"
    for entry in entries:
        forms = re.findall(r"^msgstr\[", entry, re.MULTILINE)
        assert len(forms) == (3 if "msgid_plural" in entry else 0), entry
    assert {text.replace('"', '\\"') for text in catalog().values()} == strings


@pytest.mark.parametrize(("language", "said"), [("en", "went wrong"), ("ru", "пошло не так")])
def test_a_fault_of_the_site_is_told_without_the_database(site, language, said):
    done = site.python(
        "-c",
        "import django, sys; django.setup()\n"
        "from django.test import RequestFactory\n"
        "from django.utils import translation\n"
        "from pages.views.faults import server_error\n"
        "translation.activate(sys.argv[1])\n"
        "print(server_error(RequestFactory().get('/')).content.decode())",
        language,
        DJANGO_SETTINGS_MODULE="config.settings",
        DATABASE_URL="postgres://u:p@127.0.0.1:1/nothing",
        PYTHONIOENCODING="utf-8",
    )

    assert said in done.stdout, done.stderr
    assert f'<html lang="{language}" data-theme="auto">' in done.stdout
    assert "/static/pages/look.css" in done.stdout


@pytest.mark.parametrize("key", catalog(), ids=str)
def test_a_translation_fills_in_what_the_text_fills_in(key):
    text = key[0] if isinstance(key, tuple) else key
    names = r"%\(\w+\)s|%%"

    assert sorted(re.findall(names, text)) == sorted(re.findall(names, catalog()[key]))
    if not re.fullmatch(r"(format of .*|[^a-zA-Z]*)", re.sub(names, "", text), re.DOTALL):
        assert re.search("[а-яё]", catalog()[key], re.IGNORECASE)
