#!/bin/sh
# Installs tools of tools/versions into .bin, each once for each version:
#
#   sh tools/install.sh NAME...
#
# A Go tool that must be compiled shows how far it is, because the larger ones
# take a minute or two.
set -eu
cd "$(dirname "$0")/.."
bin=$PWD/.bin

# progress reads what the builder prints, keeps it in the log and shows one
# line that moves (or, where nobody watches, a line now and then).
progress() {
  count=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$2"
    count=$((count + 1))
    if [ -t 1 ]; then
      printf '\r\033[K  %s: %d packages, %.50s' "$1" "$count" "$line"
    elif [ $((count % 20)) -eq 0 ]; then
      printf '  %s: %d packages\n' "$1" "$count"
    fi
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

install_go() {
  GOBIN=$bin go install -v "$2@$3" 2>&1
}

install_npm() {
  if ! command -v npm >/dev/null; then
    echo "npm is needed for $1: install Node.js"
    return
  fi
  npm install --prefix "$bin/node" --no-save --no-audit --no-fund "$2@$3" 2>&1
}

# install_tool does nothing when this version is there: the stamp has the
# version in its name.
install_tool() {
  name=$1 kind=$2 package=$3 version=$4
  case $kind in
    npm) program=$bin/node/node_modules/.bin/$name ;;
    *) program=$bin/$name ;;
  esac
  stamp=$bin/.$name@$version
  log=$bin/.$name.log
  if [ -e "$stamp" ] && [ -x "$program" ]; then return; fi

  rm -f "$program" "$bin/.$name@"*
  : >"$log"
  printf '  %s %s: installing into .bin\n' "$name" "$version"
  "install_$kind" "$name" "$package" "$version" | progress "$name" "$log"
  if [ ! -x "$program" ]; then
    cat "$log" >&2
    printf 'tools: %s %s could not be installed: the reason stands above\n' "$name" "$version" >&2
    exit 1
  fi
  touch "$stamp"
  printf '  %s %s: ready\n' "$name" "$version"
}

mkdir -p "$bin"
for wanted in "$@"; do
  found=
  while read -r name kind package version; do
    if [ "$name" = "$wanted" ]; then
      found=yes
      install_tool "$name" "$kind" "$package" "$version" </dev/null
    fi
  done <tools/versions
  if [ -z "$found" ]; then
    printf 'tools: %s is not in tools/versions: add a line for it\n' "$wanted" >&2
    exit 1
  fi
done
