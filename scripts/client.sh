#!/bin/sh
# A client in ten lines: waits for the user's notifications, prints them, and
# acknowledges what a real client would have opened. Needs curl.
#
#   ZUMMER=http://127.0.0.1:8080 TOKEN=… scripts/client.sh
set -u
: "${ZUMMER:=http://127.0.0.1:8080}" "${TOKEN:?a token of scope poll}"
us=$(printf '\037') version='' page='' ack='' # tabs become US: read would swallow empty fields

while :; do
	answer=$(curl -sS -m 45 -H "Authorization: Bearer $TOKEN" "$ZUMMER/v1/notifications?format=text&wait=25&limit=100&session=sh-$$&version=$version&after=$page&ack=$ack" | tr '\t' "$us")
	case $answer in Z1* | E1*) ;; *) sleep 5 && continue ;; esac # not there: the acks go with the next request
	while IFS=$us read -r id kind action call state phone title text link url at type oname uid app direction did name ctype cname cuid by session rest; do
		case $id in
		Z1) version=${kind:-$version} page=$call ack='' && [ "$state" != superseded ] || sleep "$action" ;; # version, next_s, page, state
		E1) echo "refused: $kind" >&2 && sleep "$([ "${action:-0}" -gt 0 ] && echo "$action" || echo 5)" ;; # code, seconds
		A | + | '') ;; # results of acks; candidates
		*) # a row of the set
			printf '%s  %-14s %-9s %s %s %s\n' "$id" "$kind" "$action" "$phone" "$title" "$text"
			case $action/$session in open/sh-$$ | create/sh-$$ | choose/sh-$$ | resolve/sh-$$) ack=$ack${ack:+,}$id.o ;; esac # ours to open
			;;
		esac
	done <<-END
		$answer
	END
done
