#!/bin/sh
# A whole client: waits for the user's notifications, prints them, opens what
# this session shall open, and acknowledges it. Needs curl.
#
#   ZUMMER=http://127.0.0.1:8080 TOKEN=… [OPEN=command] scripts/client.sh
#
# OPEN is given the id.rev of a row to open, its web address and its 1C link.
set -u
: "${ZUMMER:=http://127.0.0.1:8080}" "${TOKEN:?a token of scope poll}" "${OPEN:=:}"
version='' page='' rows='' ack='' opened=' '
us=$(printf '\037') nl='
' # tabs become US: read would swallow empty fields

while :; do
	answer=$(curl -sS -m 45 -H 'X-Client: sh/2' -H "Authorization: Bearer $TOKEN" "$ZUMMER/v1/notifications?format=text&wait=25&limit=100&session=sh-$$&version=$version&after=$page&ack=$ack") || answer='' # not there, or broken off
	IFS=$us read -r mark new pause page state rest <<-END
		$(printf '%s\n' "$answer" | head -n 1 | tr '\t' "$us")
	END
	case $mark/$state in
	Z1/reset) ack='' rows=$answer ;;                # from now on page 1 of another set
	Z1/set) ack='' rows=${rows:+$rows$nl}$answer ;; # the set, or its next page
	Z1/unchanged) ack='' rows='' page='' version=${new:-$version} ;;
	Z1/*) ack='' rows='' page='' ;; # superseded, or a word of tomorrow: what there is stays
	E1/*) echo "refused: $new" >&2 && rows='' page='' && [ "${pause:-0}" -gt 1 ] || pause=5 ;;
	*) rows='' page='' pause=5 ;; # the acks go again
	esac
	[ "$pause" -gt 1 ] && sleep "$pause"
	[ -n "$page" ] || [ -z "$rows" ] && continue # a picture is complete at the page that names no other
	version=$new
	while IFS=$us read -r id kind action call rowstate phone title text link url at type oname uid app direction did name ctype cname cuid by session rest; do
		case $id in [0-9]*.[0-9]*) ;; *) continue ;; esac # heads of pages, results of acks, candidates
		printf '%s  %-14s %-9s %s %s %s\n' "$id" "$kind" "$action" "$phone" "$title" "$text"
		case $action/$session in open/sh-$$ | create/sh-$$ | choose/sh-$$ | resolve/sh-$$) ;; *) continue ;; esac # ours to open
		case $opened in *" $id "*) ;; *) "$OPEN" "$id" "$url" "$link" </dev/null ;; esac             # once; perhaps only its ack was lost
		opened="$opened$id " ack=$ack${ack:+,}$id.o
	done <<-END
		$(printf '%s\n' "$rows" | tr '\t' "$us")
	END
	rows=''
done
