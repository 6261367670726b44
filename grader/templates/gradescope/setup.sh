#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
cd "$root/source"

fitting_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3; do
    if command -v "$name" > /dev/null \
      && "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      echo "$name"
      return
    fi
  done
}

python="$(fitting_python)"
if [ -z "$python" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y python3.12 python3.12-venv || apt-get install -y python3.11 python3.11-venv
  python="$(fitting_python)"
fi
if [ -z "$python" ]; then
  echo "no Python 3.11 or newer could be installed; choose a newer base image in the autograder's settings" >&2
  exit 1
fi

"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[judge]'
chmod -R go-rwx "$root/source/solutions" "$root/source/tests"
.venv/bin/kata doctor # the layers of the sandbox, for the log of the build
