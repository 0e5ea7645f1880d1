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
	"strings"
	"sync"
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

// Pages renders the pages. Take it from New; it may be used by any number of
// goroutines.
type Pages struct {
	sets   map[string]*template.Template
	assets map[string]Asset  // by hashed name
	urls   map[string]string // by plain name
}

// New gives the pages: every caller the same ones, for the templates are parsed
// once. An error is a mistake in the program.
func New() (*Pages, error) { return pages() }

var pages = sync.OnceValues(func() (*Pages, error) {
	p := &Pages{sets: map[string]*template.Template{}, assets: map[string]Asset{}, urls: map[string]string{}}
	if err := p.readAssets(); err != nil {
		return nil, err
	}
	for name := range Types() {
		t, err := template.New(name).Funcs(template.FuncMap{"static": p.Static}).ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse template %s: %w", name, err)
		}
		p.sets[name] = t
	}
	if err := p.readDemo(); err != nil {
		return nil, err
	}
	return p, nil
})

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

// Render renders a page, name and data as Types has them: whole, or only the
// block part (a template "part-…" of the page's file) that htmx asks for.
// part "": the whole page. It writes into a buffer first: half a page is never sent.
func (p *Pages) Render(name, part string, data any) ([]byte, error) {
	set := p.sets[name]
	if set == nil {
		return nil, fmt.Errorf("no page %q", name)
	}
	block := "layout"
	if part != "" {
		block = "part-" + part
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, block, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// HasPart reports whether a page has a block that can be renewed alone.
func (p *Pages) HasPart(name, part string) bool {
	set := p.sets[name]
	return set != nil && set.Lookup("part-"+part) != nil
}
