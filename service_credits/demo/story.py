"""What happened at the demo firm: eleven clients over more than two years, in days before today."""

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


def _buy(contact, pack, days, **more):
    return {
        "kind": "purchase",
        "contact": f"demo_contact_{contact}",
        "pack": pack,
        "days": days,
        **more,
    }


def _gift(contact, credits, reason, days, **more):
    return {
        "kind": "gift",
        "contact": f"demo_contact_{contact}",
        "credits": credits,
        "reason": reason,
        "days": days,
        **more,
    }


def _work(contact, type_code, subject, description, lines, days, state="done", **more):
    return {
        "kind": "work",
        "contact": f"demo_contact_{contact}",
        "type_code": type_code,
        "subject": subject,
        "description": f"<p>{description}</p>",
        "lines": lines,
        "days": days,
        "state": state,
        **more,
    }


DEVELOPER = {"user": "demo_user_developer"}


def get_story():
    """Return the events of every client, in any order."""
    return [*_aravis(), *_northwind(), *_lefevre(), *_garonne(), *_others()]


def _aravis():
    """The portal client, who reads French and has seen everything."""
    return [
        _buy("claire", 20, 800),
        _work(
            "claire",
            "website",
            "Formulaire de contact",
            "Sur la page d'accueil : nom, e-mail, message, avec une confirmation par e-mail.",
            [("Formulaire et mise en page", 2), ("Confirmation par e-mail, filtre anti-spam", 1)],
            780,
            **DEVELOPER,
        ),
        _work(
            "julien",
            "extraction",
            "Export des ventes par produit",
            "Les ventes des trois dernières années, par produit et par mois, pour notre comptable.",
            [("Extraction et nettoyage", 4), ("Fichier au format du comptable", 2)],
            690,
            spent=5,
        ),
        _work(
            "claire",
            "training",
            "Saisir et suivre les commandes",
            "Deux heures à distance pour la boutique, avec un support.",
            [("Visioformation de deux heures", 3), ("Support en PDF", 1)],
            610,
        ),
        _buy("claire", 20, 540),
        _work(
            "claire",
            "report",
            "Tableau de bord des marges",
            "Marge par produit et par canal (boutique, marchés, revendeurs), chaque semaine.",
            [("Tableau de bord", 8), ("Envoi hebdomadaire par e-mail", 2)],
            470,
            **DEVELOPER,
        ),
        _gift("claire", 4, "20 ans de confiance", 400, origin="loyalty"),
        _work(
            "lea",
            "communication",
            "Infolettre de printemps",
            "Présenter les visites de la cave et les nouveaux horaires.",
            [("Rédaction", 3), ("Mise en page et envoi", 2)],
            355,
            state="refused",
            reason="Merci, nous l'écrivons nous-mêmes cette année.",
        ),
        _buy("claire", 50, 300),
        _work(
            "claire",
            "development",
            "Connexion avec la caisse de la boutique",
            "Les ventes de la caisse arrivent chaque soir dans la gestion commerciale.",
            [("Connecteur", 10), ("Reprise de l'historique", 4)],
            280,
            **DEVELOPER,
        ),
        _work(
            "julien",
            "other",
            "Adresses des revendeurs à jour",
            "Doublons et adresses incomplètes : 180 fiches à revoir.",
            [("Nettoyage du fichier", 4)],
            190,
        ),
        _work(
            "claire",
            "development",
            "Étiquettes avec code-barres",
            "Imprimer les étiquettes des meules avec lot, date et code-barres.",
            [("Modèle d'étiquette", 4), ("Impression depuis la fiche produit", 6)],
            130,
            spent=9,
            **DEVELOPER,
        ),
        _work(
            "claire",
            "website",
            "Nouvelle page « Nos fromages »",
            "Une fiche par fromage, avec photo, affinage et accords.",
            [("Maquette et intégration", 6), ("Saisie des douze fiches", 3)],
            45,
            state="in_progress",
            deadline=40,
            **DEVELOPER,
        ),
        _work(
            "julien",
            "report",
            "Rapport mensuel des ventes par e-mail",
            "Le premier du mois : ventes, évolution, dix meilleurs produits.",
            [("Rapport", 4), ("Envoi automatique", 2)],
            18,
            state="accepted",
        ),
        _work(
            "claire",
            "communication",
            "Article : une journée à la cave",
            "Un article pour le blog et la lettre d'information, avec vos photos.",
            [
                ("Entretien par téléphone et rédaction", 3),
                ("Relecture et mise en ligne", 1),
                ("Version courte pour les réseaux sociaux", 1),
            ],
            4,
            state="quoted",
            optional=("Version courte pour les réseaux sociaux",),
        ),
        _work(
            "julien",
            "extraction",
            "Clients inactifs depuis un an",
            "La liste, avec leur dernier achat, pour une relance avant les fêtes.",
            [],
            1,
            state="request",
        ),
        _buy("claire", 10, 2, paid=False),
    ]


def _northwind():
    """A client who reads English."""
    return [
        _buy("northwind_emma", 20, 610),
        _work(
            "northwind_emma",
            "website",
            "Booking form for sea trials",
            "Visitors choose a boat, a day and a skipper; the office confirms.",
            [("Form and calendar", 5), ("Confirmation e-mails", 2)],
            590,
            **DEVELOPER,
        ),
        _work(
            "northwind_oliver",
            "communication",
            "Newsletter: the winter refit offer",
            "One page, two pictures, a link to the booking form.",
            [("Writing", 2), ("Layout and sending", 1)],
            500,
        ),
        _buy("northwind_emma", 50, 430),
        _work(
            "northwind_emma",
            "development",
            "Service history of each boat",
            "Every job done on a boat, with its date, hours and parts, on one screen.",
            [("Data model and screens", 12), ("Import of the paper files", 6)],
            410,
            spent=16,
            **DEVELOPER,
        ),
        _gift("northwind_emma", 2, "With our apologies for the late delivery", 380),
        _work(
            "northwind_oliver",
            "report",
            "Occupancy of the berths",
            "Berths let by month and length of boat, compared with last year.",
            [("Report", 5)],
            260,
        ),
        _work(
            "northwind_emma",
            "training",
            "Online training for the office",
            "Ninety minutes on orders and invoices for two new colleagues.",
            [("Video session of 90 minutes", 3)],
            170,
        ),
        _work(
            "northwind_oliver",
            "website",
            "French version of the website",
            "Eight pages and the menus, translated by a native speaker.",
            [("Translation", 9), ("Integration", 4)],
            120,
            state="refused",
            reason="Too early for us: let us talk about it again next season.",
        ),
        _work(
            "northwind_emma",
            "development",
            "Parts below minimum stock",
            "A list each morning of the parts to order, with the usual supplier.",
            [("Rule and morning e-mail", 6), ("Order button", 2)],
            33,
            state="in_progress",
            deadline=21,
            **DEVELOPER,
        ),
        _work(
            "northwind_emma",
            "report",
            "Monthly sales report by e-mail",
            "On the first of each month: sales, change on last year, ten best customers.",
            [
                ("Report", 5),
                ("Automatic sending", 2),
                ("Comparison with the budget", 1),
            ],
            3,
            state="quoted",
            optional=("Comparison with the budget",),
        ),
        _work(
            "northwind_oliver",
            "extraction",
            "Addresses of last year's visitors",
            "Those who left their address at the boat show, for an invitation.",
            [],
            1,
            state="request",
        ),
        _buy("northwind_emma", 10, 5, paid=False),
    ]


def _lefevre():
    return [
        _buy("lefevre_anne", 50, 560),
        _work(
            "lefevre_anne",
            "development",
            "Time sheets on the phone",
            "Associates enter their hours on the way back from a hearing.",
            [("Mobile screen", 10), ("Approval by the office", 4)],
            540,
            **DEVELOPER,
        ),
        _work(
            "lefevre_marc",
            "training",
            "Electronic invoicing for the team",
            "What changes, what to prepare, with questions and answers.",
            [("Video session of two hours", 4)],
            400,
        ),
        _gift("lefevre_anne", 3, "15 years together", 330, origin="loyalty"),
        _work(
            "lefevre_marc",
            "report",
            "Unpaid invoices by associate",
            "Each Monday, with the age of the debt.",
            [("Report", 5)],
            250,
        ),
        _work(
            "lefevre_anne",
            "website",
            "Accessibility of the website",
            "Contrast, keyboard, screen readers: what the law asks for.",
            [("Audit", 4), ("Corrections", 9)],
            60,
            state="accepted",
            **DEVELOPER,
        ),
        _work(
            "lefevre_marc",
            "other",
            "Shared mailboxes: who reads what",
            "Tidy up nine mailboxes and write down the rules.",
            [("Workshop and rules", 3)],
            90,
            state="cancelled",
        ),
        _work(
            "lefevre_anne",
            "communication",
            "Legal newsletter, autumn",
            "Three short articles from your notes.",
            [("Writing", 6), ("Layout", 2)],
            2,
            state="quoted",
        ),
    ]


def _garonne():
    return [
        _buy("garonne_nadia", 20, 480),
        _work(
            "garonne_paul",
            "extraction",
            "Kilometres by lorry",
            "From the tracking system, by month and driver, as a spreadsheet.",
            [("Extraction", 5), ("Spreadsheet with totals", 1)],
            460,
        ),
        _buy("garonne_nadia", 20, 320),
        _work(
            "garonne_paul",
            "development",
            "Delivery notes signed on the tablet",
            "The signed note goes to the customer at once and to the invoice.",
            [("Tablet screen", 14), ("Link to the invoice", 6)],
            300,
            **DEVELOPER,
        ),
        _work(
            "garonne_nadia",
            "report",
            "Fuel cost per customer",
            "To prepare next year's price talks.",
            [("Report", 7)],
            130,
        ),
        # Too few credits: accepted and ordered, the order is not paid yet.
        _work(
            "garonne_nadia",
            "development",
            "Tour planning for the week",
            "Drag and drop on a board, with the drivers' hours in sight.",
            [("Planning board", 16), ("Checks of driving hours", 8)],
            12,
            state="awaiting_credits",
            **DEVELOPER,
        ),
        _work(
            "garonne_paul",
            "training",
            "Tablet training for new drivers",
            "One hour, twice, early in the morning.",
            [("Two video sessions", 4)],
            75,
            state="expired",
        ),
    ]


def _others():
    return [
        _gift("clinique_sophie", 6, "Your balance in our old system", 420, origin="opening"),
        _buy("clinique_sophie", 10, 300),
        _work(
            "clinique_sophie",
            "website",
            "Appointments online",
            "Owners choose the vet and the hour; the reception sees it at once.",
            [("Booking page", 6), ("Reminder the day before", 2)],
            280,
            **DEVELOPER,
        ),
        _work(
            "clinique_tom",
            "communication",
            "Tutorial: how to book online",
            "A short video for the waiting room.",
            [("Script and recording", 3)],
            200,
        ),
        _work(
            "clinique_sophie",
            "report",
            "Vaccinations due next month",
            "The list of owners to remind, with their phone number.",
            [],
            2,
            state="request",
        ),
        _buy("librairie_eve", 10, 350),
        _work(
            "librairie_eve",
            "website",
            "Page of the author evenings",
            "Date, author, book, free seats.",
            [("Page and form", 4)],
            330,
            **DEVELOPER,
        ),
        _work(
            "librairie_eve",
            "extraction",
            "Stock list for the wholesaler",
            "Each Friday evening, in their format.",
            [("Export", 3)],
            210,
        ),
        _work(
            "librairie_eve",
            "communication",
            "Christmas selection",
            "Twenty books, twenty short texts.",
            [("Writing", 5)],
            7,
            state="quoted",
        ),
        _buy("valcombe_luc", 20, 400),
        _work(
            "valcombe_ines",
            "development",
            "Customs papers for export",
            "The accompanying document is filled in from the order.",
            [("Document", 7), ("Tests with the customs office", 2)],
            380,
            **DEVELOPER,
        ),
        _work(
            "valcombe_luc",
            "website",
            "Wine pages in English",
            "Nine wines, with food pairings.",
            [("Translation", 4), ("Integration", 2)],
            150,
        ),
        _work(
            "valcombe_ines",
            "report",
            "Sales by importer",
            "Bottles and turnover by importer and vintage.",
            [("Report", 4)],
            28,
            state="in_progress",
            deadline=10,
        ),
        _buy("oriane_oriane", 5, 240),
        _work(
            "oriane_oriane",
            "website",
            "Online gallery",
            "Pictures by collection, with zoom.",
            [("Gallery", 4)],
            220,
            **DEVELOPER,
        ),
        _buy("camping_yann", 10, 200),
        _work(
            "camping_yann",
            "website",
            "Prices of the next season",
            "Four seasons, five kinds of pitch, long-stay discount.",
            [("Price page", 3)],
            180,
        ),
        _work(
            "camping_yann",
            "extraction",
            "E-mail addresses of past guests",
            "Only those who agreed to be written to.",
            [("Extraction", 2)],
            21,
            state="accepted",
        ),
        _buy("kervella_gwen", 5, 90),
        _work(
            "kervella_loic",
            "training",
            "Quotations on site with the tablet",
            "An hour by video with the two fitters.",
            [("Video session", 3)],
            70,
        ),
        _buy("velomio_samir", 5, 1, paid=False),
    ]
