// Package docs holds the guides that the administrator's pages show: what to
// enter where for each kind of PBX, with the files that they refer to. They are
// the same as people read in the repository.
package docs

import "embed"

// PBX has the guides under pbx/.
//
//go:embed pbx
var PBX embed.FS
