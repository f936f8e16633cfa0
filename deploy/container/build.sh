#!/bin/sh
# Builds the image and saves it: deploy/container/build.sh FOLDER [OPTIONS OF THE BUILD]
# Without podman or docker, it states the reason and builds nothing.
set -eu
folder=$1
shift
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
why="neither podman nor docker is installed"
engine=""
for name in podman docker; do
    command -v "$name" > /dev/null || continue
    if "$name" info > /dev/null 2>&1; then
        engine=$name
        break
    fi
    why="$name is installed, but \"$name info\" fails; is its service running?"
done
if [ -z "$engine" ]; then
    echo "No container image: $why" >&2
    exit 0
fi
# podman's own format has no place for the health check
if [ "$engine" = podman ]; then set -- --format docker "$@"; fi
"$engine" build "$@" -f deploy/container/Containerfile -t "schoolbell:$version" -t schoolbell .
"$engine" save "schoolbell:$version" | gzip > "$folder/schoolbell-$version-image.tar.gz"
