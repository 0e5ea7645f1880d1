package pbx

import (
	"encoding/json"

	"zummer/models"
	"zummer/models/phone"
)

// ContactLookup is a system's question who calls, asked while the caller waits.
type ContactLookup struct {
	Phone string // as the system wrote it
	// Answer makes the reply from what the contacts know. Never nil.
	Answer func(Card) *Reply
}

// Card is what the contacts know of a number.
type Card struct {
	Found bool   // false: nobody has the number, and all other fields are empty
	Name  string // of the client
	URL   string // of the client's page in the CRM; "": none

	ContactID   string // the CRM's id of the contact
	Responsible string // extension of the responsible at this source, as it was mapped (101, login:ivanov, …); "": none
	Manager     string // name of the responsible; "": none
}

// E164 is the number in international form; "" for what is none: an extension,
// a hidden caller. region is of numbers that carry none, area of those that have no
// area code; "": none is known.
func E164(number, region, area string) string { return phone.ParseLocal(number, region, area).E164 }

// jsonReply is a reply of 200 with v as JSON.
func jsonReply(v any) *Reply {
	body, err := json.Marshal(v)
	if err != nil { // v is built here from texts and numbers
		body = []byte("{}")
	}
	return &Reply{Status: 200, ContentType: "application/json; charset=utf-8", Body: body}
}

// textReply is a reply of 200 with plain text.
func textReply(s string) *Reply {
	return &Reply{Status: 200, ContentType: "text/plain; charset=utf-8", Body: []byte(s)}
}

// xmlReply is a reply of 200 with a document that is complete.
func xmlReply(doc string) *Reply {
	return &Reply{Status: 200, ContentType: "text/xml; charset=utf-8", Body: []byte(doc)}
}

// refused is the error of Verify: code is signature_missing, signature_wrong,
// signature_time or signature_secret, the text is for the administrator.
func refused(code, format string, args ...any) error {
	return models.Coded(models.Unauthorized, code, format, args...)
}
