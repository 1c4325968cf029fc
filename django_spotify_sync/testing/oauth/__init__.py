"""The accounts service's side of FakeSpotify."""
