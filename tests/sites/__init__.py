"""Two sites, built by the documentation as it is written, with the wheel in an environment of their own.

`make sites` builds both, on the oldest Django and on the newest: `bare` is what `startproject` makes, and `grown` has
much that sites have. Each connects and syncs over HTTP, with a FakeSpotify.
"""
