#!/bin/sh
# A form of a site to Zummer: a CGI script that takes the form's POST and
# publishes form.received for a group, with the phone to create an interest for.
#
#   <form method="post" action="/cgi-bin/form.sh">
#     <input type="hidden" name="id" value="(random, made with the page)">
#     <input name="name"> <input name="phone"> <textarea name="comment"></textarea>
#
# ZUMMER, TOKEN and GROUP come from the web server's configuration, THANKS is the
# page to go to. A double click, or curl trying again, sends the same
# Idempotency-Key (made of the form with its hidden id): one row. The values stay
# encoded as the browser sent them, only their names change. Needs sh and curl.
set -u
: "${ZUMMER:?}" "${TOKEN:?a token of scope publish}" "${GROUP:=sales}" "${THANKS:=/thanks.html}"

# answer STATUS TEXT [HEADER]
answer() {
	printf 'Status: %s\r\nContent-Type: text/plain; charset=utf-8\r\n' "$1"
	[ -z "${3:-}" ] || printf '%s\r\n' "$3"
	printf '\r\n%s\n' "$2"
	exit 0
}

[ "${REQUEST_METHOD:-}" = POST ] || answer '405 Method Not Allowed' 'POST only'
[ "${CONTENT_LENGTH:-0}" -le 20000 ] || answer '413 Content Too Large' 'too long'
form=$(head -c "${CONTENT_LENGTH:-0}")
field() { printf '%s\n' "$form" | tr '&' '\n' | sed -n "s/^$1=//p" | head -n 1; }
[ -n "$(field phone)" ] || answer '422 Unprocessable Content' 'Укажите телефон / a phone is needed'

said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT
status=$(curl -sS -m 20 --retry 3 --retry-connrefused --retry-max-time 20 -o "$said" -w '%{http_code}' \
	-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: form-$(printf %s "$form" | sha256sum | cut -c1-32)" "$ZUMMER/v1/notifications" \
	--data-urlencode "group=$GROUP" -d kind=form.received -d action=create --data-urlencode 'title=Заявка с сайта' \
	-d "phone=$(field phone)" -d "name=$(field name)" -d "text=$(field comment)" \
	--data-urlencode 'object.type=Документ' --data-urlencode 'object.name=Интерес' -d "data.form=$(field id)")

case $status in
201) answer '303 See Other' 'Спасибо / thank you' "Location: $THANKS" ;;
400 | 413 | 422) sed 's/^/form.sh: not taken: /' "$said" >&2 && answer '422 Unprocessable Content' 'Проверьте, что написано / check what is written' ;;
esac
# 401: mend the token; 429, 5xx and no answer: curl has tried again by itself.
echo "form.sh: Zummer answers $status $(cat "$said")" >&2
answer '503 Service Unavailable' 'Не получилось, попробуйте ещё раз / please try again' 'Retry-After: 30'
