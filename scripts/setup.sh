#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates the environment .venv (its only argument) and installs the package with all its tools into it; nothing is
# installed anywhere else. PYTHON chooses the interpreter. A missing tool is named with its Debian package.
set -eu

venv=$1
extra=dev

packages=
for tool in g++ make perl; do
    command -v "$tool" >/dev/null || packages="$packages $tool"
done
if [ -n "$packages" ]; then
    echo "setup: missing:$packages; on Debian: apt-get install$packages" >&2
    exit 1
fi

# An interpreter will do if it is new enough and can make an environment with pip in it.
usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

create() {
    for python in ${PYTHON:-} python3.12 python3.13 python3 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12*/bin/python "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python; do
        if usable "$python"; then
            echo "setup: $venv with $python"
            "$python" -m venv --clear "$venv"
            return
        fi
    done
    if command -v uv >/dev/null; then
        echo "setup: $venv with uv"
        uv venv --quiet --clear --seed --python 3.12 "$venv"
        return
    fi
    echo "setup: no Python >= 3.12 with venv found; on Debian 13: apt-get install python3 python3-venv;" \
        "elsewhere: pyenv install 3.12, or uv; or name one: make setup PYTHON=/path/to/python" >&2
    exit 1
}

usable "$venv/bin/python" || create
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[$extra]"
echo "setup: done; 'make' lists what to do next"
