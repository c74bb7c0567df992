"""Guesses the code page of names in a zip that do not say it: over all names together, by what could be a word."""

import functools
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# (code page, how much less usual it is): Windows writes those of DOS, some programs those of Windows. A closed list.
_CANDIDATES = (
    ("cp437", 0.0), ("cp850", 0.0), ("cp852", 0.0), ("cp866", 0.0), ("cp932", 0.0), ("cp949", 0.0),
    ("gb18030", 0.0), ("cp950", 0.0), ("cp857", 1.5), ("cp737", 2.0), ("cp862", 2.0), ("cp775", 5.0),
    ("cp720", 4.0), ("cp874", 3.0), ("cp1252", 2.0), ("cp1250", 2.0), ("cp1251", 2.0), ("cp1253", 4.0),
    ("cp1254", 3.0), ("cp1255", 4.0), ("cp1256", 4.0), ("cp1257", 5.0), ("koi8-r", 3.0), ("euc-jp", 2.0),
)  # fmt: skip
# What people may choose, by the names that they know.
NAME_ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "cp437": "cp437", "ibm437": "cp437", "cp850": "cp850", "cp852": "cp852",
    "cp866": "cp866", "cp855": "cp855", "cp857": "cp857", "cp737": "cp737", "cp862": "cp862", "cp864": "cp864",
    "cp1250": "cp1250", "windows-1250": "cp1250", "cp1251": "cp1251", "windows-1251": "cp1251",
    "cp1252": "cp1252", "windows-1252": "cp1252", "latin-1": "cp1252", "iso-8859-1": "cp1252",
    "cp1253": "cp1253", "cp1254": "cp1254", "koi8-r": "koi8-r", "cp932": "cp932", "shift-jis": "cp932",
    "cp949": "cp949", "euc-kr": "cp949", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030",
    "cp936": "gb18030", "big5": "cp950", "cp950": "cp950", "euc-jp": "euc-jp",
}  # fmt: skip
_MOST_NAMES = 3_000
_SURE = 2.5
_ALONE = "ςךםןףץ"  # only at the end of a word
_GREEK = set("αοιετσνηυρπκλμςάέίόή")

# The most frequent of each script, by heart and not by count: enough to tell words from noise.
_HANGUL = set(
    "이다는에의가을로하고를지한은기사서도대인자어나시리정수전해라스보부들과장원일주그만상제구아오여유공면으동조안국게성중계있신소화비경우체"
    "개무관마연용합세생방위분학선치산진물문모말할것내양결강재적미번실입차드당금등출포발통프트러호회간명되니음때려품바법남단식터저타피카"
    "토끼새개꽃나무말소닭곰빨파노초검흰색불량상딸기좋은나쁜"
)
_HANZI = set(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么"
    "去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日者意无力它与长把机十民第公此已工使情明性知全三又关点"
    "正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西月话合回特代内信表化老给世位次度门任常先海通教儿原东"
    "声提立及比员解水名真论处走义各入几口认条平系气题活别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直资命山金指"
    "区保至形社便空决展马科基眼书非听白界达光放强像难思王象完设式色路记南品住告类求据程北边交规万取格望领共传师观清今切院识带导运图片"
    "猫咪狗鸟鱼花草树车船牛羊猪鸡鸭虎狮熊兔鼠蛇龙红黄蓝绿黑灰异坏苹果香蕉橙葡萄瓜莓番茄健康病叶测试训练验证数据集照缺陷"
)
_HANZI_LONG = set(
    "這個們來為國說時會對於著裡發後經麼學現當沒動還進樣實無與長機關點業將兩間問應頭體見產話內給門兒東聲員論處義幾認條氣題別變總電數"
    "報結務場計區隊決馬書聽達強難權設記類據邊貓鳥魚樹車豬雞鴨獅龍紅黃藍綠測試訓練驗證資料集圖照片蘋香蕉橙葡萄草莓健康病葉異壞"
    "的一是不了在人有我他中上大和地到以要就出可也你生能而子那得下自之年作用道行所然家種事成方多去法如都同面起看定天分好小部其些主理心本前"
    "開但因只從想日者意力它把十民第公此已工使情明性知全三又正外高由很最重並物手向文政美相被利什二等或新己制身果加西月合回特代信表化老世位"
    "次度任常先海通教原提立及比解水名真走各入口平系活更打女四神何安少才反受目太量再感建做接必件管期市直命山金指許統保至形社便空治展科司五"
    "基眼非則白卻界光放即像且思王象完式色路南品住告求程北狗花草船牛羊虎熊兔鼠蛇黑灰"
)
_KANJI = set(
    "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何"
    "南万毎白天母火右読友左休父雨犬猫鳥魚花草馬牛羊豚鶏虎熊象猿狐狸兎蛇亀虫蝶赤青黄緑黒灰色良不可正常異画像写真船飛機自転動物植果野菜料理"
    "顔手足目口耳用試験検証訓練学習葉病健康品欠陥傷無有種類分花桜松竹梅米茶肉部屋道路空海町村石田林森力心体新古多少明暗朝昼夜春夏秋冬"
)
_CYRILLIC = dict(zip("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ", range(37), strict=True))
_LATIN = set("äöüßéèàáíóúñç")
_LATIN_TOO = set("âêôîãõåøæąćęłńśźżčďěňřšťůýžőűăâîșțşţğıİëïùûœđžāēīūķļņģ")


@dataclass(frozen=True, slots=True)
class Guess:
    """`encoding` fits best; `others` fit nearly as well and read other names, the better first."""

    encoding: str
    others: tuple[str, ...] = ()


def guess_encoding(names: Iterable[bytes]) -> Guess:
    """The encoding of names that are not all ASCII: UTF-8 where all of them are, else the likeliest code page."""
    parts = list(dict.fromkeys(part for name in names for part in _split(name) if not part.isascii()))
    if all(_decoded(part, "utf-8") is not None for part in parts):
        return Guess("utf-8")
    sample = parts[:_MOST_NAMES]
    scored = []
    for encoding, rare in _CANDIDATES:
        words = [_decoded(part, encoding) for part in sample]
        if None not in words:
            total = sum(_score(word, encoding) for word in words if word is not None)
            scored.append((total - rare, encoding, words))
    # cp437 reads any bytes, so there is always one.
    scored.sort(key=lambda entry: -entry[0])
    best, encoding, words = scored[0]
    others = [name for total, name, read in scored[1:] if total > best - _SURE and read != words]
    return Guess(encoding, tuple(others))


def _split(name: bytes) -> Sequence[bytes]:
    # Only "/": a backslash may be the second byte of a Japanese or Chinese character.
    return name.split(b"/")


def _decoded(part: bytes, encoding: str) -> str | None:
    try:
        return part.decode(encoding)
    except UnicodeDecodeError:
        return None


def _score(word: str, encoding: str) -> float:
    """How likely the characters of a name are, as the logarithm of a probability: roughly, and the same for all."""
    total, before = 0.0, " "
    for char in word:
        if char.isascii():
            total += _ascii_after(char, before)
        else:
            total += _char(char, encoding) + _after(char, before)
        before = char
    return total


def _ascii_after(char: str, before: str) -> float:
    if before.isascii() or not char.isalpha():
        return 0.0
    if _script(before) not in _ONE_BYTE and _script(before) != "":
        return -3.0
    if _script(before) != "LATIN":
        return -6.0
    return -5.0 if char.isupper() and before.islower() else 0.0


def _after(char: str, before: str) -> float:
    """What speaks against `char` behind `before`."""
    loss = 0.0
    if char.isupper() and before.islower():
        loss -= 5.0
    script = _script(char)
    if not before.isalpha() and script != _script(before):
        return loss - (6.0 if unicodedata.combining(char) else 0.0)
    if script == "LATIN":
        loss -= 2.5 if not before.isascii() else 0.0
        loss -= 6.0 if _script(before) != "LATIN" else 0.0
    elif before.isascii():
        loss -= 6.0 if script in _ONE_BYTE else 3.0
    elif before in _ALONE:
        loss -= 5.0
    elif unicodedata.combining(char) and unicodedata.combining(before):
        loss -= 2.0
    return loss


_ONE_BYTE = ("CYRILLIC", "GREEK", "HEBREW", "ARABIC", "THAI")


@functools.cache
def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


@functools.cache
def _char(char: str, encoding: str) -> float:
    script = _script(char)
    if encoding in ("cp932", "euc-jp"):
        return _japanese(char, script)
    if encoding == "cp949":
        return _listed(char, script == "HANGUL", _HANGUL, "euc-kr", 0xC8)
    if encoding == "gb18030":
        return _listed(char, script == "CJK", _HANZI, "gb2312", 0xD7)
    if encoding == "cp950":
        return _listed(char, script == "CJK", _HANZI_LONG, "big5", 0xC6)
    return _letter(char, script)


def _japanese(char: str, script: str) -> float:
    if script in ("HIRAGANA", "KATAKANA"):
        return -4.5
    if script == "KATAKANA-HIRAGANA":
        return -5.0
    if script == "HALFWIDTH":
        return -7.0
    return _listed(char, script == "CJK", _KANJI, "cp932", 0x97)


def _listed(char: str, belongs: bool, frequent: set[str], standard: str, last: int) -> float:
    """A character of two bytes: frequent, in the usual half of its standard (first byte up to `last`), or rare."""
    if not belongs:
        return -13.0 if char.isalpha() else -11.0
    if char in frequent:
        return -5.5
    try:
        first = char.encode(standard)[0]
    except UnicodeEncodeError:
        return -12.0
    return -8.5 if first <= last else -11.0


def _letter(char: str, script: str) -> float:
    lower = char.lower()
    if script == "CYRILLIC":
        return -2.5 - 0.12 * _CYRILLIC.get(lower, 60)
    if lower in _LATIN:
        return -4.0
    if lower in _LATIN_TOO:
        return -5.0
    if script == "GREEK" and char.isalpha():
        return -3.2 if lower in _GREEK else -4.5
    if script in _ONE_BYTE and (char.isalpha() or unicodedata.category(char) == "Mn"):
        return -4.0
    return -7.0 if char.isalpha() and char not in "ªº" else -10.0
