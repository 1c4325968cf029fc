"""Made-up words for made-up music, and the letters ids are written in. No real artist is meant."""

from __future__ import annotations

import random

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def chance(key: str) -> random.Random:
    """Give a stream of chance of its own for *key*: the same key, the same stream."""
    return random.Random(key)


def words(text: str) -> tuple[str, ...]:
    """Part a text into words."""
    return tuple(text.split())


ADJECTIVES = words(
    "Amber Borrowed Brittle Careful Copper Crooked Distant Drowsy Early Electric Faded Feral "
    "Folded Gentle Gilded Half Hollow Humming Idle Inland Ivory Kindly Lacquered Late Little Lost "
    "Lukewarm Midnight Mild Nearly Northern Ordinary Orbital Paper Patient Plain Quiet Restless "
    "Rusted Salted Second Silver Sleepy Slow Small Southern Spare Static Sunlit Tidal Tin "
    "Unposted Velvet Wandering Warm Wooden"
)
NOUNS = words(
    "Accordions Almanac Antenna Arcade Atlas Attic Balcony Ballast Beacon Boathouse Bridges "
    "Bulbs Canal Carousel Cartographer Cellar Chandlery Clockwork Comets Compass Corridor Dial "
    "Dovecote Dunes Engines Estuary Ferries Fountain Foxglove Gardens Granary Greenhouse Harbour "
    "Headlands Heron Horizon Kettle Ladders Lanterns Ledger Letters Lighthouse Locksmith "
    "Magnets Mapmaker Meadow Mirrors Moths Observatory Orchard Oven Parachute Pavilion Pendulum "
    "Pianos Platform Postcards Quarry Rafters Rain Reservoir Rivers Rooftops Saltworks Signal "
    "Sparrow Stairwell Station Swimmers Switchboard Tapestry Telegram Terrace Thimble Tideline "
    "Tramlines Umbrella Valley Vespers Viaduct Waltz Weather Windmill Workshop"
)
VERBS = words("Before Beyond Counting Drawing Finding Leaving Mending Naming Over Passing Under")
SUFFIXES = ("Live", "Remastered", "Acoustic", "Radio Edit", "Instrumental", "Demo")
FIRST_NAMES = words(
    "Adil Anouk Bram Corin Dagny Edda Femke Goran Hedda Ilse Jorun Kaspar Lioba Marit Neele Oska "
    "Pernille Quill Runa Sanne Tove Ulla Viggo Wiebke Yrsa Zofie"
)
LAST_NAMES = words(
    "Aldermoor Brackwater Castelvane Dunmarrow Eskelund Farrowby Grindlegate Hollinshade Ilmenau "
    "Jarrowin Kestermann Lindqvale Marlowick Northwell Osterhagen Pellingrad Quistmoor Ravnsholt "
    "Sundermark Thistlewen Ulverton Vandermeel Westerholm Yarrowdale Zellenbrook"
)
GENRES = ("harbour pop", "slow folk", "attic electronica", "tin jazz", "canal house", "brass drone")
# Some artists have a name in another script; Accept-Language decides which one is answered
# (spotify/web-api#299), so a client that does not fix the header sees names flap.
_CYRILLIC = str.maketrans(
    "abdegijklmnoprstuvzhfwcqyxABDEGIJKLMNOPRSTUVZHFWCQYX",
    "абдегийклмнопрстувзхфвцкыхАБДЕГИЙКЛМНОПРСТУВЗХФВЦКЫХ",
)


def base62(rng: random.Random, length: int = 22) -> str:
    """Draw an id the way Spotify's look."""
    return "".join(rng.choices(BASE62, k=length))


def native_script(name: str) -> str:
    """Write *name* in another alphabet."""
    return name.translate(_CYRILLIC)


def artist_name(rng: random.Random) -> str:
    """Invent a band or a person."""
    style = rng.random()
    if style < 0.4:
        return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    if style < 0.75:
        return f"The {rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}"
    if style < 0.9:
        return f"{rng.choice(NOUNS)} & {rng.choice(NOUNS)}"
    return f"{rng.choice(LAST_NAMES)} {rng.choice(('Trio', 'Quartet', 'Ensemble', 'Orchestra'))}"


def title(rng: random.Random) -> str:
    """Invent the name of a track, an album or a playlist."""
    style = rng.random()
    if style < 0.45:
        return f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}"
    if style < 0.65:
        return f"{rng.choice(VERBS)} the {rng.choice(NOUNS)}"
    if style < 0.8:
        return f"{rng.choice(NOUNS)} of {rng.choice(LAST_NAMES)}"
    if style < 0.9:
        return f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)} - {rng.choice(SUFFIXES)}"
    if style < 0.97:
        return rng.choice(NOUNS)
    return f"„{rng.choice(NOUNS)}“ (Für {rng.choice(FIRST_NAMES)}) ✦"
