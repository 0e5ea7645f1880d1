package bsltest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// LoadDump loads the modules of an extension as the Configurator dumps it:
// common modules with the flags of their XML, forms with their attributes,
// commands, the application's module, information registers. Of several
// folders the later ones replace what has the same name: the managed set, then
// the server's, then what the web client has instead. Common modules that the
// last Configuration.xml does not list are not loaded. Every refusal of the
// texts is in the error.
func (w *World) LoadDump(folders ...string) error {
	found := map[string]string{} // path inside the dump → file
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(file string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			inside, err := filepath.Rel(folder, file)
			found[filepath.ToSlash(inside)] = file
			return err
		})
		if err != nil {
			return err
		}
	}
	paths := make([]string, 0, len(found))
	for p := range found {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	listed, err := listedModules(found["Configuration.xml"])
	if err != nil {
		return err
	}
	var all Errors
	for _, p := range paths {
		if part := strings.Split(p, "/"); part[0] == "CommonModules" && len(listed) > 0 && !listed[strings.TrimSuffix(part[1], ".xml")] {
			continue
		}
		err := w.loadDumped(found, p)
		if refused := (Errors)(nil); errors.As(err, &refused) {
			all = append(all, refused...)
		} else if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	if len(all) > 0 {
		return all
	}
	return nil
}

// listedModules are the common modules that a Configuration.xml lists.
func listedModules(file string) (map[string]bool, error) {
	if file == "" {
		return nil, nil
	}
	var x struct {
		Modules []string `xml:"Configuration>ChildObjects>CommonModule"`
	}
	if err := readXML(file, &x); err != nil {
		return nil, err
	}
	listed := map[string]bool{}
	for _, m := range x.Modules {
		listed[m] = true
	}
	return listed, nil
}

func (w *World) loadDumped(found map[string]string, p string) error {
	part := strings.Split(p, "/")
	switch {
	case part[0] == "CommonModules" && strings.HasSuffix(p, "/Ext/Module.bsl"):
		var x commonModuleXML
		if err := readXML(found["CommonModules/"+part[1]+".xml"], &x); err != nil {
			return err
		}
		return w.Load(Module{Name: part[1], Kind: CommonModule, File: found[p], Flags: x.flags()})
	case p == "Ext/ManagedApplicationModule.bsl", p == "Ext/OrdinaryApplicationModule.bsl":
		return w.loadApp(p, found[p])
	case part[0] == "CommonForms" && strings.HasSuffix(p, "/Ext/Form/Module.bsl"):
		name := "ОбщаяФорма." + part[1]
		if err := w.formXML(name, found["CommonForms/"+part[1]+"/Ext/Form.xml"]); err != nil {
			return err
		}
		return w.Load(Module{Name: name, Kind: FormModule, File: found[p]})
	case part[0] == "CommonCommands" && strings.HasSuffix(p, "/Ext/CommandModule.bsl"):
		return w.Load(Module{Name: "ОбщаяКоманда." + part[1], Kind: FormModule, File: found[p]})
	case part[0] == "ScheduledJobs" && len(part) == 2:
		var x jobXML
		if err := readXML(found[p], &x); err != nil {
			return err
		}
		w.ScheduledJob(x.P.Name, strings.TrimPrefix(x.P.MethodName, "CommonModule."))
	case part[0] == "InformationRegisters" && len(part) == 2:
		var x registerXML
		if err := readXML(found[p], &x); err != nil {
			return err
		}
		w.declareRegister(x)
	}
	return nil
}

// loadApp loads an extension's application module over an empty one, unless
// the test has loaded one before.
func (w *World) loadApp(p, file string) error {
	kind := ManagedAppModule
	if strings.Contains(p, "Ordinary") {
		kind = OrdinaryAppModule
	}
	if kind == ManagedAppModule == w.Target.ordinary() {
		return nil
	}
	if w.byName["\x00app"] == nil {
		if err := w.Load(Module{Name: "МодульПриложения", Kind: kind}); err != nil {
			return err
		}
	}
	return w.Load(Module{Name: "МодульПриложенияРасширения", Kind: kind, File: file, Extends: true})
}

func readXML(file string, into any) error {
	if file == "" {
		return fmt.Errorf("no XML beside the module")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return xml.Unmarshal(data, into)
}

type commonModuleXML struct {
	P struct {
		Global                    bool
		ClientManagedApplication  bool
		Server                    bool
		ExternalConnection        bool
		ClientOrdinaryApplication bool
		ServerCall                bool
		Privileged                bool
		ReturnValuesReuse         string
	} `xml:"CommonModule>Properties"`
}

func (x commonModuleXML) flags() Flags {
	return Flags{ClientManaged: x.P.ClientManagedApplication, ClientOrdinary: x.P.ClientOrdinaryApplication, Server: x.P.Server,
		ExternalConnection: x.P.ExternalConnection, ServerCall: x.P.ServerCall, Global: x.P.Global, Privileged: x.P.Privileged,
		Cached: x.P.ReturnValuesReuse != "" && x.P.ReturnValuesReuse != "DontUse"}
}

type fieldXML struct {
	P struct {
		Name string
		Type struct {
			Type []string
		}
	} `xml:"Properties"`
}

type registerXML struct {
	R struct {
		Name       string     `xml:"Properties>Name"`
		Dimensions []fieldXML `xml:"ChildObjects>Dimension"`
		Resources  []fieldXML `xml:"ChildObjects>Resource"`
		Attributes []fieldXML `xml:"ChildObjects>Attribute"`
	} `xml:"InformationRegister"`
}

func (w *World) declareRegister(x registerXML) {
	if w.Meta.Find("РегистрСведений."+x.R.Name) != nil {
		return
	}
	var dims, rest []string
	defaults := map[string]any{}
	for _, f := range x.R.Dimensions {
		dims = append(dims, f.P.Name)
		defaults[f.P.Name] = initial(f.P.Type.Type)
	}
	for _, f := range append(x.R.Resources, x.R.Attributes...) {
		rest = append(rest, f.P.Name)
		defaults[f.P.Name] = initial(f.P.Type.Type)
	}
	w.Meta.Register(x.R.Name, dims, rest).Initial(defaults).Guarded = true
}

// initial is the value of a field of one type before anything is written to
// it; of several types it is Неопределено.
func initial(types []string) any {
	if len(types) != 1 {
		return nil
	}
	_, name, _ := strings.Cut(types[0], ":")
	switch name {
	case "string":
		return ""
	case "decimal":
		return 0
	case "boolean":
		return false
	case "dateTime":
		return emptyDate()
	}
	return nil
}

type formXML struct {
	Attributes []struct {
		Name string   `xml:"name,attr"`
		Type []string `xml:"Type>Type"`
	} `xml:"Attributes>Attribute"`
	Parameters []struct {
		Name string   `xml:"name,attr"`
		Type []string `xml:"Type>Type"`
	} `xml:"Parameters>Parameter"`
}

func (w *World) formXML(name, file string) error {
	var x formXML
	if err := readXML(file, &x); err != nil {
		return err
	}
	attrs, params := map[string]any{}, map[string]any{}
	for _, a := range x.Attributes {
		attrs[a.Name] = initial(a.Type)
	}
	for _, p := range x.Parameters {
		params[p.Name] = initial(p.Type)
	}
	w.DeclareForm(name, attrs, params)
	items, err := formElements(file)
	w.forms[fold(name)].items = items
	return err
}

// formElements are the names of a form's elements, lower-case.
func formElements(file string) (map[string]bool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	names, inside := map[string]bool{}, 0
	for d := xml.NewDecoder(strings.NewReader(string(data))); ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "ChildItems", "AutoCommandBar":
				inside++
			}
			for _, a := range t.Attr {
				if a.Name.Local == "name" && inside > 0 {
					names[fold(a.Value)] = true
				}
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "ChildItems", "AutoCommandBar":
				inside--
			}
		}
	}
}
