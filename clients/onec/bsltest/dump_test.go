package bsltest

import (
	"os"
	"testing"
)

func TestDump(t *testing.T) {
	root := os.Getenv("ONEC")
	if root == "" {
		t.Skip()
	}
	for _, target := range []Target{
		{Version: "8.3.22.1851", Context: ThinClient}, {Version: "8.3.6.1000", Context: ThinClient}, {Version: "8.3.15.1", Context: WebClient}, {Version: "8.3.27.1935", Context: ThinClient},
	} {
		w := New(target)
		err := w.LoadDump(root+"/managed", root+"/server", root+"/web")
		if target.Version == "8.3.22.1851" {
			w.Close()
			w = New(target)
			err = w.LoadDump(root+"/managed", root+"/server")
		}
		if target.Version == "8.3.27.1935" {
			w.Close()
			w = New(target)
			err = w.LoadDump(root+"/managed", root+"/server", root+"/fanout")
		}
		if err == nil {
			err = w.Link()
		}
		t.Logf("%v: %v", target, err)
		w.Close()
	}
}
