#!/bin/sh
# Prints the path of a Chromium or Chrome; fails when there is none.
for name in "${ZUMMER_TEST_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable chrome; do
	if [ -n "$name" ] && command -v "$name"; then exit 0; fi
done
exit 1
