"""The right form of an upload of pictures, for refusals."""

from training.kinds.pictures import KIND

PICTURES_EXAMPLE = KIND.words.right_form
