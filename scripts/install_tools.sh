#!/usr/bin/env bash
# What the tests need besides Python: Debian's chromium, a Chinese font so that its screenshots can be read, and
# LibreOffice, which calculates the blanks and opens the reports.
set -euo pipefail

packages=()
command -v chromium >/dev/null || packages+=(chromium)
[ -n "$(fc-list :lang=zh 2>/dev/null)" ] || packages+=(fontconfig fonts-noto-cjk)
office=$(readlink -f "$(command -v soffice)" || true)
[ -n "$office" ] || packages+=(libreoffice-calc libreoffice-writer)
[ ! -e "${office%/*}/libsclo.so" ] || [ -e "${office%/*}/libswlo.so" ] || packages+=(libreoffice-writer)
[ ${#packages[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi

if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
    echo "Installing ${packages[*]} for the tests" >&2
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    exit 0
fi

cat >&2 <<MESSAGE
The tests need: ${packages[*]}
They are Debian package names, and this user cannot install them here. Either
  - run once as an administrator:  apt-get install ${packages[*]}
  - or put a Chromium named "chromium" and a LibreOffice named "soffice" on the PATH.
MESSAGE
exit 1
