package models_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zummer/models"
)

const (
	someUID = "51012ccc-397d-11de-b595-00055d80a2b9"
	someRef = "b59500055d80a2b911de397d51012ccc"
)

func TestRef(t *testing.T) {
	t.Parallel()
	if got, ok := models.RefFromUID(someUID); got != someRef || !ok {
		t.Errorf("RefFromUID: got %q %v", got, ok)
	}
	if got, ok := models.UIDFromRef(someRef); got != someUID || !ok {
		t.Errorf("UIDFromRef: got %q %v", got, ok)
	}
	if got, ok := models.RefFromUID(strings.ToUpper(someUID)); got != someRef || !ok {
		t.Errorf("upper case: got %q %v", got, ok)
	}
	for _, bad := range []string{"", someUID[1:], someUID + "0", strings.Replace(someUID, "-", "0", 1), "g" + someUID[1:], someRef, strings.Repeat("я", 18)} {
		if got, ok := models.RefFromUID(bad); ok {
			t.Errorf("RefFromUID(%q) = %q", bad, got)
		}
	}
	for _, bad := range []string{"", someRef[1:], someRef + "0", "g" + someRef[1:], someUID, strings.Repeat("я", 16)} {
		if got, ok := models.UIDFromRef(bad); ok {
			t.Errorf("UIDFromRef(%q) = %q", bad, got)
		}
	}
}

func TestRefRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ref := rapid.StringMatching(`[0-9a-f]{32}`).Draw(t, "ref")
		uid, ok := models.UIDFromRef(ref)
		if !ok {
			t.Fatalf("UIDFromRef(%q) refused", ref)
		}
		if back, ok := models.RefFromUID(uid); back != ref || !ok {
			t.Fatalf("%q → %q → %q %v", ref, uid, back, ok)
		}
	})
}

// From the other side, in any case of the letters; and what is no GUID is
// refused, whatever it is, with no link.
func TestUIDRoundTrip(t *testing.T) {
	t.Parallel()
	guid := rapid.StringMatching(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
	rapid.Check(t, func(t *rapid.T) {
		uid := guid.Draw(t, "uid")
		ref, ok := models.RefFromUID(uid)
		if back, again := models.UIDFromRef(ref); !ok || !again || back != strings.ToLower(uid) {
			t.Fatalf("%q → %q %v → %q %v", uid, ref, ok, back, again)
		}
		i := rapid.IntRange(0, 35).Draw(t, "at")
		bad := uid[:i] + rapid.StringMatching(`[g-zG-Z{} а-я\x00]`).Draw(t, "letter") + uid[i+1:]
		if ref, ok := models.RefFromUID(bad); ok {
			t.Fatalf("RefFromUID(%q) = %q", bad, ref)
		}
		if link := models.NavigationLink("Документ", "Интерес", bad); link != "" {
			t.Fatalf("NavigationLink of %q = %q", bad, link)
		}
	})
}

func TestNavigationLink(t *testing.T) {
	t.Parallel()
	want := "e1cib/data/Документ.Интерес?ref=" + someRef
	for _, tc := range []struct{ typ, name, uid, want string }{
		{"Документ", "Интерес", someUID, want},
		{"", "Интерес", someUID, ""},
		{"Документ", "", someUID, ""},
		{"Документ", "Интерес", "17", ""},
	} {
		if got := models.NavigationLink(tc.typ, tc.name, tc.uid); got != tc.want {
			t.Errorf("NavigationLink(%q, %q, %q): got %q, want %q", tc.typ, tc.name, tc.uid, got, tc.want)
		}
	}
	o := &models.Object{Type: "Документ", Name: "Интерес", UID: someUID}
	o.Complete()
	if o.Link != want {
		t.Errorf("Complete: got %q", o.Link)
	}
	o.Link = "own"
	o.Complete()
	if o.Link != "own" {
		t.Error("Complete changed a link that was there")
	}
	(*models.Object)(nil).Complete()
}
