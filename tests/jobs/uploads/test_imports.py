import subprocess
import sys


def test_neither_django_nor_torch_nor_pyarrow_comes_along():
    code = "import sys, jobs.uploads; print({'django', 'torch', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
