"""The pages of the accounts service a person sees: the consent dialogue and the error page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from django_spotify_sync.testing.wire.server import Answer, Body

if TYPE_CHECKING:
    from django_spotify_sync.testing.music.users import User

SCOPE_WORDS = {
    "playlist-read-collaborative": "See the playlists you edit together with others",
    "playlist-read-private": "See your private playlists",
    "user-follow-read": "See whom you follow",
    "user-library-read": "See what you have saved",
    "user-read-email": "See your e-mail address",
    "user-read-playback-position": "See where you stopped in episodes",
    "user-read-private": "See your subscription and country",
    "user-top-read": "See what you listen to most",
    "user-read-recently-played": "See what you played lately",
}
STYLE = """
:root { color-scheme: dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #121212;
  color: #fff; font: 16px/1.5 system-ui, sans-serif }
main { box-sizing: border-box; width: min(30rem, 100vw); padding: 2rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 1.5rem }
.mark { display: inline-block; padding: .15rem .7rem; border-radius: 99px; background: #6f4ff0;
  font-size: .8rem; font-weight: 600; letter-spacing: .03em }
ul { margin: .5rem 0 1.5rem; padding-left: 1.2rem; color: #d0d0d0 }
fieldset { border: 1px solid #444; border-radius: .6rem; margin: 0 0 1.5rem; padding: .6rem 1rem }
label { display: flex; gap: .6rem; padding: .35rem 0; cursor: pointer }
small { color: #9a9a9a }
button { width: 100%; padding: .8rem; margin-top: .6rem; border: 0; border-radius: 99px;
  font: inherit; font-weight: 700; cursor: pointer; background: #6f4ff0; color: #fff }
button[value=cancel] { background: transparent; border: 1px solid #777 }
button:focus-visible, input:focus-visible { outline: 3px solid #fff; outline-offset: 2px }
"""


def page(title: str, inside: str, status: int = 200) -> Answer:
    """Wrap *inside* in a whole HTML page."""
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{STYLE}</style>'
        f'</head><body><main><span class="mark">FakeSpotify</span>{inside}</main></body></html>'
    )
    headers = {"Cache-Control": "no-store"}
    return Answer(status, Body(html.encode()), "text/html; charset=utf-8", headers)


def error_page(status: int, text: str) -> Answer:
    """Show what cannot be sent back to the site, because the site is not known."""
    return page(text, f"<h1>{escape(text)}</h1>", status)


def consent_page(asked: dict[str, str], users: Iterable[User], chosen: User) -> Answer:
    """Show who is asking for what, let the person choose who they are, and agree or cancel."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    scopes = asked.get("scope", "").split()
    wishes = "".join(
        f'<li data-scope="{escape(scope)}">{escape(SCOPE_WORDS.get(scope, scope))}</li>'
        for scope in scopes
    )
    people = "".join(
        f'<label><input type="radio" name="user" value="{escape(user.key)}"'
        f"{' checked' if user is chosen else ''}>"
        f"<span>{escape(user.display_name or user.id)}<br>"
        f"<small>{len(user.saved):,} saved tracks</small></span></label>"
        for user in users
    )
    return page(
        "Allow access?",
        "<h1>A site would like to read your library</h1>"
        f"<ul>{wishes or '<li>See what is public on your profile</li>'}</ul>"
        f'<form method="post" action="/authorize">{hidden}'
        f"<fieldset><legend>You are</legend>{people}</fieldset>"
        '<button name="decision" value="agree">Agree</button>'
        '<button name="decision" value="cancel">Cancel</button></form>',
    )
