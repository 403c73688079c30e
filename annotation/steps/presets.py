"""Questions about people that most studies ask, ready to be added. Nobody has to answer them."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext, gettext_noop, override

from annotation.languages import NAMES
from annotation.models import Question, Study
from annotation.steps.flow import Place, add_question

# Those that the United Nations list, and some more where people take part. Names as in everyday English.
COUNTRIES = """
Afghanistan|Albania|Algeria|Andorra|Angola|Antigua and Barbuda|Argentina|Armenia|Australia|Austria
Azerbaijan|Bahamas|Bahrain|Bangladesh|Barbados|Belarus|Belgium|Belize|Benin|Bhutan|Bolivia
Bosnia and Herzegovina|Botswana|Brazil|Brunei|Bulgaria|Burkina Faso|Burundi|Cambodia|Cameroon|Canada
Cape Verde|Central African Republic|Chad|Chile|China|Colombia|Comoros|Congo
Congo (Democratic Republic)|Costa Rica|Côte d'Ivoire|Croatia|Cuba|Cyprus|Czechia|Denmark|Djibouti
Dominica|Dominican Republic|Ecuador|Egypt|El Salvador|Equatorial Guinea|Eritrea|Estonia|Eswatini
Ethiopia|Fiji|Finland|France|Gabon|Gambia|Georgia|Germany|Ghana|Greece|Grenada|Guatemala|Guinea
Guinea-Bissau|Guyana|Haiti|Honduras|Hong Kong|Hungary|Iceland|India|Indonesia|Iran|Iraq|Ireland
Israel|Italy|Jamaica|Japan|Jordan|Kazakhstan|Kenya|Kiribati|Korea (North)|Korea (South)|Kosovo
Kuwait|Kyrgyzstan|Laos|Latvia|Lebanon|Lesotho|Liberia|Libya|Liechtenstein|Lithuania|Luxembourg
Madagascar|Malawi|Malaysia|Maldives|Mali|Malta|Marshall Islands|Mauritania|Mauritius|Mexico
Micronesia|Moldova|Monaco|Mongolia|Montenegro|Morocco|Mozambique|Myanmar|Namibia|Nauru|Nepal
Netherlands|New Zealand|Nicaragua|Niger|Nigeria|North Macedonia|Norway|Oman|Pakistan|Palau|Palestine
Panama|Papua New Guinea|Paraguay|Peru|Philippines|Poland|Portugal|Puerto Rico|Qatar|Romania|Russia
Rwanda|Saint Kitts and Nevis|Saint Lucia|Saint Vincent and the Grenadines|Samoa|San Marino
São Tomé and Príncipe|Saudi Arabia|Senegal|Serbia|Seychelles|Sierra Leone|Singapore|Slovakia
Slovenia|Solomon Islands|Somalia|South Africa|South Sudan|Spain|Sri Lanka|Sudan|Suriname|Sweden
Switzerland|Syria|Taiwan|Tajikistan|Tanzania|Thailand|Timor-Leste|Togo|Tonga|Trinidad and Tobago
Tunisia|Türkiye|Turkmenistan|Tuvalu|Uganda|Ukraine|United Arab Emirates|United Kingdom|United States
Uruguay|Uzbekistan|Vanuatu|Vatican City|Venezuela|Vietnam|Yemen|Zambia|Zimbabwe
"""
# Each as its speakers write it, so it reads the same on every page.
LANGUAGES = """
Afrikaans|Azərbaycanca|Bahasa Indonesia|Bahasa Melayu|Bosanski|Català|Čeština|Cymraeg|Dansk|Deutsch
Eesti|English|Español|Euskara|Filipino|Français|Gaeilge|Galego|Hausa|Hrvatski|Igbo|isiXhosa|isiZulu
Íslenska|Italiano|Kiswahili|Latviešu|Lietuvių|Magyar|Malti|Nederlands|Norsk|Polski|Português|Română
Shqip|Slovenčina|Slovenščina|Soomaali|Suomi|Svenska|Tiếng Việt|Türkçe|Yorùbá|Ελληνικά|Български
Македонски|Русский|Српски|Українська|Қазақ тілі|Հայերեն|עברית|اردو|العربية|فارسی|አማርኛ|नेपाली|मराठी
हिन्दी|বাংলা|ਪੰਜਾਬੀ|ગુજરાતી|தமிழ்|తెలుగు|ಕನ್ನಡ|മലയാളം|සිංහල|ไทย|မြန်မာ|ქართული|ខ្មែរ|한국어|中文|日本語
"""


@dataclass(frozen=True)
class Preset:
    """A question in English; its catalogues may have it in other languages."""

    title: str
    text: str
    options: list[str]


def _names(listed: str) -> list[str]:
    return listed.strip().replace("\n", "|").split("|")


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
    "country": Preset("Country", gettext_noop("In which country do you live?"), _names(COUNTRIES)),
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
        [*_names(LANGUAGES), gettext_noop("Another language")],
    ),
}


def add_preset(*, study: Study, name: str, place: Place, by: User | None = None) -> Question:
    """Add the question in the study's language, and in each other that knows its words. Raises StudyError."""
    preset = PRESETS[name]
    text, options = _in(study.language, preset)
    others = {code: _in(code, preset) for code in NAMES if code != study.language}
    translations = {
        code: {"text": said, "options": words}
        for code, (said, words) in others.items()
        if code == "en" or said != preset.text
    }
    return add_question(
        study=study, place=place, name=name, text=text, options=options, translations=translations, by=by
    )


def _in(code: str, preset: Preset) -> tuple[str, list[str]]:
    with override(code):
        return gettext(preset.text), [gettext(option) for option in preset.options]
