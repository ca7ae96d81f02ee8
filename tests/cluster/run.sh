#!/usr/bin/env bash
# Reeve against a real Kubernetes control plane on this machine. One argument or more: only these test modules.
cd "$(dirname "${BASH_SOURCE[0]}")" || exit
bash build.sh >/dev/null || exit
[ $# -gt 0 ] || set -- *_test.py
PYTHONPATH=../lib exec python3 -m unittest -v "${@%.py}"
