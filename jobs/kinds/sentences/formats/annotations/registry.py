"""The annotation tools that are known. A new one is a module with a recogniser, and a line in `TOOLS`."""

from collections.abc import Sequence
from typing import Any

from jobs.kinds.sentences.formats.annotations.argilla import find_argilla
from jobs.kinds.sentences.formats.annotations.chats import find_chats
from jobs.kinds.sentences.formats.annotations.contract import Recogniser
from jobs.kinds.sentences.formats.annotations.doccano import find_doccano
from jobs.kinds.sentences.formats.annotations.intents import find_intents
from jobs.kinds.sentences.formats.annotations.label_studio import find_label_studio
from jobs.kinds.sentences.formats.annotations.labelbox import find_labelbox
from jobs.kinds.sentences.formats.annotations.prodigy import find_prodigy
from jobs.kinds.sentences.formats.annotations.rows import AnnotatedRows
from jobs.kinds.sentences.formats.annotations.textcat import find_textcat
from jobs.kinds.sentences.formats.annotations.utterances import find_utterances
from jobs.kinds.sentences.formats.contract import Source

# The first that recognises the records reads them.
TOOLS: tuple[Recogniser, ...] = (
    find_label_studio,
    find_prodigy,
    find_argilla,
    find_labelbox,
    find_textcat,
    find_doccano,
    find_utterances,
    find_intents,
    find_chats,
)


def find_annotation(sample: Sequence[Any], source: Source) -> AnnotatedRows | None:
    """The rows of the tool that wrote these records; None if they are a plain table."""
    for tool in TOOLS:
        annotation = tool(sample, source.labelled)
        if annotation is not None:
            return AnnotatedRows(annotation, source)
    return None
