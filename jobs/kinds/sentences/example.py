"""The right form of an upload of sentences, for refusals."""

from training.kinds.sentences import KIND

TABLE_EXAMPLE = KIND.words.right_form
