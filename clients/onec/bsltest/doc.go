// Package bsltest plays 1C:Enterprise to the modules under clients/onec.
package bsltest
