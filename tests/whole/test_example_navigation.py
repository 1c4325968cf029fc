"""The navigation of the example site: one table, in sight or under "More"."""

from __future__ import annotations

from tests.kit.example_site import run_at_example_site

NAVIGATION = """
import os, re, sys
os.environ["MORE_RESOURCES"] = "episodes"
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from demo.library import make_account
from pages.navigation import ENTRIES
call_command("migrate", verbosity=0)
account = make_account("ada", 3)
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
def here(address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()
symbols = set(re.findall('id="([a-z]+)"', open("pages/static/pages/icons.svg").read()))
links = re.findall('class="at-[a-z]+" href="([^"]+)"', here("/"))
for entry in ENTRIES:
    assert entry.icon in symbols, entry
    if entry.resource != "audiobooks":
        assert reverse(entry.page) in links, entry
        assert f'href="{reverse(entry.page)}" aria-current="page"' in here(reverse(entry.page)), entry
print("/audiobooks/" in links, len(links) == len(set(links)) + sum(one.place == "wide" for one in ENTRIES))
print(set(re.findall('href="([^"]+)" aria-current="true"', here("/playlists/ada-0/"))))
client.logout()
print(re.findall('class="at-[a-z]+"', here("/")))
"""


def test_each_entry_leads_to_its_page_and_is_marked_there(database):
    done = run_at_example_site(NAVIGATION, database)

    assert done.stdout.splitlines() == ["False True", "{'/playlists/'}", "[]"], done.stderr
