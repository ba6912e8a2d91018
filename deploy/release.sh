#!/usr/bin/env bash
# Makes a release of the commit that is checked out: deploy/release.sh [--dry-run] [--line master|product] [--skip-tests] [--skip-checks]
#
#   --dry-run       print every command, and run none of those that build, test or write
#   --line LINE     one line only: master (the test line) or product (the production line). Default: both
#   --skip-tests    leave out `make lint` and `make test`; the record says so
#   --skip-checks   leave out the checks of deploy/build-local.sh, which need podman; the record says so
#   BASE=IMAGE, FRPC_URL, FRPC_SHA256   as deploy/build-local.sh takes them. Default of BASE: the Dockerfiles' own
#
# It pushes nothing and installs nothing. It ends with the commands that do, and leaves var/release/VERSION.txt: commit, checks, images.
set -euo pipefail
cd "$(dirname "$0")/.."

registry=SXKJ:32775
dry='' only='' tests=yes checks=yes
while [ "$#" -gt 0 ]; do
    case $1 in
        --dry-run) dry=yes ;;
        --line) only=${2:-}; shift ;;
        --skip-tests) tests='' ;;
        --skip-checks) checks='' ;;
        *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
    esac
    shift
done

refuse() { echo "no release: $*" >&2; exit 1; }
run() { # COMMAND…: print it, and run it unless this is a dry run
    printf '+'; printf ' %q' "$@"; echo
    if [ -z "$dry" ]; then "$@"; fi
}
image() { if [ "$1" = master ]; then echo meta_be; else echo meta_be_product; fi; }
dockerfile() { if [ "$1" = master ]; then echo Dockerfile; else echo Dockerfile_product; fi; }

case $only in
    '') lines=(master product) ;;
    master | product) lines=("$only") ;;
    *) refuse "--line is master or product, not $only" ;;
esac
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' app/__init__.py)
[ -n "$version" ] || refuse "app/__init__.py has no version"
[ -z "$(git status --porcelain)" ] || refuse "the tree is not clean: commit or stash, for an image must be its commit"
grep -qE "^## \[${version//./\\.}\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md || refuse "CHANGELOG.md has no section \"## [$version] - DATE\""
for file in Dockerfile Dockerfile_product; do
    grep -qx "ARG VERSION=$version" "$file" || refuse "$file is of another version than $version"
done
revision=$(git rev-parse HEAD)
for line in "${lines[@]}"; do
    at=$(git rev-parse --verify --quiet "refs/heads/$line" || git rev-parse --verify --quiet "refs/remotes/origin/$line" || true)
    [ -n "$at" ] || refuse "there is no branch $line"
    [ "$at" = "$revision" ] || refuse "the branch $line is at ${at:0:12}, not at ${revision:0:12}, which is checked out: merge, or check it out"
done
tagged=$(git rev-parse --verify --quiet "refs/tags/v$version^{commit}" || true)
[ -z "$tagged" ] || [ "$tagged" = "$revision" ] || refuse "v$version is released already, as ${tagged:0:12}: raise the version"

if command -v podman >/dev/null; then
    engine=podman
elif command -v docker >/dev/null; then
    engine=docker
    [ -z "$checks" ] || [ -n "$dry" ] || refuse "deploy/build-local.sh needs podman: install it, or pass --skip-checks"
elif [ -n "$dry" ]; then
    engine=podman
else
    refuse "neither podman nor docker is here"
fi
echo "release $version of $revision, lines: ${lines[*]}, by $engine"

if [ -n "$tests" ]; then
    run make lint
    run make test
fi

base=${BASE:-$(sed -n 's/^ARG BASE=//p' Dockerfile)}
build() { # LINE
    local arguments=(--build-arg "BASE=$base" --build-arg "VERSION=$version" --build-arg "REVISION=$revision")
    [ "$1" = product ] || arguments+=(--build-arg "FRPC_URL=${FRPC_URL:-}" --build-arg "FRPC_SHA256=${FRPC_SHA256:-}")
    run "$engine" build "${arguments[@]}" --file "$(dockerfile "$1")" --tag "$registry/$(image "$1"):$version" .
}
if [ -n "$checks" ]; then
    run env "BASE=$base" deploy/build-local.sh # builds both, and checks each as it will run
fi
for line in "${lines[@]}"; do
    if [ -n "$checks" ] && [ "$engine" = podman ]; then # what was checked is what is released
        run podman tag "localhost/$(image "$line"):local" "$registry/$(image "$line"):$version"
    else
        build "$line"
    fi
done

record=var/release/$version.txt # git ignores var
echo "== $record"
record() {
    echo "version   $version"
    echo "commit    $revision"
    echo "made      $(date -u +%FT%TZ) by $(git config user.name || id -un)"
    if [ -n "$tests" ]; then echo "tests     passed"; else echo "tests     skipped"; fi
    if [ -n "$checks" ]; then echo "checks    passed"; else echo "checks    skipped"; fi
    for line in "${lines[@]}"; do
        local name
        name=$registry/$(image "$line"):$version
        echo "image     $name $("$engine" image inspect --format '{{.Id}}' "$name" | sed 's/^\(sha256:\)\{0,1\}/sha256:/')"
    done
}
if [ -n "$dry" ]; then
    echo "(written when the images are built)"
else
    mkdir -p "$(dirname "$record")"
    record | tee "$record"
fi

echo
echo "Then, by hand:"
echo
echo "  git tag --annotate v$version --message 'Release $version' $revision && git push origin v$version"
for line in "${lines[@]}"; do
    name=$(image "$line")
    if [ "$line" = master ]; then namespace=pixel; values=values-pixel.yaml; else namespace=meta-product; values=values-product.yaml; fi
    echo
    echo "  # $line"
    if [ "$engine" = podman ]; then
        echo "  podman push --digestfile var/release/$name.digest $registry/$name:$version"
    else
        echo "  docker push $registry/$name:$version"
        echo "  docker image inspect --format '{{index .RepoDigests 0}}' $registry/$name:$version | sed 's/.*@//' >var/release/$name.digest"
    fi
    echo "  helm upgrade --install meta-product-web charts/meta-product-web --namespace $namespace --create-namespace \\"
    echo "    --values charts/meta-product-web/$values --set-string image.tag=$version \\"
    echo "    --set-string image.digest=\"\$(cat var/release/$name.digest)\" --wait --timeout 35m"
    echo "  kubectl --namespace $namespace rollout status deployment/meta-product-web --timeout 5m"
    echo "  # back: helm rollback meta-product-web --namespace $namespace --wait"
done
