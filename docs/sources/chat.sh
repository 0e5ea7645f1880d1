#!/bin/sh
# A chat on a site to Zummer: the chat's server calls this when a visitor waits,
# and when an operator took the visitor.
#
#   chat.sh waiting CHAT MESSAGE NAME TEXT    a card for the whole group
#   chat.sh taken   CHAT LOGIN                it leaves the others, and opens at LOGIN
#
# ZUMMER, TOKEN (scope publish), GROUP and CHATS (the address of the operators'
# window, the chat's id comes after it) are variables. The collapse key is the
# chat: a visitor who writes again revises the card. Needs sh and curl.
set -u
: "${ZUMMER:?}" "${TOKEN:?a token of scope publish}" "${GROUP:=support}" "${CHATS:=https://chat.example/operator#}"

# publish KEY FIELD=VALUE…: exit 0 done, 75 try again later, 1 never.
publish() {
	key=$1 && shift
	for pair; do set -- "$@" --data-urlencode "$pair" && shift; done
	said=$(curl -sS -m 60 --retry 3 --retry-connrefused --retry-max-time 40 -w '\n%{http_code}' \
		-H "Authorization: Bearer $TOKEN" ${key:+-H "Idempotency-Key: $key"} "$ZUMMER/v1/notifications" "$@")
	case $(printf %s "$said" | tail -n 1) in
	201) return 0 ;;
	400 | 404 | 413 | 415 | 422) code=1 ;; # never taken as it is
	*) code=75 ;;                          # 401, 403: mend the token; 409, 429, 5xx, no answer: later, under the same key
	esac
	printf 'chat.sh: %s\n' "$said" >&2
	return $code
}

case ${1:-} in
waiting)
	[ $# -eq 5 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
	publish "chat-$2-$3" "group=$GROUP" kind=chat.waiting action=show "collapse_key=chat:$2" "title=$4" "name=$4" "text=$5" expires_in_s=1800 "object.url=$CHATS$2"
	;;
taken)
	[ $# -eq 3 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
	# Action none is a closing state: the card goes by itself. No key: twice does no harm, and a chat may be taken again.
	publish '' "group=$GROUP" kind=chat.taken action=none "collapse_key=chat:$2" "title=Взял $3" expires_in_s=30 "object.url=$CHATS$2" &&
		publish '' "user=$3" kind=chat.opened action=open "collapse_key=chat-open:$2" "title=Чат $2" expires_in_s=600 "object.title=Чат $2" "object.url=$CHATS$2"
	;;
*) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
