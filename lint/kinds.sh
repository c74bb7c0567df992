#!/bin/sh
# Fails where code outside of a kind's folder decides by the name of a task: it has to ask the registry of kinds.
set -u
found=$(git grep -nE 'imageclassification|textclassification|\bTask\.(IMAGE|TEXT)\b' -- '*.py' '*.html' '*.js' \
    ':!*/kinds/*/*' ':!*/migrations/*' ':!tests/*' ':!benchmarks/*' ':!clients/*')
[ -z "$found" ] && exit 0
printf '%s\n\nThese lines know a kind of task by name. Ask training.kinds, or move them to a folder of that kind.\n' "$found" >&2
exit 1
