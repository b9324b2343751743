"""Languages as players name them (RFC 5646): the two-letter code where there is one, else three letters."""

from __future__ import annotations

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


def tag_of(language: str | None) -> str:
    """The tag of an ISO 639-2 code; `und` where nothing is known."""
    return _SHORT.get(language or "und", language or "und")
