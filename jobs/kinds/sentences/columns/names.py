"""Names that people give to the column with the text and to the one with the label, the usual ones first."""

import re
import unicodedata
from functools import lru_cache

_INPUT = (
    "input", "text", "sentence", "content", "review", "question", "message", "tweet", "comment", "utterance", "query",
    "document", "body", "review text", "review body", "tweet text", "comment text", "message text", "clean text",
    "full text", "post", "phrase", "statement", "headline", "article", "description", "abstract", "summary", "title",
    "subject", "email", "sms", "prompt", "string", "texts", "sentences", "inputs", "reviews", "tweets", "messages",
    "comments", "questions", "feedback", "v2", "texto", "texte", "satz", "frase", "nachricht", "mensaje", "kommentar",
    "beschreibung", "commentaire", "avis", "phrase", "mensagem", "descricao", "descripcion", "comentario", "testo",
    "tekst", "recensione", "metin", "yorum", "cumle", "текст", "сообщение", "отзыв", "комментарий", "текст обращения",
    "文本", "内容", "句子", "评论", "标题", "问题", "本文", "テキスト", "文章", "レビュー", "コメント",
    "문장", "내용", "리뷰", "텍스트", "댓글", "ข้อความ", "النص", "نص", "טקסט", "वाक्य", "पाठ",
)  # fmt: skip
_LABEL = (
    "label", "gold label", "true label", "final label", "ground truth", "class", "category", "target",
    "sentiment", "intent", "topic", "tag", "emotion", "output",
    "label text", "label name", "class name", "category name", "class label", "airline sentiment",
    "polarity", "type", "kind", "genre", "labels", "classes", "categories", "tags", "rating", "stars",
    "star rating", "overall", "score", "y", "is spam", "v1", "group", "classification", "label id", "class id",
    "class index", "gold", "annotation",
    "etiqueta", "etiquette", "kategorie", "klasse", "categoria", "categorie", "clase", "classe", "rotulo",
    "sentimento", "sentimiento", "intencion", "motif", "thema", "thème", "etichetta", "etykieta", "kategoria", "etiket",
    "kategori", "sinif", "duygu", "категория", "метка", "класс", "тональность", "тема",
    "标签", "类别", "分类", "情感", "类型", "ラベル", "カテゴリ", "カテゴリー", "感情", "分類",
    "라벨", "레이블", "감정", "카테고리", "분류", "ป้าย",
    "التصنيف", "تصنيف", "סיווג", "תווית", "श्रेणी", "भावना",
)  # fmt: skip
# Words inside longer names: "Customer message", "Issue Type".
_INPUT_WORDS = (
    "text", "message", "comment", "description", "body", "content", "review", "feedback", "sentence", "utterance",
    "tweet", "question", "narrative", "transcript", "complaint", "remark", "note", "notes", "comments", "commentaire",
    "kommentar", "beschreibung", "nachricht", "comentario", "descripcion", "descricao", "mensaje", "mensagem",
    "текст", "отзыв", "описание",
)  # fmt: skip
_LABEL_WORDS = (
    "label", "class", "category", "sentiment", "intent", "topic", "emotion", "classification", "genre", "tag", "type",
    "rating", "reason", "issue", "department", "queue", "mood", "stance", "verdict", "labels", "tags", "categories",
    "issuetype",
    "kategorie", "categorie", "categoria", "kategoria", "категория", "тип",
)  # fmt: skip
# Other people's words: a reply is not what is to be sorted.
_ANSWERS = frozenset((
    "reply", "replies", "response", "answer", "developer", "agent", "translation", "translated",
))  # fmt: skip
# What programs make of a text.
_WORKED_OVER = frozenset((
    "parse", "parsed", "binary", "tokens", "tokenized", "tokenised", "clean", "cleaned", "html", "annot", "annotated",
    "lemma", "lemmas", "lemmatized", "stemmed", "processed", "preprocessed", "normalized", "normalised", "pos", "words",
))  # fmt: skip
# What a table says besides: seldom what one wants to learn.
_BESIDES = frozenset((
    "id", "ids", "uuid", "guid", "key", "index", "idx", "number", "no", "nr", "date", "time", "timestamp", "datetime",
    "created", "updated", "modified", "year", "month", "day", "hour", "url", "link", "href", "uri", "file", "path",
    "filename", "status", "state", "progress", "finished", "completed", "verified", "language", "lang", "locale",
    "country", "region", "city", "device", "platform", "version", "channel", "browser", "user", "username", "author",
    "reviewer", "name", "email", "phone", "ip", "session", "source", "split", "set", "subset", "partition", "fold",
    "usage", "count", "likes", "votes", "length", "duration", "seconds", "helpful", "gender", "age", "annotator",
    "from", "sender", "recipient",
    "worker", "rater", "confidence", "probability",
))  # fmt: skip
_UNNAMED = re.compile(r"column \d+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def is_known(name: str) -> bool:
    """Whether a cell is one of the usual names, and so probably part of a header."""
    return input_rank(name) is not None or label_rank(name) is not None


def input_rank(name: str) -> int | None:
    """How usual a name is for the text; lower is more usual, None is unknown."""
    return _rank(_INPUT_RANK, name)


def label_rank(name: str) -> int | None:
    """How usual a name is for the label."""
    return _rank(_LABEL_RANK, name)


def input_word_rank(name: str) -> int | None:
    """How usual the most usual word of a longer name is for the text; None without such a word."""
    words = words_of(name)
    if words & _ANSWERS:
        return None
    return next((rank for rank, word in enumerate(_INPUT_WORDS) if word in words), None)


def label_word_rank(name: str) -> int | None:
    """How usual the most usual word of a longer name is for the label; None without, or where it is an id or so."""
    words = words_of(name)
    if words & _BESIDES - {"name"}:  # the name of a category is what is wanted
        return None
    return next((rank for rank, word in enumerate(_LABEL_WORDS) if word in words), None)


def is_beside(name: str) -> bool:
    """Whether a name is that of an id, a date, a status and the like."""
    return bool(words_of(name) & _BESIDES)


def is_unnamed(name: str) -> bool:
    """Whether a column only got a number for a name, as the file has none."""
    return _UNNAMED.fullmatch(name) is not None


def is_answer(name: str) -> bool:
    """Whether a name is that of a reply to the text."""
    return bool(words_of(name) & _ANSWERS)


def is_derived(name: str, other: str) -> bool:
    """Whether a name is that of another column's text worked over: `sentence1_parse` beside `sentence1`."""
    more = words_of(name) - words_of(other)
    return bool(more) and words_of(other) < words_of(name) and more <= _WORKED_OVER


def words_of(name: str) -> frozenset[str]:
    """The words of a name, without case: those of `reviewText`, `review_text` and `Review Text` are the same."""
    return frozenset(plain_name(_HUMP.sub(" ", name[:100])).split())


def plain_name(name: str) -> str:
    """A name without case and accents, and with `_`, `-` and `.` as spaces."""
    bare = " ".join(name[:100].casefold().replace("_", " ").replace("-", " ").replace(".", " ").split())
    return bare if bare.isascii() else _without_accents(bare)


@lru_cache(maxsize=1_000)
def _without_accents(name: str) -> str:
    """Latin letters without their accents; the marks of other scripts are letters of their own."""
    letters = unicodedata.normalize("NFD", name.replace("ı", "i"))
    bare = "".join(
        letter
        for i, letter in enumerate(letters)
        if not (unicodedata.combining(letter) and letters[i - 1 : i].isascii())
    )
    return unicodedata.normalize("NFC", bare)


def _rank(ranks: dict[str, int], name: str) -> int | None:
    found = ranks.get(plain_name(name))
    return ranks.get(plain_name(_HUMP.sub(" ", name[:100]))) if found is None else found


_INPUT_RANK = {plain_name(name): rank for rank, name in reversed([*enumerate(_INPUT)])}
_LABEL_RANK = {plain_name(name): rank for rank, name in reversed([*enumerate(_LABEL)])}
