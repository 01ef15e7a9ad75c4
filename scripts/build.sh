# SPDX-License-Identifier: Apache-2.0
# Sourced by ./quickstart and ./test: options, packages, build. Shows each command before it runs.
set -euo pipefail

prefix=build/release
jobs=$(nproc)

usage() {
    sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
    printf '%s\n' \
        '  --prefix DIR  build there (build/release)' \
        '  --jobs N      processes at a time (all CPUs)'
}

parse_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --prefix=*) prefix=${1#*=} ;;
            --jobs=*) jobs=${1#*=} ;;
            --prefix | --jobs)
                [ $# -gt 1 ] || { echo "$0: $1 needs a value" >&2; exit 2; }
                [ "$1" = --prefix ] && prefix=$2 || jobs=$2
                shift ;;
            -h | --help) usage; exit 0 ;;
            *) echo "$0: unknown option '$1'" >&2; usage >&2; exit 2 ;;
        esac
        shift
    done
}

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() {
    printf '   $ %s\n' "$*"
    "$@"
}

# Those of the given packages that this release has.
known_packages() {
    local package
    for package; do
        [ -z "$(apt-cache show "$package" 2> /dev/null)" ] || printf '%s ' "$package"
    done
}

# Installs what packages.txt lists and is not there; asks for no right when nothing is missing.
install_packages() {
    local missing=() optional=() package sudo=()
    while read -r package; do
        case $package in '' | '#'*) continue ;; esac
        dpkg-query -W -f '${db:Status-Status}\n' "${package%'?'}" 2>/dev/null | grep -qx installed && continue
        case $package in *'?') optional+=("${package%'?'}") ;; *) missing+=("$package") ;; esac
    done < packages.txt
    [ ${#missing[@]} -gt 0 ] || read -r -a optional <<< "$(known_packages "${optional[@]}")"
    [ $((${#missing[@]} + ${#optional[@]})) -eq 0 ] && return
    say "Installing Debian packages"
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo > /dev/null; then
            [ ${#missing[@]} -gt 0 ] || { echo "goes on without: ${optional[*]}" >&2; return 0; }
            echo "missing: ${missing[*]}; install them as root, then run $0 again" >&2
            exit 3
        fi
        sudo=(sudo)
    fi
    run "${sudo[@]}" apt-get update -q
    # Only now does an image whose lists were empty know which of them its release has.
    read -r -a optional <<< "$(known_packages "${optional[@]}")"
    local install=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends)
    [ ${#missing[@]} -eq 0 ] || run "${install[@]}" "${missing[@]}"
    [ ${#optional[@]} -eq 0 ] || run "${install[@]}" "${optional[@]}" || echo "goes on without: ${optional[*]}" >&2
}

# build TARGET: configures (a release, warnings as errors in CI) and builds.
build() {
    say "Building in $prefix with $jobs jobs"
    local werror=OFF
    [ -z "${CI:-}" ] || werror=ON
    run cmake -S . -B "$prefix" -G Ninja -DCMAKE_BUILD_TYPE=Release -DYOLO_WERROR=$werror
    run cmake --build "$prefix" -j "$jobs" --target "$1"
}
