package models

import "strings"

// RefFromUID turns a GUID (aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee) into the 32
// hex digits that 1C writes after ref= in a navigation link, where the parts
// stand as dddd eeeeeeeeeeee cccc bbbb aaaaaaaa. ok is false when uid is no
// GUID. Letters become lower case.
func RefFromUID(uid string) (ref string, ok bool) {
	if len(uid) != 36 || uid[8] != '-' || uid[13] != '-' || uid[18] != '-' || uid[23] != '-' {
		return "", false
	}
	ref = strings.ToLower(uid[19:23] + uid[24:36] + uid[14:18] + uid[9:13] + uid[0:8])
	return ref, isHex(ref)
}

// UIDFromRef is the inverse of RefFromUID.
func UIDFromRef(ref string) (uid string, ok bool) {
	if len(ref) != 32 || !isHex(ref) {
		return "", false
	}
	ref = strings.ToLower(ref)
	return ref[24:32] + "-" + ref[20:24] + "-" + ref[16:20] + "-" + ref[0:4] + "-" + ref[4:16], true
}

// NavigationLink is 1C's link to an object, e.g.
// e1cib/data/Документ.Интерес?ref=b59500055d80a2b911de397d51012ccc. It is ""
// unless typ, name and a GUID are there.
func NavigationLink(typ, name, uid string) string {
	ref, ok := RefFromUID(uid)
	if !ok || typ == "" || name == "" {
		return ""
	}
	return "e1cib/data/" + typ + "." + name + "?ref=" + ref
}

func isHex(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
