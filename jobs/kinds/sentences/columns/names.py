"""Names that people give to the column with the text and to the one with the label, the usual ones first."""

_INPUT = (
    "input", "text", "sentence", "content", "review", "question", "message", "tweet", "comment", "utterance", "query",
    "document", "body", "review text", "tweet text", "comment text", "message text", "clean text", "full text",
    "post", "phrase", "statement", "headline", "article", "description", "abstract", "summary", "title", "subject",
    "email", "sms", "prompt", "string", "texts", "sentences", "inputs", "reviews", "tweets", "messages", "comments",
    "questions", "v2", "texto", "texte", "satz", "frase", "文本", "内容", "句子", "评论", "标题", "问题", "ข้อความ",
)  # fmt: skip
_LABEL = (
    "label", "class", "category", "target", "sentiment", "intent", "topic", "tag", "emotion", "output",
    "label text", "label name", "class name", "category name", "class label", "airline sentiment",
    "polarity", "type", "kind", "genre", "labels", "classes", "categories", "rating", "stars",
    "star rating", "score", "y", "is spam", "v1", "group", "classification", "label id", "class id",
    "class index", "etiqueta", "etiquette", "kategorie", "klasse", "categoria", "标签", "类别", "分类", "情感",
    "ป้าย",
)  # fmt: skip
_INPUT_RANK = {name: rank for rank, name in enumerate(_INPUT)}
_LABEL_RANK = {name: rank for rank, name in enumerate(_LABEL)}


def is_known(name: str) -> bool:
    """Whether a cell is one of the usual names, and so probably part of a header."""
    plain = plain_name(name)
    return plain in _INPUT_RANK or plain in _LABEL_RANK


def input_rank(name: str) -> int | None:
    """How usual a name is for the text; lower is more usual, None is unknown."""
    return _INPUT_RANK.get(plain_name(name))


def label_rank(name: str) -> int | None:
    """How usual a name is for the label."""
    return _LABEL_RANK.get(plain_name(name))


def plain_name(name: str) -> str:
    """A name without case, and with `_`, `-` and `.` as spaces."""
    return " ".join(name[:100].casefold().replace("_", " ").replace("-", " ").replace(".", " ").split())
