#!/bin/bash
# debian.sh ARGUMENT… FOLDER: mmdebstrap, which makes FOLDER. Up to three times, for mirrors fail now and then.
set -uo pipefail
for try in 1 2 3; do
  mmdebstrap --quiet --mode=root --aptopt='Acquire::Retries "5"' --dpkgopt=force-unsafe-io "$@" && exit 0
  echo "lab: mmdebstrap failed ($try of 3)"
  rm -rf "${@: -1}"
done
exit 1
