package conformance

import (
	"maps"
	"slices"
)

// RuleNames are the names of all rules that a report may name, sorted.
func RuleNames() []string { return slices.Sorted(maps.Keys(rules)) }

// Rule is a rule in words, what was broken and how to mend it, and its number in
// docs/clients/http.md; 0: there is no such rule.
func Rule(name string) (text Text, number int) { return rules[name], numbers[name] }

// numbers are those of the rules in docs/clients/http.md.
var numbers = map[string]int{
	"session_changes": 1, "absent": 2, "supersedes": 2, "gave_up": 2, "picture_dropped": 3, "picture_wrong": 3, "pages": 4, "ack_unseen": 4, "opened_unseen": 4,
	"opened_card": 5, "foreign": 5, "opened_twice": 6, "id_only": 6, "seen_is_not_opened": 6, "ack": 7, "ack_again": 7, "ack_unknown": 7, "ack_forever": 7, "acked_before_opened": 7,
	"version": 8, "pace": 9, "retry_after": 9, "gone": 10, "hot_loop": 10, "busy": 11, "novelty": 12, "bare": 12,
}

// rules are the rules of the contract that a client can break here, in words.
var rules = map[string]Text{
	"absent": {
		RU: "Клиент не пришёл: ни одного опроса с верным токеном. Проверьте адрес и токен, которые напечатаны в начале.",
		EN: "The client did not come: no poll with the right token. See to it that it has the address and the token that were printed first."},
	"gone": {
		RU: "Клиент перестал опрашивать. Опрашивать надо всегда, и после ошибки тоже: с растущей паузой.",
		EN: "The client stopped polling. Go on polling whatever happens, after a failure with growing pauses."},
	"ack": {
		RU: "Строку, которую надо открыть, не подтвердили. После открытия к следующему опросу добавляют ack=ID.REV.",
		EN: "A row to open was not acknowledged. When it is open, the next poll carries ack=ID.REV."},
	"ack_again": {
		RU: "Ответ не дошёл, а подтверждение не повторили. Пока на него не ответили, его шлют снова: это безвредно.",
		EN: "The answer was lost and the ack did not come again. Send it until it is answered: that does no harm."},
	"ack_unseen": {
		RU: "Подтвердили ревизию, которой не было ни в одном полном ответе. Оборванный ответ — не ответ; ревизию подтверждают, когда показали.",
		EN: "A revision was acknowledged that stood in no complete answer. A broken answer is none; acknowledge what was shown."},
	"ack_unknown": {
		RU: "Подтвердили то, чего сервис не давал. Подтверждают id и rev той строки, которую открыли, как они стоят в ответе.",
		EN: "Something was acknowledged that the service never gave. Acknowledge the id and rev of the row that was opened, as they stand in the answer."},
	"ack_forever": {
		RU: "Подтверждение повторяют, хотя на него ответили. Ответ — processed, already, stale_rev или not_found — окончательный: после него подтверждение забывают.",
		EN: "An ack is repeated although it was answered. The answer, processed, already, stale_rev or not_found, is final: forget the ack then."},
	"acked_before_opened": {
		RU: "Подтвердили раньше, чем открыли. Если программа упадёт между этим, звонок потерян.",
		EN: "It was acknowledged before it was opened. If the program dies in between, the call is lost."},
	"opened_twice": {
		RU: "Одну ревизию открыли дважды. Помните открытые id.rev, пока их подтверждение не принято.",
		EN: "One revision was opened twice. Remember the id.rev that were opened until their ack is taken."},
	"opened_unseen": {
		RU: "Открыли то, чего не было в полном ответе. Сначала дочитайте ответ до конца (Content-Length) и до последней страницы, потом открывайте.",
		EN: "Something was opened that stood in no complete answer. Read the answer to its end (Content-Length) and to its last page first, then open."},
	"opened_card": {
		RU: "Открыли строку, которая ничего не открывает. Открывают только open, create, choose, resolve; незнакомое слово — карточка.",
		EN: "A row was opened that opens nothing. Only open, create, choose and resolve do; an unknown word is a card."},
	"foreign": {
		RU: "Открыли чужую строку: в session — имя другого клиента или ещё ничьё. Клиент с именем открывает только то, где стоит его имя.",
		EN: "A row was opened that was not this client's: session names another one, or nobody yet. A client with a name opens only what names it."},
	"id_only": {
		RU: "Новую ревизию той же строки не открыли: клиент помнит id без rev. Помнить надо id.rev.",
		EN: "A new revision of a row was not opened: the client remembers the id without the rev. Remember id.rev."},
	"seen_is_not_opened": {
		RU: "Ревизию видели ничьей, потом она получила имя этого клиента, и её не открыли. Помнить надо открытые, а не виденные.",
		EN: "A revision was seen while it was nobody's, then it got this client's name and was not opened. Remember what was opened, not what was seen."},
	"picture_dropped": {
		RU: "Картину бросили: после unchanged, ошибки или обрыва опрос пришёл без версии. Картина меняется только полным ответом set или reset.",
		EN: "The picture was dropped: after unchanged, a failure or a broken line a poll came without its version. Only a complete set or reset replaces the picture."},
	"picture_wrong": {
		RU: "Показано не то, что в последнем полном ответе. Чего в нём нет, то больше не ждёт; что в нём есть, остаётся и после unchanged.",
		EN: "What is shown is not the last complete set. What is not in it is pending no more; what is in it stays, also after unchanged."},
	"version": {
		RU: "Опрос назвал версию не той картины, которая у клиента есть, или ни одной. Версию берут из последней страницы полного ответа и возвращают в следующем опросе: без неё сервис каждый раз сразу отдаёт весь набор.",
		EN: "A poll named a version that is not of the picture that the client has, or none. Take it from the last page of a complete answer and send it back with the next poll: without it the service gives the whole set each time, at once."},
	"pages": {
		RU: "Страницы: картина полна только на странице, где next пуст; reset посреди страниц значит начать сначала, прежние страницы выбросить.",
		EN: "Pages: a picture is complete only at the page whose next is null; a reset between pages means to begin again and to drop those before."},
	"retry_after": {
		RU: "Пришли раньше, чем велел Retry-After. После 429, 503 и 409 ждут столько секунд (в E1 — третье поле), и ещё немного наугад.",
		EN: "It came back before Retry-After was over. After 429, 503 and 409 wait that many seconds (in E1: the third field), and a little more by chance."},
	"pace": {
		RU: "Пришли раньше, чем велено: poll_after_ms (next_s, X-Poll-Interval). Ждите столько после каждого ответа, и после set тоже.",
		EN: "It polled again sooner than told: poll_after_ms (next_s, X-Poll-Interval). Wait that long after every answer, a set too."},
	"hot_loop": {
		RU: "После неудач опрашивает без паузы. Пауза растёт с каждой неудачей, с долей случайности.",
		EN: "It polls without a pause after failures. Let the pause grow with each, and chance be part of it."},
	"supersedes": {
		RU: "Слишком много опросов одного сеанса сразу: новый вытесняет ждущий. У клиента ждёт один опрос.",
		EN: "Too many polls of one session at once: each ends the one that waits. A client has one poll waiting."},
	"session_changes": {
		RU: "Имя сеанса меняется от опроса к опросу. Имя дают при запуске и не меняют, иначе строки достаются тем, кого уже нет.",
		EN: "The session's name changes from poll to poll. Make it at start and keep it, or rows go to who is no more."},
	"busy": {
		RU: "Клиент сказал busy=1 и всё же открыл строку. Пока окно занято, не открывают ничего: строка перейдёт другому или станет карточкой.",
		EN: "The client said busy=1 and opened a row all the same. While a window is open, open nothing: the row passes on or becomes a card."},
	"novelty": {
		RU: "Рядом с незнакомыми полями, столбцами или строками ответа не открыли то, что надо. Незнакомое пропускают, а остальное берут.",
		EN: "Beside unknown fields, columns or lines of an answer a row to open was not opened. Pass over what is unknown and take the rest."},
	"bare": {
		RU: "Строку без звонка, клиента и номера не взяли: так приходят публикации и digest. Любое поле, кроме id, rev, kind и action, бывает пустым (null).",
		EN: "A row without a call, a client and a number was not taken: publications and digests come so. Every field but id, rev, kind and action may be null."},
	"gave_up": {
		RU: "Ответа не дождались. Клиент ждёт на 15 с дольше, чем попросил сервис (client_timeout_s).",
		EN: "It gave up too early. A client waits 15 s longer than it asked the service to (client_timeout_s)."},
}

// notes are no breaches.
var notes = map[string]Text{
	"unnamed": {
		RU: "У клиента нет имени сеанса: шаги о сеансах пропущены. С именем строку открывает один из клиентов сотрудника.",
		EN: "The client has no session name: steps about sessions were left out. With one, one of a user's clients opens a row."},
	"anonymous": {
		RU: "Клиент не назвался в X-Client: в списке сеансов его не узнать.",
		EN: "The client did not name itself in X-Client: nobody knows it in the list of sessions."},
}
