#!/usr/bin/env bash
# Makes sure that Debian packages are there: scripts/debian.sh PACKAGE...
# Installs what is missing when it may (root, or sudo without a password); otherwise stops and names it.
set -eu

missing=()
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    echo "Missing packages; run: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi

# Debian's PostgreSQL would start a cluster of its own; the tests bring theirs.
conf=/etc/postgresql-common/createcluster.conf
if [[ " ${missing[*]} " == *" postgresql "* ]] && [ ! -e "$conf" ]; then
    "${as_root[@]}" sh -c "mkdir -p ${conf%/*} && echo 'create_main_cluster = false' >$conf"
fi
apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq)
echo "Installing ${missing[*]}"
"${apt[@]}" update </dev/null
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null >/dev/null
