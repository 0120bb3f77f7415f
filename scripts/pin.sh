#!/bin/sh
# Write the pinned requirements anew, with hashes and without the address of any index. Needs uv.
set -eu
cd "$(dirname "$0")/.."
pin() {
    uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --quiet "$@"
}
pin pyproject.toml --extra embedded --extra build -o requirements.txt
pin pyproject.toml --extra embedded --extra build --extra dev -o requirements-dev.txt
pin scripts/requirements-node.in -o scripts/requirements-node.txt
