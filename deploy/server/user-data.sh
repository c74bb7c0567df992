#!/bin/sh
# User data of a training server (EC2 launch template, or one instance to be started and stopped). Fill in the three
# values; or let Terraform do it. Debian 12, Ubuntu 24.04 or an AWS Deep Learning AMI; runs once, as root.
#
# FLASH_ENV_PARAMETER names a SecureString of the SSM parameter store: the lines of /etc/flash/env (DATABASE_URL,
# REDIS_URL, FLASH_S3_BUCKET, AWS_REGION, FLASH_SECRET_KEY ...; see flash.env.example). The instance's role may read it
# and the bucket, and nothing else.
set -eu
FLASH_REPOSITORY=${FLASH_REPOSITORY:-https://example.org/flash.git}
FLASH_REF=${FLASH_REF:-main}
FLASH_ENV_PARAMETER=${FLASH_ENV_PARAMETER:-/flash/env}

# The watchdog comes with the code. Until it runs, this switches off a machine whose installation fails or hangs.
shutdown -P +20 "Flash could not be installed in time."

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends git python3 python3-venv ca-certificates
if [ -d /srv/flash/.git ]; then
    git -C /srv/flash fetch --quiet --depth 1 origin "$FLASH_REF" && git -C /srv/flash checkout --quiet FETCH_HEAD
else
    git clone --quiet --depth 1 --branch "$FLASH_REF" "$FLASH_REPOSITORY" /srv/flash
fi
FLASH_ENV_PARAMETER=$FLASH_ENV_PARAMETER sh /srv/flash/deploy/server/setup.sh
shutdown -c
