"""What numpy, SciPy, scikit-learn and pandas' rarer writers leave: mostly nothing to read, truly named."""

import pickle

import numpy as np
import pandas as pd
import scipy.io
import sklearn.datasets
import yaml
from made_up import CLASSES, Expected, rows


def write(expected: Expected) -> None:
    made, flat = rows(), rows(line_ends=False)
    frame = pd.DataFrame(made, columns=["text", "label"])
    names = np.array(flat)
    np.savetxt(expected.table("savetxt.tsv", flat), names, fmt="%s", delimiter="\t", encoding="utf-8")
    np.save(expected.refused("array.npy", "sentences", "NumPy"), names)
    np.savez(expected.refused("arrays.npz", "sentences", "NumPy|npy"), text=names[:, 0], label=names[:, 1])
    scipy.io.savemat(str(expected.refused("data.mat", "sentences", "MATLAB|binary")), {"text": names})
    codes = [CLASSES.index(label) for _, label in made]
    sklearn.datasets.dump_svmlight_file(
        np.eye(len(made)), codes, str(expected.refused("features.svmlight", "sentences", "text|label|column"))
    )
    frame.to_xml(expected.refused("table.xml", "sentences", "XML"), index=False)
    frame.to_latex(expected.refused("table.tex", "sentences", "LaTeX|column|table"), index=False)
    frame.to_string(
        expected.refused("printed.txt", "sentences", "column|separator|spaces|table"), index=False
    )
    plain = pd.DataFrame(flat, columns=["text", "label"])
    plain.to_csv(expected.table("xz.csv.xz", flat, or_refused="xz"), index=False)
    plain.to_csv(expected.table("bz2.csv.bz2", flat, or_refused="bz"), index=False)
    expected.table("several_documents.yaml", made, or_refused="YAML").write_text(
        yaml.safe_dump_all([{"text": text, "label": label} for text, label in made])
    )
    expected.refused("bunch.pkl", "sentences", "pickle").write_bytes(
        pickle.dumps(sklearn.datasets.load_iris())
    )
