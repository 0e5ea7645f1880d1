package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"path"

	"zummer/clients/js"
)

//go:embed demo
var demoFiles embed.FS

// DemoPage is the sample CRM of `zummer demo`: a page of its own, that shares
// nothing with the administrator's.
type DemoPage struct {
	Lang    Lang
	Version string // of the program
	Other   string // address of this page in the other language
	D       DemoWords
	Users   []DemoUser
	Ring    string // a curl line that rings; "": none
	Hook    string // path of the hook that the page's own call goes to; "": no such button
}

// DemoUser is somebody to play. The token is shown to the page's script: the
// demonstration's database is thrown away when it ends.
type DemoUser struct {
	Login, Name, Token string
	Extension          string // "": none
}

// Kinds are the kinds of notifications in words, as JSON for the page's script.
func (d DemoPage) Kinds() (string, error) {
	words := map[string]string{}
	for kind := range kinds() {
		words[kind] = KindIn(d.Lang, kind)
	}
	text, err := json.Marshal(words)
	return string(text), err
}

func (p *Pages) readDemo() error {
	t, err := template.New("demo").Funcs(template.FuncMap{"static": p.Static}).ParseFS(demoFiles, "demo/crm.html")
	if err != nil {
		return fmt.Errorf("parse template demo: %w", err)
	}
	p.sets["demo"] = t
	return nil
}

// Demo renders the sample CRM.
func (p *Pages) Demo(d DemoPage) ([]byte, error) {
	d.D = DemoWordsOf(d.Lang)
	var b bytes.Buffer
	if err := p.sets["demo"].ExecuteTemplate(&b, "crm", d); err != nil {
		return nil, fmt.Errorf("render the demonstration: %w", err)
	}
	return b.Bytes(), nil
}

// DemoAsset is a file of the sample CRM under its plain name, which the
// modules of the page call each other by; zummer.js is the client itself.
func (p *Pages) DemoAsset(name string) (Asset, bool) {
	if name == "zummer.js" {
		return Asset{Type: contentType(".js"), Body: js.Module()}, true
	}
	ext := path.Ext(name)
	body, err := demoFiles.ReadFile("demo/" + name)
	if err != nil || ext != ".js" && ext != ".css" {
		return Asset{}, false
	}
	return Asset{Type: contentType(ext), Body: body}, true
}
