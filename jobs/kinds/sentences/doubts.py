"""What is asked once a table was read: whether so many rows may be lost, whether one class may have nearly all."""

from jobs.kinds.sentences.options import KEEP_SINGLE, TableOptions
from jobs.kinds.sentences.rows import Table
from jobs.kinds.sentences.survey import Survey
from jobs.uploads.errors import shown
from jobs.uploads.findings import Notes, Question

_LOST = 1 / 3
_NEARLY_ALL = 0.95
_FEWEST_ROWS = 20


def ask_about_the_whole(table: Table, survey: Survey, options: TableOptions, notes: Notes) -> None:
    """Asks which column is meant, where more than a third of the rows is lost or one class has nearly all of them."""
    _ask_about_losses(table, survey, options, notes)
    if not options.label_column:
        _ask_about_one_class(table, survey, notes)


def _ask_about_losses(table: Table, survey: Survey, options: TableOptions, notes: Notes) -> None:
    used = survey.used
    rows = table.count - table.blank_count
    lost = rows - used
    if lost <= _LOST * rows or options.classes or options.several_labels == KEEP_SINGLE:
        return
    if sum("the text is" in note.message for note in notes.skipped) * 2 > len(notes.skipped):
        if not options.inputs:
            _ask(table, notes, "input_column", f"{_lost(lost, rows)}: their text is empty")
    elif not options.label_column:
        empty = sum("the label is" in note.message for note in notes.skipped) * 2 > len(notes.skipped)
        why = ": their label is empty" if empty else ""
        _ask(table, notes, "label_column", f"{_lost(lost, rows)}{why}")


def _ask_about_one_class(table: Table, survey: Survey, notes: Notes) -> None:
    used = survey.used
    most = max(survey.classes, key=lambda entry: entry.count)
    if used >= _FEWEST_ROWS and not survey.is_many and most.count > _NEARLY_ALL * used:
        share = f"{most.count:,} of {used:,} rows"
        _ask(table, notes, "label_column", f'The class "{shown(most.label, 40)}" has {share}')


def _ask(table: Table, notes: Notes, field: str, what: str) -> None:
    layout = table.layout
    text = field == "input_column"
    guess = layout.input_names[0] if text else layout.columns[layout.label]
    word = "text" if text else "class"
    others = [name for name in layout.columns if name != guess]
    notes.ask(
        Question(
            field=field,
            message=f'{what}. Is "{shown(guess, 40)}" the column with the {word}?',
            guess=guess,
            choices=(guess, *others),
        )
    )


def _lost(lost: int, rows: int) -> str:
    return f"{lost:,} of {rows:,} rows would be left out"
