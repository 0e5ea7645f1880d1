package zummer

import (
	"context"
	"net/http"
	"time"
)

// SourceInput is what is set of a source. Kind, secret and settings that a Put
// does not name stay as they are.
type SourceInput struct {
	Kind      string         `json:"kind,omitempty"`
	Name      string         `json:"name,omitempty"`
	Secret    string         `json:"secret,omitempty"` // never read back
	Timezone  string         `json:"timezone,omitempty"`
	Region    string         `json:"region,omitempty"`
	Group     string         `json:"group,omitempty"`
	LineGroup string         `json:"line_group,omitempty"`
	LineRank  int            `json:"line_rank,omitempty"`
	Outgoing  *bool          `json:"outgoing,omitempty"`
	Active    *bool          `json:"active,omitempty"`
	Settings  map[string]any `json:"settings,omitempty"`
}

// Source is one configured connection to a PBX or another sender.
type Source struct {
	Slug      string         `json:"slug"`
	Kind      string         `json:"kind"`
	Name      string         `json:"name"`
	HookURL   string         `json:"hook_url"` // the address is a secret
	HasSecret bool           `json:"has_secret"`
	Timezone  string         `json:"timezone"`
	Region    string         `json:"region"`
	Group     string         `json:"group"`
	LineGroup string         `json:"line_group"`
	LineRank  int            `json:"line_rank"`
	Outgoing  bool           `json:"outgoing"`
	Active    bool           `json:"active"`
	Settings  map[string]any `json:"settings"`
	Rotating  bool           `json:"rotating"` // the address before the last rotation is still valid
	CreatedAt time.Time      `json:"created_at"`
}

// PutSource creates or replaces a source. Its address stays.
func (a Admin) PutSource(ctx context.Context, slug string, in SourceInput) (Source, error) {
	return one[Source](ctx, a.c, http.MethodPut, at("sources", slug), in)
}

// Source is one source.
func (a Admin) Source(ctx context.Context, slug string) (Source, error) {
	return one[Source](ctx, a.c, http.MethodGet, at("sources", slug), nil)
}

// Sources are all sources.
func (a Admin) Sources(ctx context.Context) ([]Source, error) {
	return whole[Source](ctx, a.c, at("sources"))
}

// DeleteSource removes a source; its hook answers 404 from now on.
func (a Admin) DeleteSource(ctx context.Context, slug string) error {
	return a.gone(ctx, at("sources", slug))
}

// RotateSource gives a source a new address; the one before stays valid until
// the next rotation. It is asked once: two would end the present address.
func (a Admin) RotateSource(ctx context.Context, slug string) (Source, error) {
	var out Source
	err := a.c.call(ctx, http.MethodPost, at("sources", slug, "rotate"), nil, &out)
	return out, err
}

// SourceKind is a kind of source, with what its secret and settings hold.
type SourceKind struct {
	Kind     string       `json:"kind"`
	Name     string       `json:"name"`
	Docs     string       `json:"docs"`
	Secret   *KindField   `json:"secret"`
	Settings []*KindField `json:"settings"`
}

// KindField is one setting of a kind.
type KindField struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Required bool              `json:"required"`
	Help     map[string]string `json:"help"` // by language: ru, en
}

// SourceKinds are the kinds that the service knows.
func (a Admin) SourceKinds(ctx context.Context) ([]SourceKind, error) {
	return whole[SourceKind](ctx, a.c, at("source-kinds"))
}

// Employee is one of the people that a PBX lists.
type Employee struct {
	Name      string   `json:"name"`
	Email     string   `json:"email"`
	Addresses []string `json:"addresses"` // as events name the phone
	Mapped    string   `json:"mapped"`    // login of the user whose it is; "": nobody's
	Matches   string   `json:"matches"`   // login of the user whom it probably is
}

// Employees asks the PBX for its people. Errors: Error with code cannot_list
// where it cannot.
func (a Admin) Employees(ctx context.Context, slug string) ([]Employee, error) {
	return whole[Employee](ctx, a.c, at("sources", slug, "employees"))
}
