// Package js carries the browser client, zummer.js, for the pages of the
// program itself. The client has no Go in it.
package js

import _ "embed"

//go:embed zummer.js
var module []byte

// Module returns the text of zummer.js. It must not be changed.
func Module() []byte { return module }
