// Package setup changes who and what Zummer works for: sources, users, tokens,
// extensions, groups and contacts. Every change, its audit row and (contacts
// apart) a higher config_version are committed in one transaction; then the
// snapshot that all requests read is read anew.
package setup
