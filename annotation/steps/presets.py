"""Questions about people that most studies ask, ready to be added. Nobody has to answer them."""

from dataclasses import dataclass, replace

from babel import Locale
from django.contrib.auth.models import User
from django.utils.translation import gettext, gettext_noop, override, to_locale

from annotation.languages import NAMES, by_name
from annotation.models import Question, Study
from annotation.steps.flow import Place, add_question

# Those that the United Nations list, and some more where people take part, by their codes of ISO 3166.
COUNTRIES = """
AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL
CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ GR GT GW
GY HK HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK LR LS LT
LU LV LY MA MC MD ME MG MH MK ML MM MN MO MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG
PH PK PL PR PS PT PW PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ
TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VN VU WS XK YE ZA ZM ZW
"""
# Each as its speakers write it, so it reads the same on every page.
OWN_NAMES = """
Afrikaans|Azərbaycanca|Bahasa Indonesia|Bahasa Melayu|Bosanski|Català|Čeština|Cymraeg|Dansk|Deutsch
Eesti|English|Español|Euskara|Filipino|Français|Gaeilge|Galego|Hausa|Hrvatski|Igbo|isiXhosa|isiZulu
Íslenska|Italiano|Kiswahili|Latviešu|Lietuvių|Magyar|Malti|Nederlands|Norsk|Polski|Português|Română
Shqip|Slovenčina|Slovenščina|Soomaali|Suomi|Svenska|Tiếng Việt|Türkçe|Yorùbá|Ελληνικά|Български
Македонски|Русский|Српски|Українська|Қазақ тілі|Հայերեն|עברית|اردو|العربية|فارسی|አማርኛ|नेपाली|मराठी
हिन्दी|বাংলা|ਪੰਜਾਬੀ|ગુજરાતી|தமிழ்|తెలుగు|ಕನ್ನಡ|മലയാളം|සිංහල|ไทย|မြန်မာ|ქართული|ខ្មែរ|한국어|中文|日本語
"""
LANGUAGES = OWN_NAMES.strip().replace("\n", "|").split("|")


@dataclass(frozen=True)
class Preset:
    """A question in English, which the catalogs have in other languages; countries stand by their codes."""

    title: str
    text: str
    options: list[str]

    def said_in(self, language: str) -> tuple[str, list[str]]:
        # Languages not by gettext, since Django's own catalogs have words for a few of them.
        names = {**Locale.parse(to_locale(language)).territories, **{own: own for own in LANGUAGES}}
        with override(language):
            return gettext(self.text), [names.get(option) or gettext(option) for option in self.options]


PRESETS = {
    "age_band": Preset(
        "Age band",
        gettext_noop("How old are you?"),
        [
            gettext_noop("Under 18"),
            gettext_noop("18 to 24"),
            gettext_noop("25 to 34"),
            gettext_noop("35 to 44"),
            gettext_noop("45 to 54"),
            gettext_noop("55 to 64"),
            gettext_noop("65 or older"),
        ],
    ),
    "gender": Preset(
        "Gender",
        gettext_noop("What is your gender?"),
        [
            gettext_noop("Woman"),
            gettext_noop("Man"),
            gettext_noop("Non-binary"),
            gettext_noop("Another gender"),
        ],
    ),
    "country": Preset("Country", gettext_noop("In which country do you live?"), COUNTRIES.split()),
    "education": Preset(
        "Education",
        gettext_noop("What is the highest level of education that you have completed?"),
        [
            gettext_noop("None"),
            gettext_noop("Primary school"),
            gettext_noop("Secondary school"),
            gettext_noop("Vocational training"),
            gettext_noop("Bachelor's degree or similar"),
            gettext_noop("Master's degree or similar"),
            gettext_noop("Doctorate"),
        ],
    ),
    "first_language": Preset(
        "First language",
        gettext_noop("Which language did you learn first?"),
        [*LANGUAGES, gettext_noop("Another language")],
    ),
}


def add_preset(*, study: Study, name: str, place: Place, by: User | None = None) -> Question:
    """Add the question in the study's language, and in each other that knows its words. Raises StudyError."""
    preset = PRESETS[name]
    if name == "country":
        names = dict(zip(preset.options, preset.said_in(study.language)[1], strict=True))
        preset = replace(preset, options=sorted(names, key=lambda country: by_name(names[country])))
    text, options = preset.said_in(study.language)
    others = {code: preset.said_in(code) for code in NAMES if code != study.language}
    translations = {
        code: {"text": said, "options": words}
        for code, (said, words) in others.items()
        if code == "en" or said != preset.text
    }
    return add_question(
        study=study, place=place, name=name, text=text, options=options, translations=translations, by=by
    )
