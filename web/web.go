// Package web holds the pages: templates, the data type of each, the words in
// Russian and English, and the static files. It knows no HTTP; handlers asks
// for a page's bytes and writes them. Everything is embedded, nothing is
// fetched from elsewhere, and no page has a script or style of its own inside.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// Asset is one static file under its hashed name: it never changes, so it may
// be kept for ever.
type Asset struct {
	Type string // Content-Type
	Body []byte
}

// Pages renders the pages. Make it with New; it may be used by any number of
// goroutines.
type Pages struct {
	sets   map[string]*template.Template
	assets map[string]Asset  // by hashed name
	urls   map[string]string // by plain name
}

// New parses the templates. An error is a mistake in the program.
func New() (*Pages, error) {
	p := &Pages{sets: map[string]*template.Template{}, assets: map[string]Asset{}, urls: map[string]string{}}
	if err := p.readAssets(); err != nil {
		return nil, err
	}
	for _, name := range []string{"admin", "timeline", "error"} {
		t, err := template.New(name).Funcs(template.FuncMap{"static": p.Static}).ParseFS(templateFiles, "templates/base.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse template %s: %w", name, err)
		}
		p.sets[name] = t
	}
	if err := p.readDemo(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Pages) readAssets() error {
	files, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return fmt.Errorf("list static files: %w", err)
	}
	for _, f := range files {
		body, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			return fmt.Errorf("read static file: %w", err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(f.Name())
		hashed := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		p.assets[hashed] = Asset{Type: contentType(ext), Body: body}
		p.urls[f.Name()] = "/static/" + hashed
	}
	return nil
}

func contentType(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

// Static is the address of a static file; an unknown one is an error, so that
// a page with a dead link does not render.
func (p *Pages) Static(name string) (string, error) {
	if u, ok := p.urls[name]; ok {
		return u, nil
	}
	return "", fmt.Errorf("no static file %q", name)
}

// Asset finds a static file by its hashed name.
func (p *Pages) Asset(hashed string) (Asset, bool) {
	a, ok := p.assets[hashed]
	return a, ok
}

// Admin renders the administrator's page.
func (p *Pages) Admin(d AdminPage) ([]byte, error) { return p.render("admin", "base", d) }

// Timeline renders what happened to one notification.
func (p *Pages) Timeline(d TimelinePage) ([]byte, error) {
	d.Steps = slices.Clone(d.Steps)
	for i := range d.Steps {
		d.Steps[i].Why = WhyIn(d.Lang, d.Steps[i].Why)
	}
	return p.render("timeline", "base", d)
}

// Error renders an error.
func (p *Pages) Error(d ErrorPage) ([]byte, error) { return p.render("error", "base", d) }

// Row renders one row of the lists of the administrator's page with the same
// template as the page itself.
func (p *Pages) Row(row any) (string, error) {
	var name string
	switch row.(type) {
	case PendingRow:
		name = "pending-row"
	case UnroutedRow:
		name = "unrouted-row"
	case WebhookRow:
		name = "webhook-row"
	case RefusedRow:
		name = "refused-row"
	default:
		return "", fmt.Errorf("no template for a row %T", row)
	}
	b, err := p.render("admin", name, row)
	return string(b), err
}

// render writes into a buffer first: half a page is never sent.
func (p *Pages) render(set, name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := p.sets[set].ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", set, err)
	}
	return b.Bytes(), nil
}
