"""The Web API's side of FakeSpotify."""
