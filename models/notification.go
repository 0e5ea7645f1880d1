package models

import (
	"strconv"
	"time"
)

// Action is what a client shall do with a row. Other words pass through and
// are treated as show by clients.
type Action string

// The actions of contract §4.1.
const (
	ActionOpen     Action = "open"      // the object
	ActionCreate   Action = "create"    // the wizard for client and phone
	ActionChoose   Action = "choose"    // among candidates
	ActionResolve  Action = "resolve"   // the client looks the object up itself
	ActionIndicate Action = "indicate"  // a light sign, no form
	ActionShow     Action = "show"      // a card
	ActionCallBack Action = "call_back" // a card with a number to call
	ActionNone     Action = "none"      // a closing state: take the toast away
)

// Opens reports whether the action opens a form by itself.
func (a Action) Opens() bool {
	return a == ActionOpen || a == ActionCreate || a == ActionChoose || a == ActionResolve
}

// Kinds of notifications that the built-in rules make.
const (
	KindRinging     = "call.ringing"
	KindAnswered    = "call.answered"
	KindOutgoing    = "call.outgoing"
	KindElsewhere   = "call.answered_elsewhere"
	KindRingEnded   = "call.ring_ended"
	KindTransferred = "call.transferred"
	KindEnded       = "call.ended"
	KindMissed      = "call.missed"
	KindDigest      = "digest"
)

// Object is a thing in the CRM that a client can open.
type Object struct {
	Type  string `json:"type,omitempty"` // Документ, Справочник, …
	Name  string `json:"name,omitempty"` // Интерес, Контрагенты, …
	UID   string `json:"uid,omitempty"`
	Title string `json:"title,omitempty"`
	Link  string `json:"link,omitempty"` // e1cib/…; made from the other fields when empty
	URL   string `json:"url,omitempty"`
	App   string `json:"app,omitempty"` // the infobase it lives in
}

// Complete fills in the navigation link where it can be made.
func (o *Object) Complete() {
	if o != nil && o.Link == "" {
		o.Link = NavigationLink(o.Type, o.Name, o.UID)
	}
}

// CallInfo is what a row says of its call, fixed per revision.
type CallInfo struct {
	ID             int64     `json:"id"`
	State          CallState `json:"state"`
	Direction      Direction `json:"direction"`
	Extension      string    `json:"extension,omitempty"`
	DID            string    `json:"did,omitempty"`
	AnsweredBy     string    `json:"answered_by,omitempty"`
	AnsweredByName string    `json:"answered_by_name,omitempty"`
	StartedAt      time.Time `json:"started_at"`
	AnsweredAt     time.Time `json:"answered_at,omitzero"`
	EndedAt        time.Time `json:"ended_at,omitzero"`
	TalkS          *int      `json:"talk_s,omitempty"`
}

// Payload is the part of a notification that clients see and the database
// keeps as one JSON document.
type Payload struct {
	Title      string         `json:"title,omitempty"`
	Text       string         `json:"text,omitempty"`
	Phone      string         `json:"phone,omitempty"`
	Name       string         `json:"name,omitempty"`
	App        string         `json:"app,omitempty"`
	Object     *Object        `json:"object,omitempty"`
	Client     *Object        `json:"client,omitempty"`
	Candidates []Object       `json:"candidates,omitempty"`
	Call       *CallInfo      `json:"call,omitempty"`
	Data       map[string]any `json:"data,omitempty"`
}

// Notification is one row of the register.
type Notification struct {
	ID          int64
	UserID      int64
	Rev         int
	Version     int64 // the inbox version of its last revision
	Follows     int64 // the row of the same call that was settled before; 0: none
	CollapseKey string
	Kind        string
	Action      Action
	CallID      int64 // 0: none
	SourceID    int64 // 0: published
	Rule        string
	Reason      string // why it was made, in words for the administrator
	Session     string // the only one that shall open it, or that claimed it; "": none yet, or it is for all
	Shared      bool   // of an opening action: for all sessions
	Payload     Payload
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ExpiresAt   time.Time

	RulesVersion int64 // of the rules that made it; 0: the built-in ones, or none
	// Leased is until when Session holds the row; zero: nobody does. Without a
	// Session the row is on offer until then and becomes a card. It is no part
	// of the body: holding on makes no new version.
	Leased time.Time `json:"-"`
}

// ForOne reports whether one session alone shall act on the row: it opens a
// form, and not everybody's.
func (n *Notification) ForOne() bool { return n.Action.Opens() && !n.Shared }

// Calm reports whether no session has anything to do about the row alone.
func (n *Notification) Calm() bool { return !n.ForOne() && n.Session == "" }

// Live reports whether the row is of a call that rings or talks: such rows
// come first in a set.
func (n *Notification) Live() bool {
	return n.Payload.Call != nil && n.Payload.Call.State != Ended && n.Action != ActionNone
}

// App is the infobase that the row belongs to: its own, else its object's; "":
// none.
func (n *Notification) App() string {
	if n.Payload.App == "" && n.Payload.Object != nil {
		return n.Payload.Object.App
	}
	return n.Payload.App
}

// Draft is a change of one user's set that a rule or a publisher wants; the
// inbox turns it into a row under the user's inbox lock.
type Draft struct {
	UserID       int64
	CollapseKey  string // "" makes a row of its own
	Mode         DraftMode
	Kind         string
	Action       Action
	CallID       int64
	SourceID     int64
	LegKey       string // the leg whose Row shall be set, with LegN
	LegN         int
	Follows      int64 // the leg's earlier row, told when a new row is made
	Rule         string
	Reason       string
	Payload      Payload
	TTL          time.Duration
	Shared       bool // of an opening action: for all sessions
	RulesVersion int64
	Template     string // of Attempts: a rule's text with {attempts} in it; "": the usual one
	// TitleTemplate is Template for the title.
	TitleTemplate string
	LegCall       int64  // the call of that leg; 0: CallID
	To            string // of Move: the new collapse key
	Attempts      bool   // count calls in Payload.Data["attempts"] when the row is revised by another call; the newest is told
	// NotAfter spares, of Remove, a row that tells of another call than CallID
	// which began later; zero: none.
	NotAfter time.Time
}

// DraftMode says what a Draft does.
type DraftMode int

// The modes.
const (
	Upsert     DraftMode = iota // make the row, or revise the pending one of the same collapse key
	ReviseOnly                  // revise the pending row, if there is one
	Remove                      // take the pending row out, if there is one
	Move                        // let the pending row, as it is, go on under the key To; of two rows the one that opens stays
)

// Inbox is one user's counter of versions.
type Inbox struct {
	UserID     int64
	Epoch      string
	Version    int64
	Pending    int
	NextExpiry time.Time // earliest ExpiresAt or Leased of the rows, or before it; zero: no rows
}

// VersionText is the opaque text that names one body of a pending set.
func (i Inbox) VersionText() string { return i.Epoch + "." + strconv.FormatInt(i.Version, 10) }

// Step is one entry of the timeline: a change of a set, or why there was none.
type Step struct {
	ID             int64
	UserID         int64
	NotificationID int64 // 0: nothing was made
	Rev            int
	CollapseKey    string
	Version        int64 // of the inbox after the step
	What           string
	Kind           string
	Action         Action
	CallID         int64
	WebhookID      int64
	SourceID       int64
	Rule           string
	Reason         string
	Session        string
	Detail         string
	RulesVersion   int64
	Payload        *Payload // the body of that revision, for the history; nil: unchanged
	At             time.Time
	After          time.Duration // of StepDelivered: since the revision was made; Detail is the client
}

// What a Step can say.
const (
	StepStored    = "stored"
	StepRevised   = "revised"
	StepProcessed = "processed" // acknowledged
	StepExpired   = "expired"
	StepRemoved   = "removed"  // by a rule (a later conversation) or a transfer
	StepFolded    = "folded"   // into the digest
	StepClaimed   = "claimed"  // a session took it; the revision stays
	StepPassed    = "passed"   // to another session, or to none: under a new revision
	StepRequeued  = "requeued" // by an administrator
	StepReassign  = "reassigned"
	StepUnrouted  = "unrouted"  // nobody owns the extension
	StepNothing   = "nothing"   // a rule decided so
	StepAsked     = "asked"     // the CRM is asked who calls
	StepDelivered = "delivered" // an answer carried the revision to a client
	StepTaken     = "taken"     // of several people who had it
	StepDeputy    = "deputy"    // another one stands in for who is away
)
