"""Languages as players name them (RFC 5646, BCP 47): the two-letter code where there is one, else three letters."""

from __future__ import annotations

import re

MAX_CHARACTERS = 35
"""What RFC 5646, 4.4.1, has programs keep room for."""
UNKNOWN = "und"

_PAIRS = """
    aaraa abkab afraf akaak albsq amham araar argan armhy asmas avaav aveae aymay azeaz bakba bambm baqeu
    belbe benbn bisbi bodbo bosbs brebr bulbg burmy catca cescs chach chece chizh chucu chvcv corkw cosco crecr
    cymcy czecs danda deude divdv dutnl dzodz ellel engen epoeo estet euseu eweee faofo fasfa fijfj finfi frafr
    frefr fryfy fulff geoka gerde glagd glega glggl glvgv greel grngn gujgu hatht hauha hebhe herhz hinhi hmoho
    hrvhr hunhu hyehy iboig iceis idoio iiiii ikuiu ileie inaia indid ipkik islis itait javjv jawjv jpnja kalkl
    kankn kasks katka kaukr kazkk khmkm kikki kinrw kirky komkv konkg korko kuakj kurku laolo latla lavlv limli
    linln litlt ltzlb lublu luglg macmk mahmh malml maomi marmr mayms mkdmk mlgmg mltmt molro monmn mrimi msams
    myamy nauna navnv nblnr ndend ndong nepne nldnl nnonn nobnb norno npine nyany ocioc ojioj orior ormom ossos
    panpa perfa plipi polpl porpt pusps quequ rohrm ronro rumro runrn rusru sagsg sansa sinsi slksk slosk slvsl
    smese smosm snasn sndsd somso sotst spaes sqisq srdsc srpsr sswss sunsu swasw swesv tahty tamta tattt telte
    tgktg thath tibbo tirti tonto tsntn tsots tuktk turtr twiak uigug ukruk urdur uzbuz venve vievi volvo welcy
    wlnwa wolwo xhoxh yidyi yoryo zhaza zhozh zulzu
"""
_SHORT = {pair[:3]: pair[3:] for pair in _PAIRS.split()}
"""ISO 639-2, terminological and bibliographic, to ISO 639-1."""
_BIBLIOGRAPHIC = """
    alb arm baq bur chi cze dut fre geo ger gre ice mac mao may mol per rum slo tib wel
"""
_LONG = {short: long for long, short in _SHORT.items() if long not in _BIBLIOGRAPHIC.split()}
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)(?P<private>(?:-x(?:-[a-z0-9]{1,8})+)?)",
    re.ASCII | re.IGNORECASE,
)


def tag_of(language: str | None) -> str:
    """The tag of an ISO 639-2 code; `und` where nothing is known."""
    return _SHORT.get(language or "und", language or "und")


def parse(text: str) -> str:
    """A tag as it is usually written: "PT-br" is "pt-BR", "eng" is "en".

    Raises ValueError with a sentence for the client.
    """
    found = _TAG.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    if found is None:
        raise ValueError("is no language tag as BCP 47 has them: en, pt-BR, zh-Hant")
    language = tag_of(found["language"].lower())
    if len(language) == 2 and language not in _LONG:
        raise ValueError(f'begins with no language of ISO 639: "{found["language"]}"')
    parts = [language, (found["script"] or "").title(), (found["region"] or "").upper()]
    rest = f"{found['variants']}{found['private']}".lower()
    return "-".join(part for part in parts if part) + rest


def code_of(tag: str) -> str:
    """The ISO 639-2 code (terminological) of a tag's language: what MP4 and Matroska files name."""
    language = tag.partition("-")[0]
    return _LONG.get(language, language)
