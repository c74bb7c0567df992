"""What a kind of task must know of the pages of a model: the module that `Kind.page` names, and its templates."""

from collections.abc import Sequence
from typing import Any, Protocol, cast

from modelstore.models import TrainedModel
from modelstore.prediction.explanation import Explanation
from modelstore.web.forms import PredictForm
from training.kinds import kind_of, load


class KindPage(Protocol):
    """What is in that module. Templates of the kind, all in `templates/kinds/NAME/`:

    choice.html      where one chooses what to train: a title with a link, and what is taken
    upload.html      the whole page of an upload; includes parts/upload_problem.html and others
    sample.html      some samples of a checked dataset; `findings`, `thumbnails`
    facts.html       what else was found, a card or nothing
    predict.html     the fields of `Form` on the page of a model; `are_kept` where what is handed in stays with it
    script.html      the scripts of that page
    links.html       ways to predict more than that
    calling.html     how programs predict; extends modelstore/calling.html
    answer_row.html  what an input is called in the table of answers; `outcome`
    answer.html      the input beside its answer
    batch_new.html   the form for a whole file; extends batches/new.html
    batch_results.html  heads and cells that name an item of a file; extends batches/results.html; `batch`, `result`
    about.html       a section of the help
    limits.html      rows for the table of limits there
    """

    # What is handed in on the page.
    Form: type[PredictForm]
    # Further pages of a model: PAGE.html at models/TOKEN/PAGE/.
    PAGES: Sequence[str]

    def explain(self, *, model: TrainedModel, value: Any, label: str) -> Explanation:
        """Why `model` gave `label` to the input `value`; raises what `predict` raises."""

    def kept_input(self, source: str, picture: bytes) -> Any | None:
        """The input that a kept sample was, as it is told (`Samples.shown`) or by its small picture; None: unknown."""


def page_of(task: str) -> KindPage:
    """The module of the kind of `task`; raises UnknownKind."""
    return cast(KindPage, load(kind_of(task).page))
