#!/bin/sh
# Makes a virtual environment and installs pinned requirements into it. No root, nothing outside the folder.
#
#   sh deploy/install.sh VENV REQUIREMENTS...
#
# PYTHON names the interpreter; without it the first of the usual names that is new enough is taken.
set -eu

venv=$1
shift
bin=$venv/bin
uv_version=0.13.8  # `make lock` and every installation use the same resolver

say() { printf '%s\n' "$*" >&2; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" && echo "$PYTHON" && return
        say "PYTHON=$PYTHON is no Python 3.11 or newer."
        exit 1
    fi
    for name in python3 python3.12 python3.13 python3.14 python3.11 python; do
        if new_enough "$name"; then echo "$name" && return; fi
    done
    found=$(python3 --version 2>/dev/null || echo 'none')
    say "Flash needs Python 3.11 or newer; found here: $found."
    say "  Debian 12, Ubuntu 24.04 or newer:  sudo apt install python3 python3-venv"
    say "  Fedora:                            sudo dnf install python3.12"
    say "  macOS:                             brew install python@3.12"
    say "A Python in an unusual place:        make up PYTHON=/path/to/python3.12"
    exit 1
}

explain_missing_venv() {
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    rm -rf "$venv"
    say "Python $version is here, but it cannot make virtual environments: its venv or ensurepip module is missing."
    say "  Debian, Ubuntu:   sudo apt install python$version-venv"
    say "  Fedora, RHEL:     sudo dnf install python3-pip"
    say "  Alpine:           sudo apk add python3 py3-pip"
    say "Without root: install uv for your own user and call this again; or PYTHON=/path/to/another/python."
    exit 1
}

# Three ways to an environment: Python's own, one without pip that the system's pip fills, or an installed uv.
make_venv() {
    python=$1
    if "$python" -c 'import ensurepip, venv' 2>/dev/null && "$python" -m venv --clear "$venv" 2>/dev/null; then return; fi
    if command -v uv >/dev/null 2>&1 && uv venv --quiet --clear --python "$python" "$venv"; then return; fi
    if "$python" -m pip --version >/dev/null 2>&1 && "$python" -m venv --clear --without-pip "$venv" 2>/dev/null; then return; fi
    explain_missing_venv "$python"
}

# uv installs several times faster and shares files between environments; where there is none, pip does it all.
install_uv() {
    if [ -x "$bin/uv" ] && "$bin/uv" --version | grep -q " $uv_version"; then return; fi
    if [ -x "$bin/pip" ]; then
        "$bin/python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version" 2>/dev/null || return 0
    elif command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python "$bin/python" "uv==$uv_version" 2>/dev/null || return 0
    else
        "$python" -m pip --python "$bin/python" install --quiet --disable-pip-version-check "uv==$uv_version" 2>/dev/null || return 0
    fi
}

# All lists in one call: the resolver sees torch and torchvision together and takes the pinned pair.
install_requirements() {
    for list in "$@"; do set -- "$@" -r "$list"; shift; done
    if [ -x "$bin/uv" ]; then
        VIRTUAL_ENV=$venv "$bin/uv" pip install --quiet --python "$bin/python" "$@" && return
        say "uv could not install them; trying pip."
    fi
    if [ -x "$bin/pip" ]; then
        "$bin/python" -m pip install --quiet --disable-pip-version-check "$@" && return
    fi
    say "The packages could not be installed; the reason stands above."
    say "Often it is the network (a proxy: set HTTPS_PROXY), a full disk (training needs about 6 GB), or a"
    say "platform without ready-made packages (then a compiler is needed: sudo apt install build-essential python3-dev)."
    exit 1
}

if [ ! -x "$bin/python" ] || ! new_enough "$bin/python"; then
    python=$(find_python)
    say "Making $venv with $("$python" --version) ..."
    make_venv "$python"
else
    python=$bin/python
fi
say "Installing $* ..."
install_uv
install_requirements "$@"
