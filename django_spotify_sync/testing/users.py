"""The people who use the fake: a profile and a library each."""

from __future__ import annotations

from .catalogue import Catalogue
from .library import SavedTracks
from .world import World


class User(SavedTracks):
    """One Spotify user. ``id`` may change (:meth:`change_id`), ``account_id`` never does."""

    def __init__(
        self,
        world: World,
        catalogue: Catalogue,
        *,
        key: str,
        display_name: str | None,
        account_id: str | None,
    ) -> None:
        """Begin with an empty library; *account_id* None leaves the field out of /me."""
        super().__init__(world, catalogue, key)
        self.key = key
        self.id = key
        self.account_id = account_id
        self.display_name = display_name
        self.country = "NL"
        self.product = "premium"
        self.email = f"{key}@example.org"
        self.followers = len(key)
        self.picture: str | None = None

    def __repr__(self) -> str:
        """Name the user."""
        return f"<User {self.id}>"

    def change_id(self, new: str) -> None:
        """Give the user another Spotify id, which Spotify says may happen."""
        with self.world.edit():
            self.id = new
