package simulate

import (
	"strings"

	"zummer/models"
)

// person is somebody in the words of different systems. Whoever has an
// extension X also has the login X, the number X, a mobile phone and a SIP
// address made of it; somebody nameless has only what the story says.
type person struct {
	ext   string // "": has none
	login string
	id    string
	tel   string // E.164
	sip   string // user@host
}

// Addresses lists all names of whoever has extension ext in the stories, in
// the form of Event.Extension: what a test or a demonstration maps to a user.
func Addresses(ext string) []string {
	p := personOf(ext, nil)
	return []string{p.ext, "login:" + p.login, "id:" + p.id, "tel:" + p.tel, "sip:" + p.sip}
}

// who is the person of a step's event.
func who(e *models.Event) person { return personOf(e.Extension, e.Addresses) }

// personOf is who has an extension, or else those addresses.
func personOf(ext string, addresses []string) person {
	if ext != "" {
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, ext)
		return person{ext: ext, login: ext, id: ext, tel: "+7999" + ("0000000" + digits)[len(digits):], sip: ext + "@pbx.example"}
	}
	var p person
	for _, a := range addresses {
		switch kind, rest, _ := strings.Cut(a, ":"); kind {
		case "login":
			p.login = rest
		case "id":
			p.id = rest
		case "tel":
			p.tel = rest
		case "sip":
			p.sip = rest
		}
	}
	return p
}
