"""Limits on what a user may upload and ask for; every one is a default that an operator can change."""

from dataclasses import dataclass

MIB = 1024**2
GIB = 1024**3


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Upper and lower bounds; sizes in bytes, pictures in pixels, ranges inclusive as (low, high)."""

    # Uploads as a whole.
    max_upload_bytes: int = 2 * GIB
    max_unpacked_bytes: int = 8 * GIB
    max_entry_ratio: int = 200
    # Pictures.
    max_pictures: int = 100_000
    max_picture_bytes: int = 50 * MIB
    max_picture_pixels: int = 64_000_000
    # Videos; frames are those that are looked at.
    max_video_seconds: float = 2 * 3600
    max_video_pixels: int = 3840 * 2160
    max_video_frames: int = 20_000
    # Tables of sentences.
    max_rows: int = 1_000_000
    max_columns: int = 200
    max_field_chars: int = 131_072
    # Classes.
    max_classes: int = 1_000
    max_label_chars: int = 200
    min_per_class: int = 2
    # Hyperparameters.
    learning_rate: tuple[float, float] = (1e-5, 2.0)
    batch_size_image: tuple[int, int] = (1, 512)
    batch_size_text: tuple[int, int] = (1, 4096)
    epochs: tuple[int, int] = (1, 200)
    data_split: tuple[float, float] = (0.5, 0.95)
    plateau_factor: tuple[float, float] = (0.01, 0.5)
    plateau_patience: tuple[int, int] = (1, 20)
    plateau_min_lr: tuple[float, float] = (1e-5, 2.0)
    step_size: tuple[int, int] = (1, 10)
    step_gamma: tuple[float, float] = (0.01, 0.9)
    budget_minutes: tuple[float, float] = (0.1, 1_440)
    # One request for predictions.
    max_pictures_per_request: int = 100
    # All of them together; a JPEG that can be decoded at a fraction of its size counts less.
    max_pixels_per_request: int = 256_000_000
    max_characters_per_request: int = 2_000_000
    max_sentences_per_request: int = 1_000
    max_sentence_chars: int = 131_072
