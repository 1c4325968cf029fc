"""What FakeSpotify knows: the catalog, people and their libraries."""
