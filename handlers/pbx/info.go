package pbx

// Text is what a person reads, in both languages of the product.
type Text struct {
	RU string `json:"ru"`
	EN string `json:"en"`
}

// Info describes a kind to an administrator.
type Info struct {
	Kind         string       `json:"kind"`
	Name         string       `json:"name"` // as its makers call it
	Description  Text         `json:"description"`
	Docs         string       `json:"docs"`     // path in the repository
	Secret       *Field       `json:"secret"`   // null: the kind has none
	Settings     []Field      `json:"settings"` // never null
	Capabilities Capabilities `json:"capabilities"`
}

// Field is one thing to configure.
type Field struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // string, list
	Required bool   `json:"required"`
	Help     Text   `json:"help"`
}

// Capability says whether a kind tells something.
type Capability string

// The answers. Partly is explained in the kind's document.
const (
	Yes    Capability = "yes"
	Partly Capability = "partly"
	No     Capability = "no"
)

// Capabilities is a kind's row in the table of what systems can tell.
type Capabilities struct {
	Incoming  Capability `json:"incoming"` // a call arrived, before anybody rings
	Ringing   Capability `json:"ringing"`  // who rings
	Answered  Capability `json:"answered"` // who answered
	RingEnded Capability `json:"ring_ended"`
	Missed    Capability `json:"missed"`
	Ended     Capability `json:"ended"`
	Transfer  Capability `json:"transfer"`
	Pickup    Capability `json:"pickup"`
	Queue     Capability `json:"queue"`
	Outgoing  Capability `json:"outgoing"`
	Internal  Capability `json:"internal"`
	Recording Capability `json:"recording"`
	Signed    Capability `json:"signed"` // the request can carry a signature
}
