"""Pictures in the cells of a table: called so, whether the table comes alone or in a zip, and for either kind."""

import io

import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from jobs.kinds.pictures import uploads as of_pictures
from jobs.kinds.sentences import uploads as of_sentences
from jobs.uploads import UploadRefused
from tests.jobs.uploads.builders import picture, write, zip_bytes
from training.ground.limits import Limits


def with_pictures(format: str, *, struct: bool = False, arrow: bool = False) -> bytes:
    cells = [picture(n, format) for n in range(6)]
    column = [{"bytes": cell, "path": None} for cell in cells] if struct else cells
    table = pa.table({"image": column, "label": ["a", "b"] * 3})
    buffer = io.BytesIO()
    if arrow:
        feather.write_feather(table, buffer, compression="uncompressed")
    else:
        parquet.write_table(table, buffer)
    return buffer.getvalue()


TABLES = {
    "PNG": with_pictures("PNG"),
    "JPEG as datasets stores it": with_pictures("JPEG", struct=True),
    "Arrow": with_pictures("PNG", arrow=True),
}


@pytest.mark.parametrize("data", TABLES.values(), ids=TABLES)
def test_alone_it_is_called_so_and_not_sent_on(tmp_path, data):
    path = write(tmp_path, data, "train.parquet")
    with pytest.raises(UploadRefused, match=r"pictures in its cells\. Write each to a file") as refused:
        of_pictures.inspect(path, path.name, Limits(), {})
    assert "Sentences" not in refused.value.detail
    with pytest.raises(UploadRefused, match="pictures"):
        of_sentences.inspect(path, path.name, Limits(), {})


@pytest.mark.parametrize("data", TABLES.values(), ids=TABLES)
def test_in_a_zip_it_is_called_so(tmp_path, data):
    path = write(tmp_path, zip_bytes({"data/train-00000-of-00001.parquet": data}), "train.zip")
    with pytest.raises(UploadRefused, match="pictures in the cells of a table") as refused:
        of_pictures.inspect(path, path.name, Limits(), {})
    assert "Sentences" not in refused.value.detail


def test_a_table_of_texts_is_sent_on(tmp_path):
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"text": ["a", "b"], "label": ["x", "y"]}), buffer)
    path = write(tmp_path, buffer.getvalue(), "a.parquet")
    with pytest.raises(UploadRefused, match=r"choose .Sentences. instead"):
        of_pictures.inspect(path, path.name, Limits(), {})
