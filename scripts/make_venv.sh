#!/usr/bin/env bash
# Make a virtual environment with uv in it, from whatever Python this machine has.
# Usage: make_venv.sh FOLDER CONSTRAINTS      PYTHON=/path/to/python overrides the search.
set -euo pipefail

folder=$1
constraints=$2

# A Python counts only if it runs (a version manager's stand-in may not), is new enough, and can make an environment.
probe='import sys
assert sys.version_info >= (3, 11)
import ensurepip, venv'

python=
for candidate in ${PYTHON:-python3 python python3.13 python3.12 python3.11 python3.14}; do
  if "$candidate" -c "$probe" >/dev/null 2>&1; then
    python=$candidate
    break
  fi
done

if [[ -z $python ]]; then
  {
    if [[ -n ${PYTHON:-} ]]; then
      echo "PYTHON=$PYTHON is not a Python 3.11 or newer with the modules venv and ensurepip."
    else
      echo "No Python 3.11 or newer with the modules venv and ensurepip was found."
      echo "Found: $(python3 --version 2>/dev/null || echo 'no python3 at all')."
    fi
    echo "Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3.11"
  } >&2
  exit 1
fi

echo "Making $folder with $("$python" --version)"
# One whose Python went away is made anew; any other is kept and completed.
"$folder/bin/python" -c '' >/dev/null 2>&1 || rm -rf "$folder"
"$python" -m venv "$folder"
uv=$(grep -E '^uv==' "$constraints")
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$uv"
