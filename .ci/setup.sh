# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2034 # the lists are used by those who source this
# Sourced by ./start and ./check: what the project needs, and how to get what is missing.

# One need a line: kind, what to look for, Debian package.
#   program NAME   found in $PATH
#   library NAME   known to pkg-config
#   module NAME    importable by a python3
#   file PATH      exists (Debian's path, so only looked for where there is apt-get)
needs_run='
program pkg-config pkg-config
program cc gcc
file /usr/include/stdio.h libc6-dev
program meson meson
program ninja ninja-build
program python3 python3
program gnuplot gnuplot-nox
library gsl libgsl-dev
library hdf5 libhdf5-dev
library libfyaml libfyaml-dev
library jansson libjansson-dev
library libcurl libcurl4-openssl-dev
library nettle nettle-dev
library libpng libpng-dev
library zlib zlib1g-dev
file /etc/ssl/certs/ca-certificates.crt ca-certificates
'
needs_test='
library cmocka libcmocka-dev
library openblas libopenblas-dev
module h5py python3-h5py
library libserialport libserialport-dev
library libusb-1.0 libusb-1.0-0-dev
library umockdev-1.0 libumockdev-dev
program umockdev-wrapper umockdev
'

say() {
	printf '== %s\n' "$*" >&2
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# /usr/bin/python3 too: $PATH may lead to a Python that does not see the system's modules.
has_need() {
	case $1 in
	program) command -v "$2" >/dev/null 2>&1 ;;
	library) pkg-config --exists "$2" 2>/dev/null ;;
	module) python3 -c "import $2" 2>/dev/null || /usr/bin/python3 -c "import $2" 2>/dev/null ;;
	file) [ -e "$2" ] || ! command -v apt-get >/dev/null 2>&1 ;;
	esac
}

# Packages of the needs in $1 that are not met, on one line.
missing_packages() {
	echo "$1" | while read -r kind name package; do
		[ -z "$kind" ] || has_need "$kind" "$name" || printf '%s ' "$package"
	done
}

# apt-get as root, never asking; sudo may ask for a password where there is a terminal.
apt_as_root() {
	set -- env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 "$@"
	if [ "$(id -u)" -eq 0 ]; then
		"$@" </dev/null >&2
	elif [ -t 0 ]; then
		sudo "$@" >&2
	else
		sudo -n "$@" >&2
	fi
}

# Make sure of the needs in $1; touches nothing where nothing is missing.
install_missing() {
	missing=$(missing_packages "$1")
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null 2>&1 ||
		die "please install what these Debian packages hold, then run this again: $missing"
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1 ||
		die "neither root nor sudo: please have these packages installed: $missing"
	say "installing $missing"
	apt_as_root update || say "package lists could not be updated, trying with the old ones"
	# shellcheck disable=SC2086 # one word a package
	apt_as_root install -y --no-install-recommends $missing || die "could not install $missing"
	missing=$(missing_packages "$1")
	[ -z "$missing" ] || die "still not found after installing: $missing"
}

# configure FOLDER OPTION...: once; later changes of the build files are meson's own business.
configure() {
	[ -f "$1/build.ninja" ] || meson setup "$@" >&2
}
