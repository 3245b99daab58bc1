"""What to do about each finding, in the words of Exact's menus, in English and Dutch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tap_exact_online.catalog import MENU, MENU_DUTCH
from tap_exact_online.errors import (
    ConfigurationError,
    LimitReached,
    LoginNeeded,
    ReadError,
    TapError,
    TokenNotStored,
)
from tap_exact_online.surroundings import how_to, how_to_run
from tap_exact_online.wire import APP_PERMISSIONS

DOCS = "https://github.com/tap-exact-online/tap-exact-online/blob/main/docs/doctor.md"
"""The page that says more; each cure has a section there."""

CONSISTENCY = "company name > Master data > Data management > Consistency check"
CONSISTENCY_DUTCH = "bedrijfsnaam > Stamgegevens > Gegevensbeheer > Consistentiecontrole"
"""Exact's own check of the master data, which finds what no reader can."""


@dataclass(frozen=True, slots=True)
class Cure:
    """What to do.

    Attributes:
        section: The heading of the section in the documentation.
        english: In English; `{name}` is filled from the finding.
        dutch: The same in Dutch.
        failure: What a problem of this kind is, and so what the command exits with.
    """

    section: str
    english: str
    dutch: str
    failure: type[TapError] = ReadError

    @property
    def link(self) -> str:
        """The address of the section."""
        anchor = "".join(each for each in self.section.lower() if each.isalnum() or each in " -_")
        return f"{DOCS}#{anchor.replace(' ', '-')}"

    def filled(self, values: Mapping[str, str]) -> Cure:
        """Return it with what its words leave open, and with our commands as they are run here."""
        reread = how_to_run(f'{{"divisions": {values["divisions"]}}}') if "divisions" in values else ""
        values = {**values, "reread": reread}
        english, dutch = (_here(words.format_map(values)) for words in (self.english, self.dutch))
        return replace(self, english=english, dutch=dutch)


def _here(words: str) -> str:
    return re.sub(r"`exact-online (\w+)`", lambda found: f"`{how_to(found[1])}`", words)


_COMPANIES = f"{APP_PERMISSIONS} > Manage companies"
_COMPANIES_DUTCH = "gebruikersmenu > Mijn Exact Online > Beveiligingscentrum > Machtigingen voor mijn apps > Administraties beheren"
_APPS = "Exact Online App Centre (https://apps.exactonline.com) > Manage my apps > your app"
_APPS_DUTCH = "Exact Online App Centre (https://apps.exactonline.com) > Beheer mijn apps > uw app"
_USER = "company name > Master data > Users > Overview > user"
_USER_DUTCH = "bedrijfsnaam > Stamgegevens > Gebruikers > Overzicht > gebruiker"
_SUBSCRIPTION = "user menu > My Exact Online > My subscription"
_SUBSCRIPTION_DUTCH = "gebruikersmenu > Mijn Exact Online > Mijn abonnement"

_USER_BLOCKED = Cure(
    "The user is blocked or inactive",
    f"Unblock the user: {_USER}. Or connect as another user with `exact-online login`.",
    f"Deblokkeer de gebruiker: {_USER_DUTCH}. Of maak als andere gebruiker verbinding met `exact-online login`.",
)
_SUBSCRIPTION_BLOCKED = Cure(
    "The subscription is blocked or has expired",
    f"Look at the subscription: {_SUBSCRIPTION}; Exact blocks it for unpaid invoices, for example.",
    f"Bekijk het abonnement: {_SUBSCRIPTION_DUTCH}; Exact blokkeert het bijvoorbeeld bij onbetaalde facturen.",
)

CURES: Mapping[str, Cure] = {
    # The machine and the connection
    "configuration": Cure(
        "A setting cannot be used",
        "Correct what is named where it was set: in .env, in the environment, in `meltano.yml`, or in the file of --config.",
        "Verbeter wat genoemd wordt waar het is ingesteld: in .env, in de omgeving, in `meltano.yml`, of in het bestand"
        " van --config.",
        failure=ConfigurationError,
    ),
    "unset": Cure(
        "A setting is missing",
        f"The app registration shows them: {_APPS}.",
        f"De app-registratie toont ze: {_APPS_DUTCH}.",
        failure=ConfigurationError,
    ),
    "server": Cure(
        "The server does not answer",
        "Check this machine's network, firewall and proxy (HTTPS_PROXY), and the settings `region` and `base_url`.",
        "Controleer netwerk, firewall en proxy (HTTPS_PROXY) van deze machine, en de instellingen `region` en"
        " `base_url`.",
    ),
    "maintenance": Cure(
        "Exact is out of order",
        "Run again later: nothing is lost. Exact is out of order for a while most nights, around 04:00 Dutch time.",
        "Draai later opnieuw: er is niets verloren. Exact is de meeste nachten rond 04:00 uur een tijdje onbereikbaar.",
    ),
    "store": Cure(
        "The token store cannot be used",
        "Check the setting `store`: the file, the database or the bucket, its rights, and `store_key`.",
        "Controleer de instelling `store`: het bestand, de database of de bucket, de rechten daarop, en `store_key`.",
        failure=ConfigurationError,
    ),
    "login": Cure(
        "A login is needed",
        "Connect with `exact-online login`.",
        "Maak verbinding met `exact-online login`.",
        failure=LoginNeeded,
    ),
    "connection": Cure(
        "The connection wants attention",
        "Run the tap, or the doctor, once before it lapses; `exact-online status` shows how it is doing.",
        "Draai de tap, of de doctor, een keer voordat zij verloopt; `exact-online status` toont hoe het ervoor staat.",
    ),
    "app": Cure(
        "The app registration is not accepted",
        f"Compare `client_id` and `client_secret` with {_APPS}; an app belongs to one country (`region`).",
        f"Vergelijk `client_id` en `client_secret` met {_APPS_DUTCH}; een app hoort bij één land (`region`).",
        failure=ConfigurationError,
    ),
    "busy": Cure(
        "Another process uses the connection",
        "Let all processes use one `store`, or run again later.",
        "Laat alle processen één `store` gebruiken, of draai later opnieuw.",
        failure=LimitReached,
    ),
    "unsaved": Cure(
        "A new token could not be stored",
        "Make the store writable at once; the next run on this machine brings the saved token home.",
        "Maak de opslag meteen beschrijfbaar; de volgende run op deze machine zet het bewaarde token terug.",
        failure=TokenNotStored,
    ),
    # The divisions
    "no_divisions": Cure(
        "No division is granted",
        f"Tick the companies to read: {_COMPANIES}.",
        f"Vink de te lezen administraties aan: {_COMPANIES_DUTCH}.",
        failure=ConfigurationError,
    ),
    "not_granted": Cure(
        "A division is not granted",
        f"Tick the company: {_COMPANIES}. Or take its number out of the setting `divisions`.",
        f"Vink de administratie aan: {_COMPANIES_DUTCH}. Of haal het nummer uit de instelling `divisions`.",
    ),
    "nothing_chosen": Cure(
        "The settings leave no division",
        "Change the settings `divisions`, `exclude_divisions` or `shard`; `exact-online divisions` lists what is granted.",
        "Wijzig de instellingen `divisions`, `exclude_divisions` of `shard`; `exact-online divisions` toont wat is"
        " toegestaan.",
        failure=ConfigurationError,
    ),
    "archived": Cure(
        "A division is archived or inactive",
        f"Nothing, if its books are still wanted. Else untick it: {_COMPANIES}; or name it in `exclude_divisions`.",
        f"Niets, als de boeken nog nodig zijn. Anders uitvinken: {_COMPANIES_DUTCH}; of noem haar in"
        " `exclude_divisions`.",
    ),
    "moved": Cure(
        "Exact has moved a division",
        "Nothing: the next run reads it anew by itself, and `exact-online deletes` removes behind it what was not loaded again.",
        "Niets: de volgende run leest haar vanzelf opnieuw, en daarna verwijdert `exact-online deletes` wat niet opnieuw is geladen.",
    ),
    # What may not be read
    "missing_scope": Cure(
        "A scope is missing",
        f"{_APPS}: add the scope '{{scope}}'. Then connect again with `exact-online login`.",
        f"{_APPS_DUTCH}: voeg de scope '{{scope}}' toe. Maak daarna opnieuw verbinding met `exact-online login`.",
    ),
    "missing_right": Cure(
        "A right of the user is missing",
        f"{MENU}: {{right}}. If it is there: does the subscription hold the module ({_SUBSCRIPTION})?",
        f"{MENU_DUTCH}: {{right_dutch}}. Staat het aan: heeft het abonnement de module ({_SUBSCRIPTION_DUTCH})?",
    ),
    "missing_module": Cure(
        "A module is not licensed",
        f"See which modules the company has: {_SUBSCRIPTION}. Or deselect the stream.",
        f"Bekijk welke modules de administratie heeft: {_SUBSCRIPTION_DUTCH}. Of selecteer de stream niet.",
    ),
    "NoDivisionAccess": Cure(
        "The company is not open",
        f"Tick the company for the app: {_COMPANIES}. And for the user: {_USER} > Companies: Access rights.",
        f"Vink de administratie aan voor de app: {_COMPANIES_DUTCH}. En voor de gebruiker: {_USER_DUTCH} >"
        " Administraties: Toegangsrechten.",
    ),
    "DivisionBlocked": Cure(
        "The company is blocked",
        "Ask Exact, or the accountant who manages the company, to unblock it; or name it in `exclude_divisions`.",
        "Laat Exact, of de accountant die haar beheert, de blokkade opheffen; of noem haar in `exclude_divisions`.",
    ),
    "BlockedUser": _USER_BLOCKED,
    "InactiveUser": _USER_BLOCKED,
    "BlockedCustomer": _SUBSCRIPTION_BLOCKED,
    "LicenseExpired": _SUBSCRIPTION_BLOCKED,
    "refused": Cure(
        "Exact does not accept the request",
        "Deselect the stream for now, and report this: Exact has changed the endpoint, or a setting leads elsewhere.",
        "Selecteer de stream voorlopig niet en meld dit: Exact heeft het endpoint gewijzigd, of een instelling wijst"
        " elders heen.",
    ),
    # The limits
    "no_calls": Cure(
        "No calls are left",
        "Run again after {until}. See which other apps use the calls, or leave some with `reserved_calls`.",
        "Draai opnieuw na {until}. Kijk welke andere apps de calls gebruiken, of laat er over met `reserved_calls`.",
        failure=LimitReached,
    ),
    "contract_used_up": Cure(
        "The calls of the contract are used up",
        "Wait until 00:00 UTC. `exact-online plan` shows what the runs cost; set `contract_calls` to what your contract has.",
        "Wacht tot 00:00 UTC. `exact-online plan` toont wat de runs kosten; zet `contract_calls` op wat uw contract heeft.",
        failure=LimitReached,
    ),
    "app_blocked": Cure(
        "Exact refuses the app for now",
        "Wait an hour and ask nothing meanwhile. Cure first what was refused before.",
        "Wacht een uur en vraag intussen niets op. Verhelp eerst wat eerder werd geweigerd.",
        failure=LimitReached,
    ),
    # The state
    "never_read": Cure(
        "A stream was never read",
        "Nothing, if it was selected only now: the next run reads it from the start.",
        "Niets, als zij pas nu is geselecteerd: de volgende run leest haar vanaf het begin.",
    ),
    "left_out": Cure(
        "The state knows a division that is not read",
        f"Nothing, if that is meant: its bookmarks are kept. Else tick it again: {_COMPANIES}.",
        f"Niets, als dat de bedoeling is: de bladwijzers blijven. Anders opnieuw aanvinken: {_COMPANIES_DUTCH}.",
    ),
    "deleted_log_old": Cure(
        "The log of deleted rows is getting old",
        "Run the tap with the stream `deleted` before two months have passed since, and more often from now on.",
        "Draai de tap met de stream `deleted` voordat er twee maanden voorbij zijn, en voortaan vaker.",
    ),
    "deleted_log_empty": Cure(
        "The log of deleted rows is empty",
        f"{MENU}: {{right}}; and the scope 'Organization administration'. Then read the stream `deleted` anew. Nothing, if"
        " truly nothing was deleted: delete something in Exact, and see whether it arrives.",
        f"{MENU_DUTCH}: {{right_dutch}}; en de scope 'Organization administration'. Lees daarna de stream `deleted` opnieuw."
        " Niets, als er echt niets is verwijderd: verwijder iets in Exact en kijk of het aankomt.",
    ),
    "deleted_log_lost": Cure(
        "Deletes may be missing",
        "Read the division anew; what is gone is removed behind it: {reread}.",
        "Lees de administratie opnieuw; wat weg is, wordt daarna verwijderd: {reread}.",
    ),
}
"""What to do about each kind of finding."""
