#!/usr/bin/env bash
# Builds both images on this machine, starts each as a container would run it, and checks it: deploy/build-local.sh
#
#   BASE=IMAGE        the base to build on; "debootstrap" makes one where no image registry can be reached. Default: the
#                     Dockerfile's own if it can be pulled, else debootstrap.
#   DEBIAN_MIRROR=URL where debootstrap takes its packages from. Default: its own.
#   FRPC_URL, FRPC_SHA256   bring frpc into the image of the test line.
#
# The registries of packages, and the certificates to trust them, are those that pip and npm use on this machine: their settings
# are mounted while the image is built and do not stay in it.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
for tool in podman debootstrap; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
command -v runc >/dev/null || command -v crun >/dev/null || missing+=(runc)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "needed and not here: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi
[ "$(id -u)" = 0 ] || { echo "run it as root: debootstrap makes a root file system" >&2; exit 1; }

work=$(mktemp -d)
name=meta_be_check_$$
# Limits that a machine without CAP_SYS_RESOURCE can set, and a runtime that lives with any layout of cgroups.
engine=(podman --cgroup-manager=cgroupfs)
command -v runc >/dev/null && engine+=(--runtime "$(command -v runc)")
limits=(--ulimit nofile=4096:4096 --ulimit nproc=4096:4096)
writable=(--tmpfs /tmp:rw,mode=1777)
for folder in /var/lib/meta_be /var/log/meta_be /run/meta_be; do
    writable+=(--tmpfs "$folder:rw,U,mode=0750") # U: the user's own
done
cleanup() {
    "${engine[@]}" rm --force --time 0 "$name" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT

fail() { echo "FAILED: $*" >&2; "${engine[@]}" logs "$name" 2>&1 | tail -40 >&2; exit 1; }
passed() { echo "ok: $*"; }
eventually() { # SECONDS COMMAND…: until the command succeeds
    local left=$1; shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1)); [ "$left" -gt 0 ] || return 1
        sleep 1
    done
}

base_by_debootstrap() { # Debian 12 with its own Python 3.11 and what compiles against it, under the name that is printed
    local image=localhost/meta_be_base:bookworm
    if ! "${engine[@]}" image exists "$image"; then
        debootstrap --variant=minbase --include=python3,python3-dev,python3-venv,ca-certificates \
            bookworm "$work/root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >&2
        rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
        tar -C "$work/root" -c . | "${engine[@]}" import --quiet - "$image" >&2
    fi
    echo "$image"
}

pinned=$(sed -n 's/^ARG BASE=//p' Dockerfile)
if [ -z "${BASE:-}" ]; then
    if "${engine[@]}" image exists "$pinned" || timeout 60 "${engine[@]}" pull --quiet "$pinned" >/dev/null 2>&1; then
        BASE=$pinned
    else
        BASE=debootstrap
    fi
fi
[ "$BASE" = debootstrap ] && BASE=$(base_by_debootstrap)
echo "base: $BASE"

# What pip and npm are told on this machine, as mounts of the build alone.
pip=$(command -v pip3 || command -v pip || true)
: >"$work/pip.conf"
if [ -n "$pip" ]; then
    {
        echo "[global]"
        "$pip" config list | sed -n "s/^\(global\|install\|:env:\)\.\(index-url\|trusted-host\|timeout\|default-timeout\)='\(.*\)'$/\2 = \3/p" \
            | sed 's/^default-timeout/timeout/' | sort -u -t= -k1,1
        echo "cert = /run/build-certificates.crt"
    } >"$work/pip.conf"
fi
{
    echo "cafile=/run/build-certificates.crt"
    if command -v npm >/dev/null; then echo "registry=$(npm config get registry)"; fi
} >"$work/npmrc"
certificates=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}
build=(--network host --isolation chroot --build-arg "BASE=$BASE" --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)"
    --volume "$work/pip.conf:/etc/pip.conf:ro" --volume "$work/npmrc:/root/.npmrc:ro" --volume "$certificates:/run/build-certificates.crt:ro")

"${engine[@]}" build --quiet "${build[@]}" --build-arg "FRPC_URL=${FRPC_URL:-}" --build-arg "FRPC_SHA256=${FRPC_SHA256:-}" \
    --format docker --file Dockerfile --tag localhost/meta_be:local . >/dev/null
passed "built meta_be, $("${engine[@]}" image inspect --format '{{.Size}}' localhost/meta_be:local) bytes"
"${engine[@]}" build --quiet "${build[@]}" --format docker --file Dockerfile_product --tag localhost/meta_be_product:local . >/dev/null
passed "built meta_be_product, $("${engine[@]}" image inspect --format '{{.Size}}' localhost/meta_be_product:local) bytes"

inside() { "${engine[@]}" exec "$name" "$@"; }
ask() { # PATH [REQUEST_ID]
    inside python -c 'import sys, urllib.request as web
asked = web.Request("http://127.0.0.1:8000" + sys.argv[1], headers={"X-Request-ID": sys.argv[2]})
print(web.urlopen(asked, timeout=5).read().decode())' "$1" "${2:-check}"
}

# Compares the lock, which it reads, with the SBOM and with what is installed.
packages='import importlib.metadata, json, re, sys
def named(text): return re.sub("[-_.]+", "-", text).lower()
locked = {(named(name), version) for name, version in re.findall(r"^([\w.-]+)==(\S+)", sys.stdin.read(), re.MULTILINE)}
listed = {(named(each["name"]), each["version"]) for each in json.load(open("/opt/venv/sbom.cdx.json"))["components"]}
installed = {(named(each.metadata["Name"]), each.version) for each in importlib.metadata.distributions()}
sys.exit(str(sorted((locked ^ listed) | (locked ^ installed))) if not locked or locked != listed or locked != installed else 0)'

check() { # IMAGE: start it with a read-only root as its own user, and look at it
    local image=$1 mark=mark-$RANDOM$RANDOM
    echo "== $image"
    # Its network is its own loopback: nothing on this machine is opened, and the embedded PostgreSQL serves.
    "${engine[@]}" run --detach --name "$name" "${limits[@]}" --network none --read-only --cap-drop all --security-opt no-new-privileges \
        "${writable[@]}" --stop-timeout 45 "$image" >/dev/null

    eventually 90 ask /readyz || fail "/readyz never answered"
    passed "/readyz: $(ask /readyz)"
    passed "/healthz: $(ask /healthz)"
    [ "$(inside id -u)" = 10001 ] || fail "not uid 10001"
    inside python -c 'import pwd, os; pwd.getpwuid(os.getuid())' || fail "no passwd entry"
    passed "user: $(inside id)"
    if inside touch /opt/meta_be/x 2>/dev/null; then fail "the root can be written to"; fi
    passed "the root is read-only"

    "${engine[@]}" exec --interactive "$name" python -c "$packages" <requirements.lock || fail "its packages are not those of the lock"
    passed "its packages, and those that its SBOM lists, are those of requirements.lock"
    for tool in gcc cc make pip npm node git; do
        if inside sh -c "command -v $tool" >/dev/null; then fail "it holds $tool"; fi
    done
    local strays
    strays=$(inside find /opt/meta_be /etc /root /var/lib/meta_be -xdev \( -name '.env*' -o -name '.git*' -o -name tests -o -name '*.pem' -path '/opt/*' \
        -o -name pip.conf -size +0 -o -name .npmrc -size +0 \) -print 2>/dev/null || true)
    [ -z "$strays" ] || fail "it holds $strays"
    passed "no compiler, no installer, nothing of the checkout that is not served, no settings of the build"

    all_running() { [ "$(inside supervisorctl status | grep -cE '^(relay|be|worker) +RUNNING')" = 3 ]; }
    eventually 30 all_running || fail "not all programs run: $(inside supervisorctl status)"
    inside supervisorctl status || true
    "${engine[@]}" healthcheck run "$name" >/dev/null || fail "the health check fails"
    passed "the health check succeeds"

    ask /api/v1/statuses "$mark" >/dev/null
    sleep 1
    inside supervisorctl tail be | grep "$mark" >/dev/null || fail "supervisorctl tail be does not show the request"
    [ "$("${engine[@]}" logs "$name" 2>/dev/null | grep -c "$mark")" = 1 ] || fail "stdout does not carry the line, once"
    passed "supervisorctl tail be and the container's stdout show the same request"

    inside sh -c 'sh -c "exec sleep 0.2 & exec true"'
    sleep 3
    local zombies
    zombies=$(inside sh -c 'grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l')
    [ "$zombies" = 0 ] || fail "$zombies zombies"
    passed "no zombies are left by orphans"

    local begun=$SECONDS
    "${engine[@]}" stop --time 45 "$name" >/dev/null
    [ $((SECONDS - begun)) -lt 40 ] || fail "it took $((SECONDS - begun)) s to stop"
    local status
    status=$("${engine[@]}" inspect --format '{{.State.ExitCode}}' "$name")
    [ "$status" = 0 ] || fail "it ended with $status"
    "${engine[@]}" logs "$name" 2>/dev/null | grep "Finished server process" >/dev/null || fail "be did not finish"
    passed "stopped within $((SECONDS - begun)) s, with 0"
    "${engine[@]}" rm "$name" >/dev/null

    # A service without its secrets would never live: the container ends with 1.
    "${engine[@]}" run --detach --name "$name" "${limits[@]}" --network none --read-only "${writable[@]}" \
        --env SECRET_KEY=short "$image" >/dev/null
    status=$(timeout 120 "${engine[@]}" wait "$name")
    [ "$status" = 1 ] || fail "a service that keeps dying ended with $status"
    passed "a program that keeps dying ends the container with 1"
    "${engine[@]}" rm "$name" >/dev/null
}

check localhost/meta_be:local
check localhost/meta_be_product:local
echo "all is well"
