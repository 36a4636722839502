"""What happened at the demo firm: eleven clients over more than two years, in days before today."""

from .story_other_clients import garonne, lefevre, others
from .story_portal_clients import aravis, northwind

# Years as a client, by contact or company.
SENIORITY = {
    "demo_client_aravis": 20,
    "demo_client_lefevre": 15,
    "demo_client_garonne": 12,
    "demo_client_clinique": 10,
    "demo_client_librairie": 8,
    "demo_client_valcombe": 6,
    "demo_client_oriane": 5,
    "demo_client_northwind": 4,
    "demo_client_camping": 2,
    "demo_client_kervella": 1,
    "demo_client_velomio": 0,
}
# Who reads French, where French is loaded; Northwind reads English.
ENGLISH_CLIENTS = ("demo_client_northwind",)


def get_story():
    """Return the events of every client, in any order."""
    return [*aravis(), *northwind(), *lefevre(), *garonne(), *others()]
