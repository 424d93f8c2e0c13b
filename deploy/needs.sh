#!/usr/bin/env bash
# Says in one line what is missing on the system and how to install it. Called by the Makefile.
set -u
python=${PYTHON:-python3}

missing() {
  echo "Khetdoot needs $1. Install it with:" >&2
  echo "    sudo apt-get install -y $2" >&2
  exit 1
}

case ${1:-} in
  python)
    command -v "$python" >/dev/null || missing "Python 3.11 or newer" "python3 python3-venv"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
      missing "Python 3.11 or newer (this is $("$python" -V 2>&1)); name another one with make PYTHON=python3.12" "python3.11 python3.11-venv"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing "Python's venv module" "python3-venv"
    ;;
  model) # cmake comes with pip; the compilers do not
    for tool in gcc g++ make; do
      command -v "$tool" >/dev/null || missing "$tool to compile llama.cpp, which runs the model" "build-essential"
    done
    ;;
  *)
    echo "usage: needs.sh python|model" >&2
    exit 2
    ;;
esac
