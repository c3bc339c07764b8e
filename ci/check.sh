#!/usr/bin/env bash
# The check of action.yml. Inputs come as variables, never as text of this script; exits as `syncline check` does.
set -euo pipefail
shopt -s globstar nullglob

specs=()
while IFS= read -r pattern; do
  [[ -z $pattern ]] && continue
  IFS= matched=($pattern)
  if [[ ${#matched[@]} -eq 0 || ! -e ${matched[0]} ]]; then
    echo "syncline: no spec matches $pattern" >&2
    exit 2
  fi
  specs+=("${matched[@]}")
done <<<"${SPECS:-**/*.sync}"

arguments=(--output "${OUTPUT:-github}")
[[ -n ${OUTPUT_FILE:-} ]] && arguments+=(--output-file "$OUTPUT_FILE")
[[ -n ${BASELINE:-} ]] && arguments+=(--baseline "$BASELINE")
while IFS= read -r option; do
  [[ -n $option ]] && arguments+=("$option")
done <<<"${OPTIONS:-}"

exec syncline check "${arguments[@]}" -- "${specs[@]}"
