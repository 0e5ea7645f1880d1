// Package setup changes who and what Zummer works for: sources, users, tokens,
// extensions, groups and contacts. Every change, its audit row and (contacts
// apart) a higher config_version are committed in one transaction; then the
// snapshot that all requests read is read anew.
//
// A change first raises config_version, which locks out every other change,
// then reads the whole set-up, decides in plain Go and writes rows. What turns
// out to change nothing is rolled back: no audit row, no new version.
package setup
