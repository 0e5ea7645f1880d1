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
	Settings     []Field      `json:"settings"` // never null; CommonSettings come on top
	Networks     []string     `json:"networks"` // where its maker says requests come from; may be null
	Capabilities Capabilities `json:"capabilities"`
	// SilentEnd: the system does not always tell the end of a call that nobody
	// answered. Such a call counts as ended when all phones have stopped ringing
	// and nothing was heard for 90 s.
	SilentEnd bool `json:"silent_end"`
	// SilentUnless is the setting that makes the system tell all ends: a source
	// that has it is not guessed about. "": there is none.
	SilentUnless string `json:"silent_unless,omitempty"`
}

// Field is one thing to configure.
type Field struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // string, list, secret (written, never read back)
	Required bool   `json:"required"`
	Help     Text   `json:"help"`

	// Place: it says where our own requests go. Secrets that are only kept do
	// not move along with it.
	Place bool `json:"-"`
	// Sent, of Info.Secret: our own requests carry it or are signed with it.
	// Settings of type secret always count as sent.
	Sent bool `json:"-"`
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
	Recording Capability `json:"recording"` // it says where a recording is, and it can be fetched
	Lookup    Capability `json:"lookup"`    // it asks who calls and shows the answer
	Signed    Capability `json:"signed"`    // its requests carry a signature or a token that we check
	Replay    Capability `json:"replay"`    // an old request cannot be sent again by somebody who has seen it
	Employees Capability `json:"employees"` // it can list its people (EmployeeLister)
	Dial      Capability `json:"dial"`      // it places calls on command (Dialer)
}
