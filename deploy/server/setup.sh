#!/bin/sh
# Makes a checkout in /srv/flash a training server: user, packages, environment, units. As root; may be run again.
#
#   FLASH_ENV_PARAMETER=/flash/env sh deploy/server/setup.sh    # /etc/flash/env from the SSM parameter store
#   sh deploy/server/setup.sh                                   # /etc/flash/env is there already
#
# ROOT= puts everything below another folder and leaves systemd alone (for images, and for the tests).
set -eu
root=${ROOT:-}
home=$(cd "$(dirname "$0")/../.." && pwd)
units=$root/etc/systemd/system

# The watchdog first: from here on a machine that nobody uses goes off, whatever fails below.
mkdir -p "$units" "$root/etc/flash"
for unit in flash-identity.service flash-trainer.service flash-watchdog.service flash-watchdog.timer; do
    install -m 644 "$home/deploy/server/$unit" "$units/$unit"
done
if [ -z "$root" ]; then
    id flash >/dev/null 2>&1 || useradd --system --home-dir /var/lib/flash --shell /usr/sbin/nologin flash
    systemctl daemon-reload
    systemctl enable --quiet --now flash-watchdog.timer
    install -d -o flash -g flash -m 700 /var/lib/flash
fi

sh "$home/deploy/install.sh" "$home/.venv" "${FLASH_REQUIREMENTS:-$home/requirements.txt}"

if [ -n "${FLASH_ENV_PARAMETER:-}" ]; then
    # Written under another name first: a machine without its whole environment must not train into the wrong place.
    umask 077
    "$home/.venv/bin/python" "$home/deploy/server/read_parameter.py" "$FLASH_ENV_PARAMETER" >"$root/etc/flash/env.new"
    mv "$root/etc/flash/env.new" "$root/etc/flash/env"
fi
if [ ! -s "$root/etc/flash/env" ]; then
    echo "There is no /etc/flash/env: set FLASH_ENV_PARAMETER, or write it (deploy/server/flash.env.example)." >&2
    exit 1
fi
if [ -z "$root" ]; then
    # systemd reads it; those who read uploads, the same user, must not.
    chown root:root /etc/flash/env && chmod 600 /etc/flash/env
    systemctl enable --quiet flash-trainer.service
    # On a prepared image the worker runs already, with the image's code. A job in hand goes back with its checkpoint.
    systemctl restart flash-trainer.service
fi
