#!/usr/bin/env bash
cd "$(dirname "${BASH_SOURCE[0]}")" && PYTHONPATH=../lib exec python3 -m unittest -v docs_test
